// SPDX-License-Identifier: MIT
// Answers from the devices found.
#include "engine/backends/gpu/gpu_registry.h"

#include "engine/backends/gpu/devices.h"
#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/gpu/matrix_unit.h"

namespace facet {

namespace {

std::string matrix_unit_text(const gpu::opencl::DeviceInfo& info) {
    const gpu::MatrixUnit unit = gpu::matrix_unit_of(info);
    return unit.refused.empty() ? "for fp16, tried" : "not used: " + unit.refused;
}

}  // namespace

std::span<const Backend* const> gpus() {
    return gpu_backends();
}

bool names_gpu(std::string_view device) {
    return device == "GPU" || device.starts_with("GPU.") || device.starts_with("GPU:");
}

Result<const Backend*> find_gpu(std::string_view device) {
    const std::vector<gpu::GpuDevice>& entries = gpu::gpu_devices().entries;
    FACET_ASSIGN(const gpu::GpuDevice* chosen, gpu::choose_device(gpu::gpu_devices(), device));
    // Refused ones come last, so that both lists begin with the same devices.
    return gpu_backends()[static_cast<size_t>(chosen - entries.data())];
}

std::string auto_gpu() {
    const gpu::GpuDevices& devices = gpu::gpu_devices();
    if (devices.entries.empty() || !devices.entries.front().refused.empty()) return {};
    const gpu::GpuDevice& first = devices.entries.front();
    return devices.by_choice || first.info.type != gpu::opencl::DeviceType::kCpu ? first.name : "";
}

std::vector<DeviceDescription> describe_gpus() {
    std::vector<DeviceDescription> result;
    for (const gpu::GpuDevice& device : gpu::gpu_devices().entries) {
        const gpu::opencl::DeviceInfo& info = device.info;
        DeviceDescription description{
            .name = device.name,
            .refused = device.refused,
            .hardware = info.name,
            .vendor = info.vendor,
            .software = info.version + ", driver " + info.driver + ", " + info.platform_name,
            .memory = info.global_memory,
            .local_memory = info.local_memory,
            .compute_units = info.compute_units,
            .clock_mhz = info.clock_mhz,
            .max_work_group = info.max_work_group};
        if (device.refused.empty() && info.type != gpu::opencl::DeviceType::kCpu)
            description.matrix_unit = matrix_unit_text(info);
        result.push_back(std::move(description));
    }
    return result;
}

std::string why_no_gpu() {
    return gpu::gpu_devices().none;
}

}  // namespace facet
