// SPDX-License-Identifier: MIT
// The manual clock wakes whoever is due and nobody else.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "engine/base/clock.h"
#include "tests/support/manual_clock.h"

namespace facet {
namespace {

TEST(ManualClock, WakesAWaiterWhenItsDeadlineIsReached) {
    testing::ManualClock clock;
    Mutex mutex;
    CondVar wake;
    std::atomic<int64_t> woken_at{-1};
    std::thread waiter([&] {
        MutexLock lock(mutex);
        while (clock.now() < Time(100)) clock.wait_until(wake, mutex, Time(100));
        woken_at = clock.now().count();
    });
    clock.wait_for_waiters(1);
    clock.advance(Duration(99));
    EXPECT_EQ(woken_at, -1);
    clock.advance(Duration(1));
    waiter.join();
    EXPECT_EQ(woken_at, 100);
}

TEST(SteadyClock, ReachesAPastDeadlineAtOnce) {
    Mutex mutex;
    CondVar wake;
    MutexLock lock(mutex);
    const Time before = steady_clock().now();
    steady_clock().wait_until(wake, mutex, before);
    EXPECT_GE(steady_clock().now(), before);
}

}  // namespace
}  // namespace facet
