// SPDX-License-Identifier: MIT
// From what a user asks for and what batches cost to the limits of a queue.
#pragma once

#include <vector>

#include "engine/batching/batch_policy.h"

namespace facet {

struct AskedLimits {
    int max_batch = 0;           // 0: to be chosen
    int ceiling = 1;             // the largest batch the device is compiled for
    Duration timeout{0};         // not used with a latency budget
    Duration latency_budget{0};  // 0: none
    std::vector<int> profiles;   // ascending
    int slots = 1;
};

// max_batch: as asked, else the smallest size whose cost per row is within a twentieth of the best
// one; with a latency budget also one of which two fit in it: an item that comes just after a start
// waits for that batch and runs in the next. Margin, with a budget only: an eighth of the largest
// batch's cost. Timeout: as asked, or what the budget leaves beside the largest batch and the
// margin. Without costs a batch to be chosen is of 16 and the budget is all timeout. Reentrant.
[[nodiscard]] BatchLimits derive_limits(const AskedLimits& asked, const CostTable& costs);

}  // namespace facet
