// SPDX-License-Identifier: MIT
// Clock: where every deadline's time comes from, so that tests and pipelines can bring their own.
#pragma once

#include <chrono>

#include "engine/base/mutex.h"

namespace facet {

using Duration = std::chrono::nanoseconds;
// Time since the clock's own epoch; times of different clocks never mix.
using Time = std::chrono::nanoseconds;
constexpr Time kNever = Time::max();

// Thread-safe.
class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const = 0;
    // Blocks until `wake` is notified or the clock reaches `deadline` (kNever: only notified), and
    // may return early: the caller loops over its predicate. Precondition: `mutex` is held.
    virtual void wait_until(CondVar& wake, Mutex& mutex, Time deadline) FACET_REQUIRES(mutex) = 0;
};

// The process's monotonic clock; lives for ever.
[[nodiscard]] Clock& steady_clock();

}  // namespace facet
