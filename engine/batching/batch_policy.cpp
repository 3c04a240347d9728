// SPDX-License-Identifier: MIT
// The rules that start a batch.
#include "engine/batching/batch_policy.h"

#include <algorithm>

namespace facet {

std::string_view to_string(StartReason reason) {
    switch (reason) {
        case StartReason::kFull:
            return "full";
        case StartReason::kDeadline:
            return "deadline";
        case StartReason::kAllIn:
            return "all-in";
        case StartReason::kDrain:
            return "drain";
    }
    return "unknown";
}

Decision decide(const BatchLimits& limits, const QueueView& queue, Time now) {
    const auto start = [&](StartReason reason) {
        const size_t count = std::min(queue.waiting, static_cast<size_t>(limits.max_batch));
        return Decision{Decision::Kind::kStart, reason, count, kNever};
    };
    if (queue.waiting == 0) return {};
    if (queue.waiting >= static_cast<size_t>(limits.max_batch)) return start(StartReason::kFull);
    if (queue.earliest_deadline <= now) return start(StartReason::kDeadline);
    if (queue.draining > 0) return start(StartReason::kDrain);
    if (!queue.more_can_come) return start(StartReason::kAllIn);
    return {.wake_at = queue.earliest_deadline};
}

}  // namespace facet
