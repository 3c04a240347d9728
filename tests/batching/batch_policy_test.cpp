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

}  // namespace
}  // namespace facet
