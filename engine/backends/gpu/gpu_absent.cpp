// SPDX-License-Identifier: MIT
// In place of the GPU device where Facet is built without OpenCL.
#include "engine/backends/gpu/gpu_registry.h"

namespace facet {

std::span<const Backend* const> gpus() {
    return {};
}

bool names_gpu(std::string_view device) {
    return device == "GPU" || device.starts_with("GPU.") || device.starts_with("GPU:");
}

Result<const Backend*> find_gpu(std::string_view device) {
    return Error{ErrorCode::kNotFound, "device '" + std::string(device) + "'; " + why_no_gpu()};
}

std::string auto_gpu() {
    return {};
}

std::vector<DeviceDescription> describe_gpus() {
    return {};
}

std::string why_no_gpu() {
    return "this build of Facet has no OpenCL";
}

}  // namespace facet
