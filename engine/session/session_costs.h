// SPDX-License-Identifier: MIT
// What a session's batches cost, measured when it opens, once per process for equal models on equal
// devices. Not installed.
#pragma once

#include <vector>

#include "engine/base/clock.h"
#include "engine/batching/cost_table.h"
#include "engine/session.h"
#include "engine/session/request_slot.h"

namespace facet {

// A text that two sessions share only if the same is measured on their devices. Empty where a model
// is no file: nothing says then that it stays the same.
[[nodiscard]] std::string session_key(const SessionSettings& settings, int largest);

// Runs every slot at the largest batch and at one row, so that first-use costs are paid, then at
// every other size, the likely ones first, until 400 ms have passed. Within the first 150 ms of it
// at most 12 sizes are measured, on all slots at once, unless a session of equal session_key() has
// measured before. Time is `clock`'s; where that stands still there are no costs, and none are
// taken over. Errors name the model.
[[nodiscard]] Result<CostTable> measure_costs(const SessionSettings& settings, int largest,
                                              Clock& clock, std::vector<RequestSlot>& slots);

}  // namespace facet
