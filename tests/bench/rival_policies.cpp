// SPDX-License-Identifier: MIT
// The rivals' rules, as their documents state them.
#include "tests/bench/rival_policies.h"

#include <algorithm>

namespace facet::testing {

namespace {

Decision start(StartReason reason, size_t count, size_t run_size) {
    return {Decision::Kind::kStart, reason, count, run_size, kNever};
}

}  // namespace

Decision SinglePolicy::decide(const BatchLimits&, const QueueView& queue, const CostTable&,
                              Time) const {
    if (queue.waiting == 0) return {};
    return start(StartReason::kFull, 1, 1);
}

Decision FixedBatchPolicy::decide(const BatchLimits& limits, const QueueView& queue,
                                  const CostTable&, Time) const {
    const auto full = static_cast<size_t>(limits.max_batch);
    if (queue.waiting >= full) return start(StartReason::kFull, full, full);
    if (queue.draining > 0) return start(StartReason::kDrain, queue.waiting, full);
    return {};
}

Decision AutoBatchPolicy::decide(const BatchLimits& limits, const QueueView& queue,
                                 const CostTable&, Time now) const {
    const auto full = static_cast<size_t>(limits.max_batch);
    if (singles_left_ > 0 && queue.waiting > 0) {
        --singles_left_;
        return start(StartReason::kDeadline, 1, 1);
    }
    if (queue.waiting >= full) {
        woken_ = now;
        return start(StartReason::kFull, full, full);
    }
    if (queue.draining > 0) return start(StartReason::kDrain, 1, 1);
    if (queue.waiting == 0) return {};
    const Duration timeout = std::max(limits.timeout, Duration{1});
    // Wake-ups while nothing waited, or while the device was busy, passed unseen.
    woken_ += (now - woken_) / timeout * timeout;
    const Time oldest = queue.earliest_deadline - limits.timeout;
    if (oldest > woken_ || woken_ == handled_) return {.wake_at = woken_ + timeout};
    handled_ = woken_;
    singles_left_ = queue.waiting - 1;
    return start(StartReason::kDeadline, 1, 1);
}

Decision PreferredSizePolicy::decide(const BatchLimits& limits, const QueueView& queue,
                                     const CostTable&, Time now) const {
    const size_t count = std::min(queue.waiting, static_cast<size_t>(limits.max_batch));
    if (count == 0) return {};
    if (count == static_cast<size_t>(limits.max_batch))
        return start(StartReason::kFull, count, count);
    if (queue.earliest_deadline <= now) return start(StartReason::kDeadline, count, count);
    const auto above = std::ranges::upper_bound(preferred_, count);
    if (above != preferred_.begin()) return start(StartReason::kFull, *(above - 1), *(above - 1));
    if (queue.draining > 0) return start(StartReason::kDrain, count, count);
    return {.wake_at = queue.earliest_deadline};
}

}  // namespace facet::testing
