// SPDX-License-Identifier: MIT
// What a device does for Facet: say which nodes it takes, compile a graph, run n rows.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/precision.h"
#include "engine/base/result.h"
#include "engine/base/tensor.h"
#include "engine/graph/graph.h"

namespace facet {

struct CompileOptions {
    int max_batch = 1;  // >= 1; above 1 the graph must be batchable (batchability.h)
    int threads = 0;    // that one request may use; 0: all the machine has
    // One the device lacks: kUnsupported, naming those it has.
    Precision precision = Precision::kAuto;
};

// What one step of an inference took. Nodes computed together are one step.
struct StepProfile {
    std::string name;                // of the node that leads the step
    std::string kind;                // the leading node's op, e.g. "Convolution"
    std::vector<std::string> fused;  // further nodes computed in the same step, in order
    std::string implementation;      // the device's own name for the kernel
    std::string layout;              // of the step's output, e.g. "nChw16c f32"
    std::string device;              // "CPU"; differs from step to step where a graph is divided
    std::vector<size_t> inputs;      // indices of earlier steps whose outputs it reads
    double seconds = 0;              // this run's
    double flop = 0;                 // multiplications and additions, for all rows; 0: not counted
};

// An input or output of a compiled model. `row_shape` is the shape for a batch of one; a batch of n
// is row_shape.scaled(n), rows contiguous.
struct Port {
    std::string name;
    DataType type = DataType::kF32;
    Shape row_shape;
};

// One inference under way at a time, with buffers of its own for up to max_batch rows. Use: write
// rows [0, n) of every input, infer(n), read rows [0, n) of every output. Thread-bound: one thread
// at a time; different requests of one model run in parallel.
class InferRequest {
  public:
    virtual ~InferRequest() = default;
    // [max_batch rows]; the same memory for the request's whole life.
    [[nodiscard]] virtual MutableTensorView input(size_t port) = 0;
    [[nodiscard]] virtual TensorView output(size_t port) const = 0;
    // 1 <= rows <= max_batch, else kInvalidArgument stating the range. Row i of the result depends
    // on row i of the inputs alone. No padding: the work is that of `rows` rows.
    [[nodiscard]] virtual Result<void> infer(int rows) = 0;
    // As infer(), timing each step; for tools, not for the hot path. Steps are in execution order.
    [[nodiscard]] virtual Result<std::vector<StepProfile>> profile(int /*rows*/) {
        return Error{ErrorCode::kUnsupported, "this device does not time its steps"};
    }
};

// Thread-safe. Weights are shared by every request and every batch size. Must outlive its requests
// (which hold a shared_ptr to it).
class CompiledModel : public std::enable_shared_from_this<CompiledModel> {
  public:
    virtual ~CompiledModel() = default;
    [[nodiscard]] virtual const std::vector<Port>& inputs() const = 0;
    [[nodiscard]] virtual const std::vector<Port>& outputs() const = 0;
    [[nodiscard]] virtual int max_batch() const = 0;
    // That a request may use; 0 where the device shares out its own work.
    [[nodiscard]] virtual int threads() const { return 0; }
    // `threads`: the most this request uses, of threads(); 0: all of them.
    [[nodiscard]] virtual Result<std::unique_ptr<InferRequest>> create_request(int threads = 0) = 0;
    // Bytes that one request needs for `rows` rows beside its inputs and outputs; nothing where the
    // device does not plan ahead, or not for so many rows.
    [[nodiscard]] virtual std::optional<size_t> working_bytes(int /*rows*/) { return {}; }
    // One line for INFO: what runs where, e.g. "oneDNN 2.6.3 avx512_core_vnni, 2 threads, 37
    // steps".
    [[nodiscard]] virtual std::string description() const = 0;
};

// A device. Stateless and thread-safe.
class Backend {
  public:
    virtual ~Backend() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;  // "CPU", "REFERENCE"
    // Bytes of the device's own memory that can be had; nothing where it has none, as the CPU, or
    // does not tell.
    [[nodiscard]] virtual std::optional<uint64_t> free_memory() const { return {}; }
    // Ok, or the reason why `node` of the prepared `graph` cannot run here, in words.
    [[nodiscard]] virtual Result<void> supports(const Graph& graph, const Node& node) const = 0;
    // `graph` is prepared and analysed for batchability. Errors name every node not supported.
    [[nodiscard]] virtual Result<std::shared_ptr<CompiledModel>> compile(
        std::shared_ptr<const Graph> graph, const CompileOptions& options) const = 0;
};

}  // namespace facet
