// SPDX-License-Identifier: MIT
// The devices this build knows, by name.
#pragma once

#include <span>
#include <string_view>

#include "engine/backends/backend.h"

namespace facet {

// In order of preference; lives for ever. Thread-safe.
[[nodiscard]] std::span<const Backend* const> all_backends();
// `device` as the property of the same name spells it: "CPU", "REFERENCE", or "AUTO" for the first
// one. Unknown: kNotFound, listing what there is.
[[nodiscard]] Result<const Backend*> find_backend(std::string_view device);

}  // namespace facet
