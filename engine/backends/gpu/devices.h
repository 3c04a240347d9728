// SPDX-License-Identifier: MIT
// Which OpenCL devices Facet uses, under which names, and why not the others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/backends/gpu/opencl_api.h"

namespace facet::gpu {

struct GpuDevice {
    std::string name;     // "GPU", "GPU.1", "GPU:<name>"; empty where refused
    std::string refused;  // why it is not used; empty: it is
    opencl::DeviceInfo info;
};

// Devices in the order of their names, refused ones last.
struct GpuDevices {
    std::vector<GpuDevice> entries;
    bool by_choice = false;  // the first one was asked for by `preferred`
    std::string none;        // why there is no OpenCL device at all; empty: there is one
};

// The nth device that is no processor is "GPU.n", the first of them "GPU". An OpenCL device that is
// the processor (PoCL, Intel's CPU runtime) is slower than the device CPU: it is "GPU", "GPU.1"
// only where there is nothing else, and "GPU:<name>" beside a real one. The first device with
// `preferred` in its name, vendor or platform comes before all others; empty: none.
[[nodiscard]] GpuDevices name_devices(std::vector<opencl::DeviceInfo> found,
                                      std::string_view preferred);

// "GPU", "GPU.1", or "GPU:PART", the first whose name, vendor or platform has PART in it; upper and
// lower case are one. kNotFound, listing what there is and why others were refused.
[[nodiscard]] Result<const GpuDevice*> choose_device(const GpuDevices& devices,
                                                     std::string_view wanted);

// This process's, found when first asked for; `preferred` is the environment's FACET_GPU. Lives for
// ever. Thread-safe.
[[nodiscard]] const GpuDevices& gpu_devices();

}  // namespace facet::gpu
