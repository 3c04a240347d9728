// SPDX-License-Identifier: MIT
// The costs of a model's batches, measured through a session on this machine.
#pragma once

#include "engine/base/result.h"
#include "engine/batching/cost_table.h"
#include "engine/session.h"

namespace facet {

// Runs batches of 1, 2, 3, 4, 6, 8, 12 ... settings.max_batch items, `rounds` of each in turn, and
// keeps the median of the session's own times, or the fastest where other work disturbs them.
// Blocks the caller. Errors are the session's.
[[nodiscard]] Result<CostTable> measure_costs(const SessionSettings& settings, int rounds,
                                              bool fastest = false);

}  // namespace facet
