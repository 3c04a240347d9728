// SPDX-License-Identifier: MIT
// LatencyMeter: how long a frame stays in an element, as a bound for LATENCY.
#pragma once

#include <cstdint>

#include "engine/base/clock.h"
#include "engine/base/mutex.h"

namespace facet {

// Invariants: bound() covers every frame of the last kWindow..2*kWindow ones, and timeout + the
// longest inference among them. It starts with what the measured costs foretell (a frame comes when
// a batch has just started, waits for it and for its own) and moves in steps: beyond a frame that
// exceeded it by a quarter, and beyond what a queue that has grown lets expect, by a quarter too;
// and down when it is more than a tenth too high. Thread-safe.
class LatencyMeter {
  public:
    static constexpr int kWindow = 1024;                     // frames
    static constexpr Duration kBetweenCuts{60'000'000'000};  // a bound that shrinks can wait
    static constexpr Duration kWakeUps{2'000'000};  // of the threads a frame passes, to start with

    // `service`: of the largest batch; 0: not known.
    LatencyMeter(Duration timeout, Duration service)
        : timeout_(timeout),
          service_(service),
          previous_(timeout + 2 * service + kWakeUps),
          bound_(previous_) {}

    // A frame left, or could have left, `latency` after it came, its slowest item ran for `infer`;
    // true when the bound has moved: time to tell the pipeline.
    bool add(Duration latency, Duration infer, Time now);
    // A frame that came now would wait so long for its batch to start; true as above. Of waits up
    // to the timeout the bound knows.
    bool foresee(Duration wait);
    [[nodiscard]] Duration bound() const;

  private:
    const Duration timeout_, service_;
    mutable Mutex mutex_;  // guards all below
    int frames_ FACET_GUARDED_BY(mutex_) = 0;
    Duration current_ FACET_GUARDED_BY(mutex_){0};  // longest of the window that fills
    Duration previous_ FACET_GUARDED_BY(mutex_);    // longest of the window before
    Duration bound_ FACET_GUARDED_BY(mutex_);
    Time last_cut_ FACET_GUARDED_BY(mutex_){0};
};

}  // namespace facet
