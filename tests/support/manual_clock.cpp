// SPDX-License-Identifier: MIT
// The manual clock's waiters.
#include "tests/support/manual_clock.h"

#include <algorithm>

namespace facet::testing {

Time ManualClock::now() const {
    MutexLock lock(mutex_);
    return now_;
}

// The waiter's mutex is the caller's; the analysis cannot follow it through the list.
void ManualClock::wait_until(CondVar& wake, Mutex& mutex,
                             Time deadline) FACET_NO_THREAD_SAFETY_ANALYSIS {
    Waiter self{&wake, &mutex, deadline};
    {
        MutexLock lock(mutex_);
        if (now_ >= deadline) return;
        waiters_.push_back(&self);
        waiters_changed_.notify_all();
    }
    wake.wait(mutex);
    MutexLock lock(mutex_);
    std::erase(waiters_, &self);
}

void ManualClock::advance(Duration by) {
    std::vector<Waiter> due;
    {
        MutexLock lock(mutex_);
        now_ += by;
        for (Waiter* waiter : waiters_)
            if (waiter->deadline <= now_) due.push_back(*waiter);
    }
    for (Waiter& waiter : due) {
        // Taking the waiter's mutex makes sure that it already sleeps when it is notified.
        MutexLock lock(*waiter.mutex);
        waiter.wake->notify_all();
    }
}

void ManualClock::wait_for_waiters(size_t count) {
    MutexLock lock(mutex_);
    while (waiters_.size() < count) waiters_changed_.wait(mutex_);
}

}  // namespace facet::testing
