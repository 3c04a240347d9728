// SPDX-License-Identifier: MIT
// Which of several devices under one queue runs the next batch: a pure function of what each is
// busy with and what batches cost on it.
#pragma once

#include <span>
#include <vector>

#include "engine/base/clock.h"
#include "engine/batching/batch_policy.h"
#include "engine/batching/cost_table.h"

namespace facet {

// What the choice sees of a device.
struct DeviceState {
    CostTable costs;
    bool takes_work = true;        // false: lost
    int free_slots = 0;            // batches that could start on it now
    std::vector<Time> busy_until;  // of each of its running batches, by the costs when it started
};

struct Choice {
    size_t most = 0;        // items that the device may take now; 0: it leaves them
    Time wake_at = kNever;  // when it leaves them: ask again then, or on any change
};

// May device `mine`, which has a free slot, start a batch of the `waiting` items (1..largest batch)
// now? Rules, in this order:
//  - a batch goes to the device that is predicted to finish it first, a busy one's next start
//    included; of equals to the first in the list, free ones before busy ones;
//  - while that device is busy, another takes so many items as it finishes before that device would
//    have finished them all, if they are at least half of them;
//  - a batch that runs longer than predicted is expected to take as long again as it is late, so
//    that a device that hangs holds nothing up for long;
//  - with an empty cost table there are no predictions: the first device with a free slot takes it.
// Exactly one device may take the items while any that takes work is free.
[[nodiscard]] Choice choice_of(std::span<const DeviceState> devices, size_t mine, size_t waiting,
                               const BatchLimits& limits, Time now);

}  // namespace facet
