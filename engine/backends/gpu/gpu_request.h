// SPDX-License-Identifier: MIT
// One inference under way on an OpenCL device.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "engine/backends/gpu/gpu_model.h"

namespace facet::gpu {

// Invariants: a queue, memory and kernels of its own, so that requests overlap; arguments are set
// once, but for the number of rows; nothing of the host is in use by the device between two calls.
class GpuRequest final : public InferRequest {
  public:
    [[nodiscard]] static Result<std::unique_ptr<InferRequest>> create(
        std::shared_ptr<const GpuModel> model);

    [[nodiscard]] MutableTensorView input(size_t port) override;
    [[nodiscard]] TensorView output(size_t port) const override;
    [[nodiscard]] Result<void> infer(int rows) override;
    // By the device's clock; each step waits for the one before it.
    [[nodiscard]] Result<std::vector<StepProfile>> profile(int rows) override;

    // As infer(), but waits for each step and says how long it took. For tuning.
    using Observer = std::function<Result<void>(size_t step, double seconds)>;
    [[nodiscard]] Result<void> observe(int rows, const Observer& observer);
    // From within an observer: what the kernel step just run has written, as floats.
    [[nodiscard]] Result<std::vector<float>> result_of(size_t step, int rows);

  private:
    struct BoundVariant {
        opencl::Kernel kernel;
        unsigned rows_argument = 0;
        int rows = 0;  // as last set
    };

    GpuRequest(std::shared_ptr<const GpuModel> model, opencl::Queue queue)
        : model_(std::move(model)), own_queue_(std::move(queue)), queue_(&own_queue_) {}
    [[nodiscard]] Result<void> allocate();
    [[nodiscard]] Result<void> bind();
    [[nodiscard]] const opencl::Buffer& memory(BufferId id) const;
    [[nodiscard]] std::span<std::byte> host(HostId id, int rows);

    // With an observer a queue that profiles is used and waited for after every step.
    [[nodiscard]] Result<void> run(int rows, const Observer* observer);
    [[nodiscard]] Result<void> enqueue_all(int rows, const Observer* observer);
    [[nodiscard]] Result<void> run_step(size_t index, int rows);
    [[nodiscard]] Result<double> time_step(size_t index, int rows);
    // Events cost time, so they are asked for only while profiling.
    [[nodiscard]] opencl::Sync sync() {
        return queue_ == &own_queue_ ? opencl::Sync{} : opencl::Sync{.done = &last_command_};
    }
    [[nodiscard]] Result<void> run_kernel(size_t step, const KernelStep& kernel, int rows);
    [[nodiscard]] Result<void> run_transfer(const Transfer& transfer, int rows);
    [[nodiscard]] Result<void> run_on_host(const HostStep& action, int rows);
    [[nodiscard]] Result<void> fetch_outputs(int rows);
    void repeat_outputs(int rows);
    [[nodiscard]] Result<void> await_reads();

    const std::shared_ptr<const GpuModel> model_;
    opencl::Queue own_queue_;
    std::optional<opencl::Queue> profiling_queue_;                    // made when first needed
    opencl::Queue* queue_;                                            // the one of the two in use
    std::vector<opencl::PinnedMemory> input_memory_, output_memory_;  // by port
    std::vector<opencl::Buffer> inputs_;                              // by port
    std::vector<opencl::Buffer> slots_;
    std::vector<Tensor> host_buffers_;                // by HostId; empty for inputs
    std::vector<std::vector<BoundVariant>> kernels_;  // by step
    opencl::Event last_read_;     // of what the device still has to write to the host
    opencl::Event last_command_;  // set while profiling
};

}  // namespace facet::gpu
