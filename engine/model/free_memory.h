// SPDX-License-Identifier: MIT
// How large a batch a device's free memory allows. Not installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/backends/backend.h"

namespace facet {

// Bytes that can be had without pushing others out; nothing where nobody tells. A device that has
// no memory of its own has that of the machine.
[[nodiscard]] std::optional<uint64_t> free_memory(const Backend& device);

// The largest batch, halved from the model's own as often as it takes, whose `requests` requests
// take at most half of the free memory; at least 1. The model's own where either is not known.
[[nodiscard]] int largest_fitting_batch(CompiledModel& model, int requests,
                                        std::optional<uint64_t> free_bytes);

}  // namespace facet
