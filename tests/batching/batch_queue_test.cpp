// SPDX-License-Identifier: MIT
// Scenarios on the pure queue whose outcome is a list of batches.
#include "engine/batching/batch_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct NamedItem final : BatchItem {
    std::string name;
};

std::string names(const std::vector<std::unique_ptr<BatchItem>>& items) {
    std::string text;
    for (const auto& item : items)
        text += (text.empty() ? "" : " ") + static_cast<const NamedItem&>(*item).name;
    return text;
}

// Owners 'a', 'b', ...; a slot is always free; batches read "<time> <reason>: <items>".
class Scenario {
  public:
    Scenario(int max_batch, int64_t timeout, const std::string& owners)
        : queue_({.max_batch = max_batch, .timeout = Duration{timeout}}) {
        for (const char owner : owners) queue_.open_owner(owner);
    }

    // Name: the owner's letter and any number.
    void arrives(int64_t at, const std::string& name, uint32_t generation = 0,
                 std::optional<int64_t> deadline = {}) {
        advance(at);
        auto item = std::make_unique<NamedItem>();
        item->owner = name[0];
        item->generation = generation;
        if (deadline) item->deadline = Time{*deadline};
        item->name = name;
        queue_.push(std::move(item), Time{at});
    }
    void turns(int64_t at, char owner, OwnerState state) {
        advance(at);
        queue_.set_owner_state(owner, state);
    }
    std::string cancelled(int64_t at, char owner, uint32_t generation) {
        advance(at);
        return names(queue_.cancel(owner, generation));
    }
    std::string closed(int64_t at, char owner) {
        advance(at);
        return names(queue_.close_owner(owner));
    }
    std::vector<std::string> batches_until(int64_t at) {
        advance(at);
        settle();
        return batches_;
    }

  private:
    // Several changes at one instant are seen together: the queue settles when time moves on.
    void advance(int64_t to) {
        if (Time{to} == now_) return;
        for (;;) {
            settle();
            const Time wake_at = queue_.decide(now_).wake_at;
            if (wake_at > Time{to}) break;
            now_ = wake_at;
        }
        now_ = Time{to};
    }
    void settle() {
        for (;;) {
            const Decision decision = queue_.decide(now_);
            if (decision.kind == Decision::Kind::kSleep) return;
            const Batch batch = queue_.take(decision, now_);
            batches_.push_back(std::to_string(now_.count()) + " " +
                               std::string(to_string(batch.reason)) + ": " + names(batch.items));
        }
    }

    BatchQueue queue_;
    Time now_{0};
    std::vector<std::string> batches_;
};

TEST(BatchQueue, ClosesUnderfullBatchAtDeadline) {
    Scenario scenario(4, 100, "ab");
    scenario.arrives(10, "a1");
    scenario.arrives(50, "b1");
    EXPECT_THAT(scenario.batches_until(109), IsEmpty());
    EXPECT_THAT(scenario.batches_until(500), ElementsAre("110 deadline: a1 b1"));
}

TEST(BatchQueue, StartsTheTimerAtTheOldestItemAndNeverRestartsIt) {
    Scenario scenario(8, 100, "a");
    for (int i = 0; i < 7; ++i)
        scenario.arrives(i * 30, std::string("a").append(std::to_string(i)));
    EXPECT_THAT(scenario.batches_until(1000),
                ElementsAre("100 deadline: a0 a1 a2 a3", "220 deadline: a4 a5 a6"));
}

TEST(BatchQueue, ClosesAFullBatchAtOnceAndKeepsTheRest) {
    Scenario scenario(2, 100, "ab");
    for (const char* name : {"a1", "a2", "b1", "b2", "b3"}) scenario.arrives(5, name);
    EXPECT_THAT(scenario.batches_until(1000),
                ElementsAre("5 full: a1 b1", "5 full: a2 b2", "105 deadline: b3"));
}

TEST(BatchQueue, StartsWithWhateverWaitsWhenTheTimeoutIsZero) {
    Scenario scenario(4, 0, "a");
    scenario.arrives(3, "a1");
    scenario.arrives(3, "a2");
    EXPECT_THAT(scenario.batches_until(3), ElementsAre("3 deadline: a1 a2"));
}

TEST(BatchQueue, TakesTheEarliestDeadlineAcrossOwnersFirst) {
    Scenario scenario(2, 100, "abc");
    scenario.arrives(0, "a1");
    scenario.arrives(0, "b1", 0, 50);
    scenario.arrives(0, "c1", 0, 20);
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("0 full: c1 b1", "100 deadline: a1"));
}

TEST(BatchQueue, KeepsAnOwnersOrderAndLendsItsFirstTheUrgencyOfItsLast) {
    Scenario scenario(3, 100, "ab");
    scenario.arrives(0, "b1", 0, 60);
    scenario.arrives(0, "b2", 0, 60);
    scenario.arrives(0, "a1");
    scenario.arrives(0, "a2", 0, 30);
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("0 full: a1 b1 a2", "60 deadline: b2"));
}

TEST(BatchQueue, NeverMovesADeadlineBeyondTheTimeout) {
    Scenario scenario(4, 100, "a");
    scenario.arrives(10, "a1", 0, 5000);
    EXPECT_THAT(scenario.batches_until(6000), ElementsAre("110 deadline: a1"));
}

TEST(BatchQueue, StartsADrainingOwnersItemsAtOnceAndTakesOthersAlong) {
    Scenario scenario(4, 100, "ab");
    scenario.arrives(0, "a1");
    scenario.arrives(10, "b1");
    scenario.turns(20, 'b', OwnerState::kDraining);
    scenario.arrives(30, "a2");
    scenario.arrives(40, "b2");
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("20 drain: a1 b1", "40 drain: a2 b2"));
}

TEST(BatchQueue, DoesNotWaitForADrainingOwnerWithNothingWaiting) {
    Scenario scenario(4, 100, "ab");
    scenario.arrives(0, "a1");
    scenario.turns(10, 'b', OwnerState::kDraining);
    EXPECT_THAT(scenario.batches_until(50), IsEmpty());
    scenario.turns(60, 'a', OwnerState::kBlocked);
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("60 all-in: a1"));
}

TEST(BatchQueue, StartsWhenEveryOwnerIsBlocked) {
    Scenario scenario(4, 100, "ab");
    scenario.arrives(0, "a1");
    scenario.turns(0, 'a', OwnerState::kBlocked);
    scenario.arrives(10, "b1");
    EXPECT_THAT(scenario.batches_until(20), IsEmpty());
    scenario.turns(30, 'b', OwnerState::kBlocked);
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("30 all-in: a1 b1"));
}

TEST(BatchQueue, StartsWhenTheLastActiveOwnerCloses) {
    Scenario scenario(4, 100, "ab");
    scenario.arrives(0, "a1");
    scenario.turns(0, 'a', OwnerState::kBlocked);
    EXPECT_THAT(scenario.batches_until(20), IsEmpty());
    EXPECT_EQ(scenario.closed(30, 'b'), "");
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("30 all-in: a1"));
}

TEST(BatchQueue, CancelsUpToAGenerationAndNobodyElse) {
    Scenario scenario(8, 100, "ab");
    scenario.arrives(0, "a1", 0);
    scenario.arrives(5, "b1", 0);
    scenario.arrives(10, "a2", 1);
    scenario.arrives(20, "a3", 2);
    EXPECT_EQ(scenario.cancelled(30, 'a', 1), "a1 a2");
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("105 deadline: b1 a3"));
}

TEST(BatchQueue, ForgetsTheDeadlineOfACancelledItem) {
    Scenario scenario(8, 100, "a");
    scenario.arrives(0, "a1", 0, 20);
    scenario.arrives(10, "a2", 1);
    EXPECT_EQ(scenario.cancelled(15, 'a', 0), "a1");
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("110 deadline: a2"));
}

TEST(BatchQueue, GivesBackWhatAClosedOwnerHadWaiting) {
    Scenario scenario(8, 100, "ab");
    scenario.arrives(0, "a1");
    scenario.arrives(0, "b1");
    scenario.arrives(0, "a2");
    EXPECT_EQ(scenario.closed(10, 'a'), "a1 a2");
    EXPECT_EQ(scenario.closed(10, 'a'), "");
    EXPECT_THAT(scenario.batches_until(1000), ElementsAre("100 deadline: b1"));
}

TEST(BatchQueue, WaitsForEverWithTheLongestTimeout) {
    Scenario scenario(2, kNever.count(), "a");
    scenario.arrives(1000, "a1");
    EXPECT_THAT(scenario.batches_until(1'000'000'000), IsEmpty());
}

BatchItem item_of(OwnerId owner) {
    BatchItem item;
    item.owner = owner;
    return item;
}
void push(BatchQueue& queue, int count, const BatchItem& like, Time now = Time{0}) {
    for (int i = 0; i < count; ++i) queue.push(std::make_unique<BatchItem>(like), now);
}
std::map<OwnerId, int> shares(const Batch& batch) {
    std::map<OwnerId, int> counts;
    for (const auto& item : batch.items) ++counts[item->owner];
    return counts;
}
Batch take_now(BatchQueue& queue, Time now) {
    const Decision decision = queue.decide(now);
    EXPECT_EQ(decision.kind, Decision::Kind::kStart);
    return queue.take(decision, now);
}

TEST(BatchQueue, TakesAFaceAmongACrowdIntoTheNextBatch) {
    BatchQueue queue({.max_batch = 16, .timeout = Duration{100}});
    queue.open_owner(1);
    queue.open_owner(2);
    push(queue, 60, item_of(1));
    for (int64_t frame = 1; frame <= 3; ++frame) {
        push(queue, 1, item_of(2), Time{frame});
        EXPECT_EQ(shares(take_now(queue, Time{frame}))[2], 1) << "frame " << frame;
    }
}

TEST(BatchQueue, SharesABatchByWeightAndGivesWhatIsNotUsedToTheRest) {
    BatchQueue queue({.max_batch = 12, .timeout = Duration{100}});
    for (const OwnerId owner : {1, 2, 3}) queue.open_owner(owner);
    queue.set_owner_weight(1, 3);
    for (const OwnerId owner : {1, 2}) push(queue, 40, item_of(owner));
    std::map<OwnerId, int> shared = shares(take_now(queue, Time{0}));
    EXPECT_EQ(shared[1], 9);
    EXPECT_EQ(shared[2], 3);
    push(queue, 2, item_of(3));
    shared = shares(take_now(queue, Time{0}));
    EXPECT_EQ(shared[3], 2);
    EXPECT_NEAR(shared[1], 7.5, 1);
}

TEST(BatchQueue, TakesDueFillersFirstAndOthersIntoSpareRoom) {
    BatchQueue queue({.max_batch = 4, .timeout = Duration{100}});
    queue.open_owner(1);
    BatchItem filler = item_of(1);
    filler.filler = true;
    push(queue, 3, filler);
    EXPECT_EQ(queue.decide(Time{0}).wake_at, Time{100});
    push(queue, 4, item_of(1), Time{1});
    for (const auto& item : take_now(queue, Time{1}).items) EXPECT_FALSE(item->filler);
    push(queue, 4, item_of(1), Time{100});
    const Batch batch = take_now(queue, Time{100});
    EXPECT_EQ(std::ranges::count(batch.items, true, [](const auto& i) { return i->filler; }), 3);
}

TEST(BatchQueue, FindsOutThatABatchSizeItAvoidsIsNotAsDearAsItWasMeasured) {
    // Something disturbed the measurement of eight: in truth every row costs 10.
    BatchQueue queue({.max_batch = 8, .timeout = Duration{0}},
                     CostTable({{1, Duration{10}}, {4, Duration{40}}, {8, Duration{160}}}));
    queue.open_owner(1);
    Time now{0};
    const auto next_size = [&] {
        push(queue, 8, item_of(1), ++now);
        size_t largest = 0;
        while (queue.waiting() > 0) {
            const size_t size = take_now(queue, now).items.size();
            largest = std::max(largest, size);
            queue.observe(static_cast<int>(size), Duration{10} * static_cast<int64_t>(size));
        }
        return largest;
    };
    EXPECT_EQ(next_size(), 4u);
    for (int i = 0; i < 1'500; ++i) (void)next_size();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(next_size(), 8u);
}

TEST(BatchQueue, ForgetsWhatASharedBatchLeftOnceThatIsCancelled) {
    BatchQueue queue({.max_batch = 8, .timeout = Duration{100}, .slots = 2});
    queue.open_owner(1);
    push(queue, 4, item_of(1), Time{0});
    Decision half{Decision::Kind::kStart, StartReason::kAllIn, 2, 2};
    half.left = 2;
    EXPECT_EQ(queue.take(half, Time{0}).items.size(), 2u);
    EXPECT_EQ(queue.decide(Time{1}).kind, Decision::Kind::kStart);
    EXPECT_EQ(queue.cancel(1, 0).size(), 2u);
    push(queue, 1, item_of(1), Time{2});
    EXPECT_EQ(queue.decide(Time{2}).kind, Decision::Kind::kSleep) << "it has its own timeout";
}

TEST(BatchQueue, ShedsAsFewAsPossibleTheSmallestFirst) {
    BatchQueue queue({.max_batch = 2, .timeout = Duration{1000}},
                     CostTable({{1, Duration{10}}, {2, Duration{10}}}));
    queue.open_owner(1);
    queue.open_owner(2);
    BatchItem item = item_of(1);
    item.due = Time{25};  // two batches of two, so four items
    for (const double area : {5, 1, 3, 1, 4, 9}) {
        item.value = area;
        push(queue, 1, item);
    }
    EXPECT_TRUE(queue.shed(Time{0}, 1).empty()) << "the owner has not agreed";
    queue.set_owner_sheds(1, true);
    std::vector<uint64_t> shed;
    for (const auto& gone : queue.shed(Time{0}, 1)) shed.push_back(gone->order);
    EXPECT_THAT(shed, ElementsAre(1, 3));
    EXPECT_TRUE(queue.shed(Time{0}, 1).empty());
    EXPECT_EQ(queue.shed(Time{10}, 1).size(), 2u);
}

TEST(BatchQueue, ShedsFillersBeforeItemsHoweverSmall) {
    BatchQueue queue({.max_batch = 2, .timeout = Duration{1000}},
                     CostTable({{1, Duration{10}}, {2, Duration{10}}}));
    queue.open_owner(1);
    queue.set_owner_sheds(1, true);
    BatchItem item = item_of(1);
    item.due = Time{25};
    item.value = 100;
    item.filler = true;
    push(queue, 2, item);
    item.value = 1;
    item.filler = false;
    push(queue, 3, item);
    const auto shed = queue.shed(Time{0}, 1);
    ASSERT_EQ(shed.size(), 1u);
    EXPECT_EQ(shed[0]->order, 1u) << "the later filler";
    EXPECT_EQ(queue.waiting(), 4u);
}

TEST(BatchQueue, FillersOfOthersTakeNoRoomFromItemsBeforeTheirDeadline) {
    BatchQueue queue({.max_batch = 2, .timeout = Duration{1000}},
                     CostTable({{1, Duration{10}}, {2, Duration{10}}}));
    queue.open_owner(1);
    queue.open_owner(2);
    queue.set_owner_sheds(1, true);
    BatchItem filler = item_of(2);
    filler.filler = true;
    filler.due = Time{20};
    filler.deadline = Time{5};
    push(queue, 4, filler);
    BatchItem item = item_of(1);
    item.due = Time{25};
    push(queue, 4, item);
    EXPECT_TRUE(queue.shed(Time{4}, 1).empty());
    EXPECT_EQ(queue.shed(Time{5}, 1).size(), 4u) << "now the fillers go first";
}

TEST(BatchQueue, ExpectsToWaitForWhatIsAhead) {
    BatchQueue queue({.max_batch = 2, .timeout = Duration{1000}},
                     CostTable({{1, Duration{10}}, {2, Duration{15}}}));
    queue.open_owner(1);
    EXPECT_EQ(queue.expected_wait(1), Duration{1000});
    EXPECT_EQ(queue.expected_wait(0), Duration{15});
    push(queue, 5, item_of(1));
    EXPECT_EQ(queue.expected_wait(1), Duration{30});
    EXPECT_EQ(queue.expected_wait(0), Duration{45});
}

// Items come at a rate at which one alone starts at once, unless arrivals may be the device's echo.
class BackPressure : public ::testing::Test {
  protected:
    static constexpr int64_t kMs = 1'000'000;

    BackPressure() {
        for (const OwnerId owner : {1, 2}) queue_.open_owner(owner);
        while (now_ < Time{2000 * kMs}) tick();
    }
    // The next item of owner 1; takes whatever starts.
    Decision tick(OwnerId owner = 1) {
        now_ += Duration{10 * kMs};
        push(queue_, 1, item_of(owner), now_);
        const Decision decision = queue_.decide(now_);
        if (decision.kind == Decision::Kind::kStart) static_cast<void>(queue_.take(decision, now_));
        return decision;
    }

    BatchQueue queue_{{.max_batch = 8, .timeout = Duration{100 * kMs}},
                      CostTable({{1, Duration{10 * kMs}}, {8, Duration{20 * kMs}}})};
    Time now_{0};
};

TEST_F(BackPressure, IsWhatTheDeviceDoesToAnOwner) {
    EXPECT_EQ(tick(2).reason, StartReason::kIdle);
    queue_.set_owner_state(2, OwnerState::kBlocked);
    EXPECT_EQ(tick().kind, Decision::Kind::kSleep) << "one was in the last batch and is blocked";
}

TEST_F(BackPressure, IsNotThatAnOwnerWaitsForSomethingElse) {
    queue_.set_owner_state(2, OwnerState::kBlocked);
    EXPECT_EQ(tick().reason, StartReason::kIdle);
}

TEST_F(BackPressure, EndsWhenABlockedOwnerHasHadNoneForAWhile) {
    static_cast<void>(tick(2));
    queue_.set_owner_state(2, OwnerState::kBlocked);
    for (int i = 0; i < 100; ++i) static_cast<void>(tick());
    EXPECT_EQ(tick().reason, StartReason::kIdle);
    push(queue_, 1, item_of(2), now_);
    queue_.set_owner_state(2, OwnerState::kBlocked);
    static_cast<void>(tick());
    EXPECT_EQ(tick().kind, Decision::Kind::kSleep) << "it has items again";
}

}  // namespace
}  // namespace facet
