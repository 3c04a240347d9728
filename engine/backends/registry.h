// SPDX-License-Identifier: MIT
// The devices this build knows, by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/device_description.h"

namespace facet {

// The CPU, the reference, and the GPUs there are; lives for ever. Thread-safe.
[[nodiscard]] std::span<const Backend* const> all_backends();
// `device` as the property of the same name spells it: "CPU", "REFERENCE", "GPU", "GPU.1",
// "GPU:PART" for the first whose name, vendor or platform has PART in it, or "AUTO" for the first
// one of auto_devices(). Else kNotFound, listing what there is, and why GPUs were refused. Asking
// for the CPU or the reference loads no OpenCL driver: a broken one may end the process.
[[nodiscard]] Result<const Backend*> find_backend(std::string_view device);
// What "AUTO" stands for, in order of preference: the first GPU, if it is more than the processor
// behind OpenCL or was asked for (FACET_GPU), and the CPU.
[[nodiscard]] std::vector<std::string> auto_devices();

// Every device there is, those refused last. A device is asked for its precisions by compiling a
// graph of one node; one that cannot do so is refused.
[[nodiscard]] std::vector<DeviceDescription> describe_devices();
// Why there is no GPU at all; empty: there is one, or one refused.
[[nodiscard]] std::string why_no_gpu();

}  // namespace facet
