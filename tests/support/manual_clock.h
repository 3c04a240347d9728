// SPDX-License-Identifier: MIT
// A clock that stands still until a test moves it.
#pragma once

#include <vector>

#include "engine/base/clock.h"

namespace facet::testing {

// Thread-safe. Waiters wake when advance() reaches their deadline or when they are notified.
class ManualClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override;
    void wait_until(CondVar& wake, Mutex& mutex, Time deadline) override;

    void advance(Duration by);
    // Blocks until `count` threads wait in wait_until(): then nothing else can happen before the
    // next advance() or notification.
    void wait_for_waiters(size_t count);

  private:
    struct Waiter {
        CondVar* wake;
        Mutex* mutex;
        Time deadline;
    };

    mutable Mutex mutex_;  // guards all below; taken after a waiter's mutex, never before it
    CondVar waiters_changed_;
    Time now_ FACET_GUARDED_BY(mutex_){0};
    std::vector<Waiter*> waiters_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet::testing
