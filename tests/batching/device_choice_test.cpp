// SPDX-License-Identifier: MIT
// Which device takes the next batch, for devices of unlike speed.
#include "engine/batching/device_choice.h"

#include <gtest/gtest.h>

#include <random>

namespace facet {
namespace {

const BatchLimits kLimits{.max_batch = 16};

// `fixed` for a batch, `each` for a row.
CostTable costs(int64_t fixed, int64_t each) {
    return CostTable({{1, Duration{fixed + each}}, {16, Duration{fixed + 16 * each}}});
}
DeviceState idle(CostTable table) {
    return {.costs = std::move(table), .free_slots = 1, .busy_until = {}};
}
DeviceState busy(CostTable table, int64_t until) {
    return {.costs = std::move(table), .busy_until = {Time{until}}};
}
const CostTable kFast = costs(100, 10), kSlow = costs(100, 40);

TEST(DeviceChoice, OneDeviceTakesAll) {
    const std::vector devices{idle(kSlow)};
    EXPECT_EQ(choice_of(devices, 0, 9, kLimits, Time{0}).most, 9u);
}

TEST(DeviceChoice, OfTwoFreeDevicesTheOneThatFinishesFirstTakesIt) {
    const std::vector devices{idle(kSlow), idle(kFast)};
    EXPECT_EQ(choice_of(devices, 1, 9, kLimits, Time{0}).most, 9u);
    const Choice slow = choice_of(devices, 0, 9, kLimits, Time{0});
    EXPECT_EQ(slow.most, 0u);
    EXPECT_EQ(slow.wake_at, kNever) << "the fast one's own clock starts the batch";
}

TEST(DeviceChoice, OfEqualsTheFirstTakesIt) {
    const std::vector devices{idle(kFast), idle(kFast)};
    EXPECT_EQ(choice_of(devices, 0, 4, kLimits, Time{0}).most, 4u);
    EXPECT_EQ(choice_of(devices, 1, 4, kLimits, Time{0}).most, 0u);
}

// A device with a high cost per batch and a low one per row, as a GPU is.
TEST(DeviceChoice, SmallBatchesGoWhereTheyAreCheap) {
    const std::vector devices{idle(costs(500, 5)), idle(costs(10, 80))};
    EXPECT_EQ(choice_of(devices, 1, 2, kLimits, Time{0}).most, 2u);
    EXPECT_EQ(choice_of(devices, 0, 2, kLimits, Time{0}).most, 0u);
    EXPECT_EQ(choice_of(devices, 0, 12, kLimits, Time{0}).most, 12u);
    EXPECT_EQ(choice_of(devices, 1, 12, kLimits, Time{0}).most, 0u);
}

// 8 rows: 180 on the fast one, 420 on the slow one.
TEST(DeviceChoice, TheSlowOneTakesABatchOnlyIfItFinishesItFirst) {
    EXPECT_EQ(choice_of(std::vector{busy(kFast, 240), idle(kSlow)}, 1, 8, kLimits, Time{0}).most,
              8u);
    EXPECT_LT(choice_of(std::vector{busy(kFast, 239), idle(kSlow)}, 1, 8, kLimits, Time{0}).most,
              8u);
    EXPECT_EQ(choice_of(std::vector{busy(kFast, 10), idle(kSlow)}, 1, 8, kLimits, Time{0}).most,
              0u);
}

TEST(DeviceChoice, TheSlowOneTakesAsManyAsItFinishesFirstButNoFewerThanHalf) {
    // The fast one would be done with all eight at 300: five take 300 on the slow one, four 260.
    EXPECT_EQ(choice_of(std::vector{busy(kFast, 120), idle(kSlow)}, 1, 8, kLimits, Time{0}).most,
              4u);
    EXPECT_EQ(choice_of(std::vector{busy(kFast, 80), idle(kSlow)}, 1, 8, kLimits, Time{0}).most,
              0u);
}

TEST(DeviceChoice, PartsAreCostedAtTheProfileThatTheyRunAt) {
    const BatchLimits profiles{.max_batch = 16, .profiles = {2, 8, 16}};
    // Four items would run as eight rows: 420, not 260.
    EXPECT_EQ(choice_of(std::vector{busy(kFast, 120), idle(kSlow)}, 1, 8, profiles, Time{0}).most,
              0u);
    EXPECT_EQ(choice_of(std::vector{busy(kFast, 241), idle(kSlow)}, 1, 7, profiles, Time{0}).most,
              7u);
}

TEST(DeviceChoice, ADeviceThatRunsLateIsOvertaken) {
    const std::vector devices{busy(kFast, 100), idle(kSlow)};
    const Choice waits = choice_of(devices, 1, 8, kLimits, Time{50});
    ASSERT_EQ(waits.most, 0u);
    ASSERT_LT(waits.wake_at, kNever);
    EXPECT_GT(waits.wake_at, Time{100});
    EXPECT_EQ(choice_of(devices, 1, 8, kLimits, waits.wake_at).most, 8u);
}

TEST(DeviceChoice, ALostDeviceIsNotWaitedFor) {
    std::vector devices{idle(kFast), idle(kSlow)};
    devices[0].takes_work = false;
    EXPECT_EQ(choice_of(devices, 1, 8, kLimits, Time{0}).most, 8u);
}

TEST(DeviceChoice, OfSeveralSlotsTheOneThatIsFreeFirstCounts) {
    std::vector devices{busy(kFast, 10'000), idle(kSlow)};
    EXPECT_EQ(choice_of(devices, 1, 8, kLimits, Time{0}).most, 8u);
    devices[0].busy_until.push_back(Time{10});
    EXPECT_EQ(choice_of(devices, 1, 8, kLimits, Time{0}).most, 0u);
}

TEST(DeviceChoice, WithoutCostsTheFirstFreeDeviceTakesIt) {
    EXPECT_EQ(choice_of(std::vector{idle({}), idle({})}, 0, 8, kLimits, Time{0}).most, 8u);
    EXPECT_EQ(choice_of(std::vector{idle({}), idle({})}, 1, 8, kLimits, Time{0}).most, 0u);
    EXPECT_EQ(choice_of(std::vector{busy({}, 10), idle({})}, 1, 8, kLimits, Time{0}).most, 8u);
}

// Two devices that each leave a batch to the other would never run it; two that both take it would
// not either, but one of them would find it gone.
TEST(DeviceChoice, ExactlyOneFreeDeviceTakesItOrABusyOneIsWaitedForUntilAGivenTime) {
    std::mt19937 random(7);
    const auto uniform = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random);
    };
    for (int round = 0; round < 20'000; ++round) {
        const Time now{uniform(0, 400)};
        std::vector<DeviceState> devices;
        for (int count = uniform(1, 4); count > 0; --count) {
            DeviceState device{
                .costs = uniform(0, 9) == 0 ? CostTable() : costs(uniform(0, 500), uniform(1, 90))};
            device.takes_work = uniform(0, 5) != 0;
            device.free_slots = uniform(0, 1);
            if (device.free_slots == 0)
                for (int batches = uniform(1, 2); batches > 0; --batches)
                    device.busy_until.emplace_back(uniform(0, 1000));
            devices.push_back(std::move(device));
        }
        const auto waiting = static_cast<size_t>(uniform(1, 16));
        int free = 0, taken_whole = 0;
        bool wakes = false, takes_part = false;
        for (size_t mine = 0; mine < devices.size(); ++mine) {
            if (!devices[mine].takes_work || devices[mine].free_slots == 0) continue;
            ++free;
            const Choice choice = choice_of(devices, mine, waiting, kLimits, now);
            taken_whole += choice.most == waiting;
            takes_part = takes_part || choice.most > 0;
            if (choice.wake_at != kNever) {
                wakes = true;
                Time asked = now;
                int times = 0;
                for (Choice next = choice; next.most == 0 && next.wake_at != kNever; ++times) {
                    ASSERT_GT(next.wake_at, asked) << "round " << round;
                    asked = next.wake_at;
                    next = choice_of(devices, mine, waiting, kLimits, asked);
                }
                EXPECT_LE(times, 10) << "round " << round;
            }
        }
        if (free == 0) continue;
        EXPECT_TRUE(taken_whole == 1 || wakes || takes_part) << "round " << round;
    }
}

}  // namespace
}  // namespace facet
