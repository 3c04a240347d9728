// SPDX-License-Identifier: MIT
// LatencyMeter: how long a frame stays in an element, as a bound for LATENCY.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"

namespace facet {

// Invariants: bound() covers every frame of the last kWindow..2*kWindow ones and is never below
// timeout + the longest inference among them. Until then it is no less than what the measured costs
// foretell: a frame comes when a batch has just started, waits for it and for its own.
// Thread-safe.
class LatencyMeter {
  public:
    static constexpr int kWindow = 256;                      // frames
    static constexpr Duration kBetweenCuts{10'000'000'000};  // a bound that shrinks can wait

    // `service`: of the largest batch; 0: not known.
    LatencyMeter(Duration timeout, Duration service)
        : timeout_(timeout), previous_(timeout + 2 * service), reported_(previous_) {}

    // A frame was ready to leave `latency` after it came, its slowest item ran for `infer`; true
    // when it is time to tell the pipeline: the bound has moved by more than a tenth from what it
    // was at the last true. Growth is told at once, each reduction kBetweenCuts after the last.
    bool add(Duration latency, Duration infer, Time now);
    [[nodiscard]] Duration bound() const;

  private:
    [[nodiscard]] Duration bound_locked() const FACET_REQUIRES(mutex_);

    const Duration timeout_;
    mutable Mutex mutex_;  // guards all below
    int frames_ FACET_GUARDED_BY(mutex_) = 0;
    Duration current_ FACET_GUARDED_BY(mutex_){0};  // longest of the window that fills
    Duration previous_ FACET_GUARDED_BY(mutex_);    // longest of the window before
    Duration reported_ FACET_GUARDED_BY(mutex_);
    Time last_cut_ FACET_GUARDED_BY(mutex_){0};
};

}  // namespace facet
