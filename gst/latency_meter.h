// SPDX-License-Identifier: MIT
// LatencyMeter: how long an item takes from submission to its result, as a bound for LATENCY.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"

namespace facet {

// Invariants: bound() covers every item of the last kWindow..2*kWindow ones and is never below
// timeout + the longest inference among them. Thread-safe.
class LatencyMeter {
  public:
    static constexpr int kWindow = 256;  // items

    explicit LatencyMeter(Duration timeout) : timeout_(timeout), reported_(timeout) {}

    // An item waited and ran; true when the bound has moved by more than a tenth from what it was
    // at the last true: time to tell the pipeline.
    bool add(Duration wait, Duration infer);
    // timeout before the first item.
    [[nodiscard]] Duration bound() const;

  private:
    [[nodiscard]] Duration bound_locked() const FACET_REQUIRES(mutex_);

    const Duration timeout_;
    mutable Mutex mutex_;  // guards all below
    int items_ FACET_GUARDED_BY(mutex_) = 0;
    Duration current_ FACET_GUARDED_BY(mutex_){0};   // longest of the window that fills
    Duration previous_ FACET_GUARDED_BY(mutex_){0};  // longest of the window before
    Duration reported_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet
