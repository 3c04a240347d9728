// SPDX-License-Identifier: MIT
// The devices this build knows, by name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/backends/backend.h"

namespace facet {

// In order of preference; lives for ever. Thread-safe.
[[nodiscard]] std::span<const Backend* const> all_backends();
// `device` as the property of the same name spells it: "CPU", "REFERENCE", or "AUTO" for the first
// one. Unknown: kNotFound, listing what there is.
[[nodiscard]] Result<const Backend*> find_backend(std::string_view device);

// What "AUTO" stands for, in order of preference: the first GPU, if it is more than the processor
// behind OpenCL or was asked for (FACET_GPU), and the CPU.
[[nodiscard]] std::vector<std::string> auto_devices();

}  // namespace facet
