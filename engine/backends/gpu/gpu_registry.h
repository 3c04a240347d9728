// SPDX-License-Identifier: MIT
// OpenCL devices as the list of devices sees them; also in a build without OpenCL.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/device_description.h"

namespace facet {

// gpu_backends(), if any.
[[nodiscard]] std::span<const Backend* const> gpus();
// Whether it is spelled as an OpenCL device: "GPU", "GPU.1", "GPU:PART".
[[nodiscard]] bool names_gpu(std::string_view device);
// kNotFound, listing what there is and why others were refused. Thread-safe.
[[nodiscard]] Result<const Backend*> find_gpu(std::string_view device);
// The name of the GPU that AUTO uses; empty: none but the processor behind OpenCL, unless that was
// asked for (FACET_GPU).
[[nodiscard]] std::string auto_gpu();
// Those used in the order of their names, then those refused; precisions are left to the caller.
[[nodiscard]] std::vector<DeviceDescription> describe_gpus();
// Why there is no OpenCL device at all; empty: there is one.
[[nodiscard]] std::string why_no_gpu();

}  // namespace facet
