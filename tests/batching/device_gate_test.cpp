// SPDX-License-Identifier: MIT
// Turns on a device go by the time each user has had.
#include "engine/batching/device_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace facet {
namespace {

TEST(DeviceGate, LetsInAsManyAsTheWidestUserHasSlots) {
    DeviceGate gate;
    const auto narrow = gate.add_user(1), wide = gate.add_user(2);
    EXPECT_TRUE(gate.try_enter(wide));
    EXPECT_TRUE(gate.try_enter(narrow));
    EXPECT_FALSE(gate.try_enter(wide));
    gate.leave(narrow, Duration{1});
    EXPECT_TRUE(gate.try_enter(wide));
}

TEST(DeviceGate, LetsEverybodyInUnderContentionAndNeverMoreThanItMay) {
    DeviceGate gate;
    std::atomic<int> inside{0}, turns{0};
    std::atomic<bool> too_many{false};
    std::vector<std::thread> threads;
    for (int user = 0; user < 3; ++user)
        threads.emplace_back([&, id = gate.add_user(user == 0 ? 2 : 1), user] {
            for (int turn = 0; turn < 500; ++turn) {
                gate.enter(id);
                if (++inside > 2) too_many = true;
                ++turns;
                --inside;
                gate.leave(id, Duration{1 + 10 * user});
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(turns, 1500);
    EXPECT_FALSE(too_many);
}

TEST(DeviceGate, GivesNoClaimForTimeSpentAway) {
    DeviceGate gate;
    const auto busy = gate.add_user(1), late = gate.add_user(1);
    ASSERT_TRUE(gate.try_enter(busy));
    gate.leave(busy, Duration{1'000'000});
    ASSERT_TRUE(gate.try_enter(busy));
    std::thread comes([&] {
        gate.enter(late);
        gate.leave(late, Duration{5});
    });
    gate.leave(busy, Duration{0});
    comes.join();
    ASSERT_TRUE(gate.try_enter(busy)) << "the newcomer has not 999995 ns of turns ahead of it";
    gate.leave(busy, Duration{0});
}

TEST(DeviceGate, IsOneForAllWhoHoldIt) {
    const auto gate = device_gate("CPU");
    EXPECT_EQ(gate, device_gate("CPU"));
    EXPECT_NE(gate, device_gate("GPU"));
}

}  // namespace
}  // namespace facet
