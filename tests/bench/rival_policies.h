// SPDX-License-Identifier: MIT
// The batching rules of others, written as policies of the same interface, to be compared with.
#pragma once

#include <vector>

#include "engine/batching/batch_policy.h"

namespace facet::testing {

// Every item alone, as soon as a slot is free.
class SinglePolicy final : public Policy {
  public:
    Decision decide(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
                    Time now) const override;
};

// Waits for a full batch, for ever; what is left at the end runs at the full size.
class FixedBatchPolicy final : public Policy {
  public:
    Decision decide(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
                    Time now) const override;
};

// A full batch, or at the timeout the collected ones one by one. The timer counts from its last
// wake-up, whatever waits. One object serves one run: it keeps the timer.
class AutoBatchPolicy final : public Policy {
  public:
    Decision decide(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
                    Time now) const override;

  private:
    mutable Time woken_{0};
    mutable Time handled_{-1};  // the wake-up whose items were taken last
    mutable size_t singles_left_ = 0;
};

// Full, or the largest preferred size that is reached, or all that waits once the oldest waited
// `timeout`. Without preferred sizes only the first and the last.
class PreferredSizePolicy final : public Policy {
  public:
    explicit PreferredSizePolicy(std::vector<size_t> preferred)
        : preferred_(std::move(preferred)) {}
    Decision decide(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
                    Time now) const override;

  private:
    std::vector<size_t> preferred_;  // ascending
};

}  // namespace facet::testing
