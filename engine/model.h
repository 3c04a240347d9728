// SPDX-License-Identifier: MIT
// Model: a model file as a function of tensors. Requests hold rows, run as many as they are told,
// and several run at a time; or each holds one row, and those that are under way together run as a
// batch without their callers' doing.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/image_size.h"
#include "engine/base/precision.h"
#include "engine/base/result.h"
#include "engine/base/tensor.h"

namespace facet {

// What is wanted most of a model whose other options leave a choice.
enum class PerformanceHint {
    kNone,
    kLatency,     // of one request: all threads for it, no automatic batching
    kThroughput,  // on a GPU: automatic batching; on a CPU: a thread for each of many requests
};

struct ModelOptions {
    // "CPU", "REFERENCE", "AUTO", ...; "BATCH:CPU", "BATCH:CPU(8)": automatic batching on it, in
    // batches of up to 8, or of as many as pay (16), fit the memory and may come (num_requests).
    std::string device = "CPU";
    int max_batch = 0;  // rows of a request, 1..2048; 0: the largest profile, or 1
    // False: every inference runs max_batch rows, and set_batch() takes no other number.
    bool dynamic_batching = true;
    // Sizes that are made ready at load, 1 to 100 of them, ascending, each 1..2048. A batch between
    // two runs as the cheapest, by measured costs, of: padded to the next, split over several, or
    // at its own size. Empty: every size runs as it is.
    std::vector<int> batch_profiles;
    bool strict_profiles = false;  // a batch that is no profile is refused
    // Sizes, 1 to 100 of them, that the model's image input is compiled for; not with
    // batch_profiles. The model's file leaves height and width open, or its nodes take any. Empty:
    // the size of the file.
    std::vector<ImageSize> image_size_profiles;
    int threads = 0;   // of one inference, up to 1024; 0: the machine's, or by the hint
    int requests = 0;  // inferences that run at a time when started, 1..64; 0: 1, or by the hint
    Precision precision = Precision::kAuto;
    PerformanceHint hint = PerformanceHint::kNone;

    // Of automatic batching:
    bool allow_auto_batching = true;             // false: "BATCH:CPU" is as "CPU"
    Duration auto_batch_timeout{1'000'000'000};  // of the oldest request; 0: what is there starts
    int num_requests = 0;  // that the caller has under way at a time; 0: not known
};

struct ModelPort {
    std::string name;
    DataType type = DataType::kF32;
    Shape row_shape;  // of one row, at the model's largest image size; n: row_shape.scaled(n)
};

// Rows to infer, and their results. Thread-bound but for cancel(): one thread at a time, and none
// while it is under way; different requests run in parallel. May be destroyed at any time but from
// its own callback: what waits is withdrawn, what runs is waited for. Keeps its model alive.
class Request {
  public:
    // Called from a thread of the model when the request is no more under way: it may be started
    // again from within.
    using Done = std::function<void(const Result<void>&)>;

    virtual ~Request() = default;

    // How many rows the next inferences are of; at first the model's max_batch(). kInvalidArgument,
    // stating the range: n is below 1, above the largest, no profile in strict mode, or other than
    // max_batch() when dynamic batching is not enabled.
    [[nodiscard]] virtual Result<void> set_batch(int rows) = 0;
    [[nodiscard]] virtual int batch() const = 0;
    // Of which size the images are: one of the model's image_sizes(), at first the largest. Its
    // input and output are others than those of another size.
    [[nodiscard]] virtual Result<void> set_image_size(ImageSize size) = 0;
    [[nodiscard]] virtual ImageSize image_size() const = 0;  // 0x0: the model has no size profiles

    // Rows [0, batch()) of the nth input: the device's own memory, the same for the request's whole
    // life; under automatic batching one row, copied from there.
    [[nodiscard]] virtual MutableTensorView input(size_t port) = 0;
    // Rows [0, batch()) of the nth output as the last inference left them: the device's own memory,
    // but for a batch that was split and for automatic batching. To be asked for anew after each.
    [[nodiscard]] virtual TensorView output(size_t port) const = 0;

    // Runs in the calling thread; under automatic batching waits for its batch to have run.
    [[nodiscard]] virtual Result<void> infer() = 0;
    // Runs in a thread of the model, first come, first served. kInvalidArgument: it is under way.
    [[nodiscard]] virtual Result<void> start(Done done = {}) = 0;
    // Until it is not under way; the result of the last inference. ok() before the first.
    [[nodiscard]] virtual Result<void> wait() = 0;
    // As wait(), but no longer than `timeout` by the model's clock: nothing if it is still under
    // way.
    [[nodiscard]] virtual std::optional<Result<void>> wait_for(Duration timeout) = 0;
    // If started and not yet running: withdrawn, with the result kCancelled. Thread-safe.
    virtual void cancel() = 0;
};

// Thread-safe. Not to be released by a request's callback as the last one to hold it.
class Model {
  public:
    // Reads, prepares, proves batchable (batches above 1) and compiles. Errors name the file, the
    // node, and the setting as "setting 'max_batch'". `clock` outlives the model.
    [[nodiscard]] static Result<std::shared_ptr<Model>> load(const std::filesystem::path& path,
                                                             const ModelOptions& options = {},
                                                             Clock& clock = steady_clock());
    virtual ~Model() = default;

    [[nodiscard]] virtual const std::vector<ModelPort>& inputs() const = 0;
    [[nodiscard]] virtual const std::vector<ModelPort>& outputs() const = 0;
    [[nodiscard]] virtual int max_batch() const = 0;  // rows of a request
    [[nodiscard]] virtual const std::vector<ImageSize>& image_sizes() const = 0;  // as asked for
    [[nodiscard]] virtual Result<std::unique_ptr<Request>> create_request() = 0;

    // Rows that the device runs best at a time: the batch of automatic batching, else max_batch().
    [[nodiscard]] virtual int optimal_batch_size() const = 0;
    // Requests under way at a time that keep the device busy.
    [[nodiscard]] virtual int optimal_number_of_infer_requests() const = 0;
    // For people: device, kernels, and whether requests are batched, or why not.
    [[nodiscard]] virtual std::string description() const = 0;
};

}  // namespace facet
