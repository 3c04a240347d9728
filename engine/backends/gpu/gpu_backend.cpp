// SPDX-License-Identifier: MIT
// OpenCL devices as Facet's devices.
#include "engine/backends/gpu/gpu_backend.h"

#include <vector>

#include "engine/backends/gpu/devices.h"
#include "engine/backends/gpu/gpu_model.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet {

namespace {

class GpuBackend final : public Backend {
  public:
    explicit GpuBackend(const gpu::GpuDevice& device) : device_(device) {}
    [[nodiscard]] std::string_view name() const override { return device_.name; }
    [[nodiscard]] std::optional<uint64_t> free_memory() const override {
        return gpu::opencl::free_memory(device_.info);
    }
    // What has no kernel runs on the CPU inside the same graph; see gpu::runs_on_device().
    [[nodiscard]] Result<void> supports(const Graph& graph, const Node& node) const override {
        return reference_backend().supports(graph, node);
    }
    [[nodiscard]] Result<std::shared_ptr<CompiledModel>> compile(
        std::shared_ptr<const Graph> graph, const CompileOptions& options) const override {
        return gpu::GpuModel::compile(device_.info, device_.name, std::move(graph), options);
    }

  private:
    const gpu::GpuDevice& device_;
};

}  // namespace

std::span<const Backend* const> gpu_backends() {
    static const std::vector<GpuBackend> devices = [] {
        std::vector<GpuBackend> used;
        for (const gpu::GpuDevice& device : gpu::gpu_devices().entries)
            if (device.refused.empty()) used.emplace_back(device);
        return used;
    }();
    static const std::vector<const Backend*> pointers = [] {
        std::vector<const Backend*> result;
        for (const GpuBackend& device : devices) result.push_back(&device);
        return result;
    }();
    return pointers;
}

}  // namespace facet
