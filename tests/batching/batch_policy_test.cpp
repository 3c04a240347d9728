// SPDX-License-Identifier: MIT
// The policy's rules and their order.
#include "engine/batching/batch_policy.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

const BatchLimits kLimits{.max_batch = 4, .timeout = Duration{100}};

Decision decide(const BatchLimits& limits, const QueueView& queue, Time now) {
    return deadline_policy().decide(limits, queue, {}, now);
}

void expect_start(const Decision& decision, StartReason reason, size_t count) {
    EXPECT_EQ(decision.kind, Decision::Kind::kStart);
    EXPECT_EQ(to_string(decision.reason), to_string(reason));
    EXPECT_EQ(decision.count, count);
}

TEST(BatchPolicy, SleepsForEverWhileNothingWaits) {
    const QueueView empty{.more_can_come = false};
    const Decision decision = decide(kLimits, empty, Time{5});
    EXPECT_EQ(decision.kind, Decision::Kind::kSleep);
    EXPECT_EQ(decision.wake_at, kNever);
}

TEST(BatchPolicy, SleepsUntilTheEarliestDeadlineWhileMoreCanCome) {
    const Decision decision =
        decide(kLimits, {.waiting = 3, .earliest_deadline = Time{80}}, Time{79});
    EXPECT_EQ(decision.kind, Decision::Kind::kSleep);
    EXPECT_EQ(decision.wake_at, Time{80});
}

TEST(BatchPolicy, StartsAtTheDeadlineWithWhatIsThere) {
    expect_start(decide(kLimits, {.waiting = 3, .earliest_deadline = Time{80}}, Time{80}),
                 StartReason::kDeadline, 3);
}

TEST(BatchPolicy, NeverTakesMoreThanMaxBatch) {
    expect_start(decide(kLimits, {.waiting = 9, .earliest_deadline = Time{80}}, Time{0}),
                 StartReason::kFull, 4);
}

TEST(BatchPolicy, StartsEarlyForADrainingOwnerAndWhenAllAreIn) {
    expect_start(
        decide(kLimits, {.waiting = 3, .earliest_deadline = Time{80}, .draining = 1}, Time{0}),
        StartReason::kDrain, 3);
    expect_start(
        decide(kLimits, {.waiting = 2, .earliest_deadline = Time{80}, .more_can_come = false},
               Time{0}),
        StartReason::kAllIn, 2);
}

TEST(BatchPolicy, NamesTheFirstReasonThatHolds) {
    QueueView all{
        .waiting = 4, .earliest_deadline = Time{0}, .draining = 1, .more_can_come = false};
    EXPECT_EQ(decide(kLimits, all, Time{1}).reason, StartReason::kFull);
    all.waiting = 3;
    EXPECT_EQ(decide(kLimits, all, Time{1}).reason, StartReason::kDeadline);
    all.earliest_deadline = Time{2};
    EXPECT_EQ(decide(kLimits, all, Time{1}).reason, StartReason::kDrain);
    all.draining = 0;
    EXPECT_EQ(decide(kLimits, all, Time{1}).reason, StartReason::kAllIn);
}

// 1 ms and 0.3 ms per row: a device of 2.76 items per millisecond at 16.
const CostTable kCosts({{1, Duration{1'300'000}}, {16, Duration{5'800'000}}});
const BatchLimits kDevice{.max_batch = 16, .timeout = Duration{10'000'000}};

Decision idle_or_sleep(size_t waiting, double arrivals_per_second, bool back_pressure = false,
                       const CostTable& costs = kCosts) {
    return deadline_policy().decide(kDevice,
                                    {.waiting = waiting,
                                     .earliest_deadline = Time{10'000'000},
                                     .back_pressure = back_pressure,
                                     .arrivals_per_second = arrivals_per_second},
                                    costs, Time{0});
}

TEST(BatchPolicy, StartsAtOnceWhileTheDeviceKeepsUp) {
    expect_start(idle_or_sleep(1, 1'000), StartReason::kIdle, 1);
    EXPECT_EQ(idle_or_sleep(1, 2'000).kind, Decision::Kind::kSleep);
    EXPECT_EQ(idle_or_sleep(3, 2'200).kind, Decision::Kind::kSleep);
    expect_start(idle_or_sleep(4, 2'200), StartReason::kIdle, 4);
}

TEST(BatchPolicy, GathersUnderBackPressureUntilTheDeviceKeepsUpWithTimeToSpare) {
    EXPECT_EQ(idle_or_sleep(4, 2'200, true).kind, Decision::Kind::kSleep);
    expect_start(idle_or_sleep(12, 2'200, true), StartReason::kIdle, 12);
}

TEST(BatchPolicy, StartsWhenNobodyWillComeInTimeToMakeItCheaper) {
    const CostTable slow({{1, Duration{9'000'000}}, {2, Duration{9'100'000}}});
    EXPECT_EQ(idle_or_sleep(1, 500, true, slow).kind, Decision::Kind::kSleep)
        << "five may come within the slack";
    expect_start(idle_or_sleep(1, 99, true, slow), StartReason::kIdle, 1);
    const CostTable flat({{1, Duration{9'000'000}}, {16, Duration{144'000'000}}});
    expect_start(idle_or_sleep(1, 5'000, true, flat), StartReason::kIdle, 1);
}

TEST(BatchPolicy, KnowsNothingOfIdlingWithoutCosts) {
    EXPECT_EQ(idle_or_sleep(1, 0, false, {}).kind, Decision::Kind::kSleep);
}

TEST(BatchPolicy, StartsByTheDueTimeLessTheBatchsCostAndTheMargin) {
    BatchLimits limits = kDevice;
    limits.margin = Duration{500'000};
    QueueView queue{.waiting = 2,
                    .earliest_deadline = Time{10'000'000},
                    .earliest_due = Time{8'000'000},
                    .arrivals_per_second = 1e6};
    const Decision sleep = deadline_policy().decide(limits, queue, kCosts, Time{0});
    EXPECT_EQ(sleep.wake_at, Time{8'000'000 - 1'600'000 - 500'000});
    EXPECT_EQ(deadline_policy().decide(limits, queue, kCosts, sleep.wake_at).reason,
              StartReason::kDeadline);
    queue.waiting = 12;
    EXPECT_EQ(deadline_policy().decide(limits, queue, kCosts, Time{0}).wake_at,
              Time{8'000'000 - 4'600'000 - 500'000});
}

TEST(BatchPolicy, LetsFillersRideAlongButNotStartOrFillABatch) {
    QueueView queue{.waiting = 0, .earliest_deadline = Time{100}, .fillers = 30};
    EXPECT_EQ(deadline_policy().decide(kDevice, queue, kCosts, Time{0}).kind,
              Decision::Kind::kSleep);
    queue.waiting = 3;
    expect_start(deadline_policy().decide(kDevice, queue, kCosts, Time{0}), StartReason::kIdle, 16);
    queue.waiting = 0;
    expect_start(deadline_policy().decide(kDevice, queue, kCosts, Time{100}),
                 StartReason::kDeadline, 16);
}

// Of one owner with one item beside a crowd.
QueueView crowd(size_t others, double arrivals_per_second = 1'000) {
    return {.waiting = 1 + others,
            .earliest_deadline = Time{10'000'000},
            .shares = {others, 1},
            .arrivals_per_second = arrivals_per_second};
}

// A tenth of a row to start.
const CostTable kLinear({{1, Duration{330'000}}, {16, Duration{4'830'000}}});

size_t started(const QueueView& queue, const CostTable& costs, BatchLimits limits = kDevice) {
    return deadline_policy().decide(limits, queue, costs, Time{0}).count;
}

TEST(BatchPolicy, DoesNotLetTheOneWaitForTheCrowdWhereASmallBatchCostsLittle) {
    EXPECT_EQ(started(crowd(60), kLinear), 2u) << "one of each";
    EXPECT_EQ(started(crowd(12), kLinear), 2u);
    QueueView two_rounds = crowd(60);
    two_rounds.shares = {57, 2, 2};
    EXPECT_EQ(started(two_rounds, kLinear), 6u) << "two of each";
}

TEST(BatchPolicy, StartsAWholeBatchWhereCuttingItWouldNotPay) {
    const CostTable all_overhead({{1, Duration{4'000'000}}, {16, Duration{4'800'000}}});
    EXPECT_EQ(started(crowd(60), all_overhead), 16u) << "nothing saved";
    EXPECT_EQ(started(crowd(6), kLinear), 7u) << "less than half a full batch saved";
    EXPECT_EQ(started(crowd(60, 3'280), kLinear), 16u) << "the device hardly keeps up";
    EXPECT_EQ(started(crowd(60, 9'000), kLinear), 16u) << "the device does not keep up";
    EXPECT_EQ(started(crowd(60), {}), 16u) << "costs are not known";
    QueueView alone = crowd(60);
    alone.shares = {61};
    EXPECT_EQ(started(alone, kLinear), 16u);
    QueueView alike = crowd(60);
    alike.shares = {30, 31};
    EXPECT_EQ(started(alike, kLinear), 16u);
    QueueView pressed = crowd(60);
    pressed.back_pressure = true;
    EXPECT_EQ(started(pressed, kLinear), 16u);
}

TEST(BatchPolicy, PadsWhatGoesAheadOfACrowdToAProfile) {
    BatchLimits limits = kDevice;
    limits.profiles = {1, 4, 16};
    QueueView queue = crowd(60);
    queue.shares = {59, 1, 1};
    const Decision decision = deadline_policy().decide(limits, queue, kLinear, Time{0});
    EXPECT_EQ(decision.count, 3u);
    EXPECT_EQ(decision.run_size, 4u);
}

TEST(BatchPolicy, KeepsFillersInTheRoomOfABatchWhoeverWaits) {
    QueueView queue = crowd(2);
    queue.fillers = 20;
    EXPECT_EQ(started(queue, kLinear), 16u);
}

TEST(BatchSize, PadsUpOrSplitsOverProfilesWhicheverIsCheaper) {
    const BatchLimits limits{.max_batch = 8, .profiles = {1, 4, 8}};
    const auto size = [&](size_t waiting, const CostTable& costs) {
        const BatchSize best = best_size(limits, costs, waiting);
        return std::pair(best.count, best.run_size);
    };
    EXPECT_EQ(size(5, {}), std::pair(size_t{5}, size_t{8})) << "without costs: padded up";
    const CostTable even({{1, Duration{10}}, {4, Duration{40}}, {8, Duration{80}}});
    EXPECT_EQ(size(5, even), std::pair(size_t{4}, size_t{4})) << "4 + 1 cost 50, padded 80";
    const CostTable overhead({{1, Duration{50}}, {4, Duration{60}}, {8, Duration{75}}});
    EXPECT_EQ(size(5, overhead), std::pair(size_t{5}, size_t{8}));
    EXPECT_EQ(size(2, overhead), std::pair(size_t{2}, size_t{4}));
    EXPECT_EQ(size(20, even).first, 8u);
}

TEST(BatchSize, CutsABatchThatCostsMoreThanItsParts) {
    const BatchLimits limits{.max_batch = 16};
    const CostTable out_of_cache({{8, Duration{80}}, {16, Duration{200}}});
    EXPECT_EQ(best_size(limits, out_of_cache, 16).count, 8u);
    const CostTable nearly({{8, Duration{80}}, {16, Duration{170}}});
    EXPECT_EQ(best_size(limits, nearly, 16).count, 16u);
}

// Milliseconds: 1 row 1, 16 rows 16.
CostTable in_step() {
    return CostTable({{1, Duration{1'000'000}}, {16, Duration{16'000'000}}});
}

Decision shared(size_t waiting, int free_slots, const CostTable& costs, BatchLimits limits,
                double arrivals_per_second = 0) {
    const QueueView queue{.waiting = waiting,
                          .earliest_deadline = Time{0},
                          .arrivals_per_second = arrivals_per_second,
                          .free_slots = free_slots};
    return deadline_policy().decide(limits, queue, costs, Time{0});
}

TEST(BatchPolicy, FreeSlotsShareABatchThatIsDoneSoonerSo) {
    const BatchLimits limits{.max_batch = 16, .slots = 2};
    const Decision both = shared(9, 2, in_step(), limits);
    EXPECT_EQ(both.count, 5u);
    EXPECT_EQ(both.run_size, 5u);
    EXPECT_EQ(both.left, 4u);
    EXPECT_EQ(shared(9, 1, in_step(), limits).count, 9u) << "the other slot is busy";
    EXPECT_EQ(shared(1, 2, in_step(), limits).left, 0u);
}

TEST(BatchPolicy, NobodySharesWhatIsDoneNoSooner) {
    const BatchLimits limits{.max_batch = 16, .slots = 2};
    const CostTable level({{1, Duration{10'000'000}}, {16, Duration{10'500'000}}});
    EXPECT_EQ(shared(16, 2, level, limits).count, 16u);
    const CostTable tiny({{1, Duration{1'000}}, {16, Duration{16'000}}});
    EXPECT_EQ(shared(16, 2, tiny, limits).count, 16u) << "waking a thread takes longer";
}

TEST(BatchPolicy, NobodySharesWhereTheDeviceHasNoTimeForTheWorkThatTakes) {
    const BatchLimits limits{.max_batch = 16, .slots = 2};
    // Halves take 3 ms each, the whole 4: half as much work again.
    const CostTable dear(
        {{1, Duration{2'000'000}}, {8, Duration{3'000'000}}, {16, Duration{4'000'000}}});
    EXPECT_EQ(shared(16, 2, dear, limits, 1'000).left, 8u);
    EXPECT_EQ(shared(16, 2, dear, limits, 5'000).left, 0u) << "0.94 of its time";
}

TEST(BatchPolicy, WhatASharedBatchLeftStartsOnTheNextSlot) {
    const BatchLimits limits{.max_batch = 16, .slots = 2};
    const QueueView queue{
        .waiting = 6, .earliest_deadline = kNever, .left = 4, .left_reason = StartReason::kAllIn};
    expect_start(deadline_policy().decide(limits, queue, in_step(), Time{0}), StartReason::kAllIn,
                 4);
}

TEST(BatchPolicy, SharesOfABatchAreProfiles) {
    const BatchLimits limits{.max_batch = 8, .profiles = {1, 4, 8}, .slots = 2};
    const Decision both = shared(8, 2, in_step(), limits);
    EXPECT_EQ(both.left, 4u);
    EXPECT_EQ(both.run_size, 4u);
}

}  // namespace
}  // namespace facet
