// SPDX-License-Identifier: MIT
// A graph compiled for one OpenCL device: its program, and the weights that all requests share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/gpu/opencl_api.h"
#include "engine/backends/gpu/program.h"
#include "engine/backends/gpu/program_builder.h"

namespace facet::gpu {

// Invariants: nothing changes once compiled. Thread-safe.
class GpuModel final : public CompiledModel {
  public:
    // Precisions: fp32, and fp16, which stores halves and computes in float. On a device that is
    // no processor, tiles are tuned first.
    [[nodiscard]] static Result<std::shared_ptr<CompiledModel>> compile(
        const opencl::DeviceInfo& device, const std::string& name,
        std::shared_ptr<const Graph> graph, const CompileOptions& options);
    // With these tiles: one for all GEMMs and batch sizes, or a table.
    struct Tiles {
        std::optional<size_t> only = {};
        TileTable table = {};
        std::string matrix_functions = {};  // see matrix_unit.h
    };
    [[nodiscard]] static Result<std::shared_ptr<CompiledModel>> compile_with(
        const opencl::DeviceInfo& device, const std::string& name,
        std::shared_ptr<const Graph> graph, const CompileOptions& options, Tiles tiles);
    [[nodiscard]] static Target target_of(const opencl::DeviceInfo& device,
                                          const CompileOptions& options);

    [[nodiscard]] const std::vector<Port>& inputs() const override { return inputs_; }
    [[nodiscard]] const std::vector<Port>& outputs() const override { return outputs_; }
    [[nodiscard]] int max_batch() const override { return max_batch_; }
    [[nodiscard]] Result<std::unique_ptr<InferRequest>> create_request(int /*threads*/) override;
    [[nodiscard]] std::optional<size_t> working_bytes(int rows) override;
    // Names every node that runs on the CPU, and why.
    [[nodiscard]] std::string description() const override;

    [[nodiscard]] const std::string& device_name() const { return name_; }
    [[nodiscard]] const Graph& graph() const { return *graph_; }
    [[nodiscard]] const Program& program() const { return *program_; }
    [[nodiscard]] const opencl::ContextPtr& context() const { return context_; }
    // Nothing where the program has no kernels.
    [[nodiscard]] const std::optional<opencl::Program>& binary() const { return binary_; }
    [[nodiscard]] const opencl::Buffer& constant(size_t index) const { return constants_[index]; }
    [[nodiscard]] Storage storage() const { return storage_; }

  private:
    GpuModel(std::string name, opencl::ContextPtr context, std::shared_ptr<const Graph> graph,
             const CompileOptions& options);
    [[nodiscard]] Result<void> build(const Target& target);
    [[nodiscard]] Result<void> upload_constants();
    [[nodiscard]] Result<void> enqueue_constants(opencl::Queue& queue);

    const std::string name_;
    const opencl::ContextPtr context_;
    const std::shared_ptr<const Graph> graph_;
    const int max_batch_;
    const Storage storage_;
    std::vector<Port> inputs_, outputs_;
    std::vector<std::string> notes_;  // of tuning
    std::shared_ptr<const Program> program_;
    std::optional<opencl::Program> binary_;
    std::vector<opencl::Buffer> constants_;
};

}  // namespace facet::gpu
