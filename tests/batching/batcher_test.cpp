// SPDX-License-Identifier: MIT
// The Batcher's threads under a clock that stands still, and under load.
#include "engine/batching/batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>

#include "tests/support/manual_clock.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ManualClock;

struct NumberedItem final : BatchItem {
    int number = 0;
};

std::unique_ptr<BatchItem> item_of(OwnerId owner, int number, uint32_t generation = 0) {
    auto item = std::make_unique<NumberedItem>();
    item->owner = owner;
    item->number = number;
    item->generation = generation;
    return item;
}

std::vector<int> numbers(const std::vector<std::unique_ptr<BatchItem>>& items) {
    std::vector<int> result;
    for (const auto& item : items) result.push_back(static_cast<NumberedItem&>(*item).number);
    return result;
}

struct Ran {
    std::vector<int> items;
    Time started;
    StartReason reason;
};

// Remembers what reached it; run() waits while the gate is shut.
class RecordingRunner final : public BatchRunner {
  public:
    void run(Batch batch, int) override {
        MutexLock lock(mutex_);
        ran_.push_back({numbers(batch.items), batch.started, batch.reason});
        ++running_;
        changed_.notify_all();
        while (gate_shut_) changed_.wait(mutex_);
        --running_;
        changed_.notify_all();
    }
    void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason) override {
        MutexLock lock(mutex_);
        for (const int number : numbers(items)) discarded_.push_back(number);
        changed_.notify_all();
    }

    void set_gate_shut(bool shut) {
        MutexLock lock(mutex_);
        gate_shut_ = shut;
        changed_.notify_all();
    }
    std::vector<Ran> wait_for_batches(size_t count) {
        MutexLock lock(mutex_);
        while (ran_.size() < count) changed_.wait(mutex_);
        return ran_;
    }
    void wait_for_running(int count) {
        MutexLock lock(mutex_);
        while (running_ != count) changed_.wait(mutex_);
    }
    void wait_for_discarded(size_t count) {
        MutexLock lock(mutex_);
        while (discarded_.size() < count) changed_.wait(mutex_);
    }
    std::vector<int> discarded() {
        MutexLock lock(mutex_);
        return discarded_;
    }

  private:
    Mutex mutex_;  // guards all below
    CondVar changed_;
    bool gate_shut_ FACET_GUARDED_BY(mutex_) = false;
    int running_ FACET_GUARDED_BY(mutex_) = 0;
    std::vector<Ran> ran_ FACET_GUARDED_BY(mutex_);
    std::vector<int> discarded_ FACET_GUARDED_BY(mutex_);
};

class BatcherTest : public ::testing::Test {
  protected:
    ManualClock clock_;
    RecordingRunner runner_;
};

TEST_F(BatcherTest, StartsABatchAtTheOldestItemsDeadlineAndNotBefore) {
    Batcher batcher({.max_batch = 4, .timeout = Duration{100}, .slots = 1}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    batcher.push(item_of(owner, 1));
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{99});
    clock_.wait_for_waiters(1);
    batcher.push(item_of(owner, 2));
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{1});
    const std::vector<Ran> ran = runner_.wait_for_batches(1);
    EXPECT_THAT(ran[0].items, ElementsAre(1, 2));
    EXPECT_EQ(ran[0].started, Time{100});
    EXPECT_EQ(ran[0].reason, StartReason::kDeadline);
}

TEST_F(BatcherTest, SeesItemsPushedTogetherTogether) {
    Batcher batcher({.max_batch = 4, .timeout = Duration{0}, .slots = 2}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    std::vector<std::unique_ptr<BatchItem>> items;
    for (int number = 1; number <= 3; ++number) items.push_back(item_of(owner, number));
    batcher.push(std::move(items));
    EXPECT_THAT(runner_.wait_for_batches(1)[0].items, ElementsAre(1, 2, 3));
}

TEST_F(BatcherTest, RunsAsManyBatchesAtOnceAsThereAreSlots) {
    runner_.set_gate_shut(true);
    Batcher batcher({.max_batch = 2, .timeout = Duration{100}, .slots = 3}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    std::vector<std::unique_ptr<BatchItem>> items;
    for (int number = 1; number <= 8; ++number) items.push_back(item_of(owner, number));
    batcher.push(std::move(items));
    runner_.wait_for_running(3);
    EXPECT_EQ(batcher.waiting(), 2u);
    runner_.set_gate_shut(false);
    std::vector<std::vector<int>> ran;
    for (const Ran& batch : runner_.wait_for_batches(4)) ran.push_back(batch.items);
    EXPECT_THAT(ran, ::testing::UnorderedElementsAre(ElementsAre(1, 2), ElementsAre(3, 4),
                                                     ElementsAre(5, 6), ElementsAre(7, 8)));
}

TEST_F(BatcherTest, HandsTheDeadlineOfWhatItLeavesToAnotherWorker) {
    runner_.set_gate_shut(true);
    Batcher batcher({.max_batch = 2, .timeout = Duration{100}, .slots = 2}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    std::vector<std::unique_ptr<BatchItem>> items;
    for (int number = 1; number <= 3; ++number) items.push_back(item_of(owner, number));
    batcher.push(std::move(items));
    runner_.wait_for_running(1);
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{100});
    runner_.wait_for_running(2);
    EXPECT_THAT(runner_.wait_for_batches(2)[1].items, ElementsAre(3));
    runner_.set_gate_shut(false);
}

TEST_F(BatcherTest, StartsWhatIsOverdueAsSoonAsASlotIsFree) {
    runner_.set_gate_shut(true);
    Batcher batcher({.max_batch = 2, .timeout = Duration{100}, .slots = 1}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    batcher.push(item_of(owner, 1));
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{100});
    runner_.wait_for_running(1);
    batcher.push(item_of(owner, 2));
    clock_.advance(Duration{150});
    runner_.set_gate_shut(false);
    const std::vector<Ran> ran = runner_.wait_for_batches(2);
    EXPECT_THAT(ran[1].items, ElementsAre(2));
    EXPECT_EQ(ran[1].started, Time{250});
}

TEST_F(BatcherTest, WakesWhenAnOwnersStateMakesWaitingPointless) {
    Batcher batcher({.max_batch = 4, .timeout = Duration{100}, .slots = 1}, clock_, runner_);
    const OwnerId first = batcher.open_owner();
    const OwnerId second = batcher.open_owner();
    EXPECT_NE(first, second);
    batcher.push(item_of(first, 1));
    batcher.set_owner_state(second, OwnerState::kDraining);
    clock_.wait_for_waiters(1);
    batcher.set_owner_state(first, OwnerState::kBlocked);
    EXPECT_EQ(runner_.wait_for_batches(1)[0].reason, StartReason::kAllIn);

    batcher.set_owner_state(first, OwnerState::kActive);
    batcher.push(item_of(first, 2));
    clock_.wait_for_waiters(1);
    batcher.set_owner_state(first, OwnerState::kDraining);
    EXPECT_EQ(runner_.wait_for_batches(2)[1].reason, StartReason::kDrain);
}

TEST_F(BatcherTest, WakesWhenTheLastActiveOwnerCloses) {
    Batcher batcher({.max_batch = 4, .timeout = Duration{100}, .slots = 1}, clock_, runner_);
    const OwnerId blocked = batcher.open_owner();
    const OwnerId active = batcher.open_owner();
    batcher.push(item_of(blocked, 1));
    batcher.push(item_of(active, 2));
    batcher.set_owner_state(blocked, OwnerState::kBlocked);
    clock_.wait_for_waiters(1);
    batcher.close_owner(active);
    EXPECT_THAT(runner_.wait_for_batches(1)[0].items, ElementsAre(1));
    runner_.wait_for_discarded(1);
    EXPECT_THAT(runner_.discarded(), ElementsAre(2));
}

TEST_F(BatcherTest, CancelsOnlyWhatStillWaits) {
    runner_.set_gate_shut(true);
    Batcher batcher({.max_batch = 2, .timeout = Duration{100}, .slots = 1}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    std::vector<std::unique_ptr<BatchItem>> items;
    for (int number = 1; number <= 4; ++number)
        items.push_back(item_of(owner, number, number == 4 ? 1 : 0));
    batcher.push(std::move(items));
    runner_.wait_for_running(1);
    batcher.cancel(owner, 0);
    EXPECT_THAT(runner_.discarded(), ElementsAre(3));
    clock_.advance(Duration{100});
    runner_.set_gate_shut(false);
    const std::vector<Ran> ran = runner_.wait_for_batches(2);
    EXPECT_THAT(ran[0].items, ElementsAre(1, 2));
    EXPECT_THAT(ran[1].items, ElementsAre(4));
}

TEST_F(BatcherTest, DiscardsAnItemWhoseOwnerIsClosed) {
    Batcher batcher({.max_batch = 1, .timeout = Duration{0}, .slots = 1}, clock_, runner_);
    const OwnerId owner = batcher.open_owner();
    batcher.close_owner(owner);
    batcher.push(item_of(owner, 1));
    EXPECT_THAT(runner_.discarded(), ElementsAre(1));
    EXPECT_EQ(batcher.waiting(), 0u);
}

TEST_F(BatcherTest, DiscardsWhatWaitsAndLetsRunningBatchesEndWhenDestroyed) {
    runner_.set_gate_shut(true);
    auto batcher = std::make_unique<Batcher>(BatchLimits{.max_batch = 2, .timeout = Duration{100}},
                                             clock_, runner_);
    const OwnerId owner = batcher->open_owner();
    std::vector<std::unique_ptr<BatchItem>> items;
    for (int number = 1; number <= 3; ++number) items.push_back(item_of(owner, number));
    batcher->push(std::move(items));
    runner_.wait_for_running(1);
    std::thread destroyer([&] { batcher.reset(); });
    runner_.wait_for_discarded(1);
    runner_.wait_for_running(1);
    runner_.set_gate_shut(false);
    destroyer.join();
    runner_.wait_for_running(0);
    EXPECT_THAT(runner_.wait_for_batches(1)[0].items, ElementsAre(1, 2));
    EXPECT_THAT(runner_.discarded(), ElementsAre(3));
}

TEST_F(BatcherTest, StopsWithIdleWorkers) {
    Batcher batcher({.max_batch = 2, .timeout = Duration{100}, .slots = 4}, clock_, runner_);
    clock_.wait_for_waiters(4);
}

// Counts how often each number reaches it, and calls back into the Batcher as a user may.
class CountingRunner final : public BatchRunner {
  public:
    explicit CountingRunner(size_t items) : seen_(items) {}
    void run(Batch batch, int) override {
        EXPECT_LE(batch.items.size(), 5u);
        (void)batcher->waiting();
        count(batch.items);
    }
    void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason) override {
        count(items);
    }
    [[nodiscard]] bool each_once() const {
        return std::ranges::all_of(seen_, [](const std::atomic<int>& n) { return n == 1; });
    }

    Batcher* batcher = nullptr;  // set before the first push

  private:
    void count(const std::vector<std::unique_ptr<BatchItem>>& items) {
        for (const int number : numbers(items)) ++seen_[number];
    }
    std::vector<std::atomic<int>> seen_;
};

TEST(Batcher, BringsEveryItemToTheRunnerExactlyOnceUnderLoad) {
    constexpr int kThreads = 4, kItemsEach = 4'000;
    CountingRunner runner(kThreads * kItemsEach);
    {
        Batcher batcher({.max_batch = 5, .timeout = Duration{20'000}, .slots = 3}, steady_clock(),
                        runner);
        runner.batcher = &batcher;
        std::vector<std::thread> streams;
        for (int stream = 0; stream < kThreads; ++stream)
            streams.emplace_back([&batcher, stream] {
                std::mt19937 random(stream);
                OwnerId owner = batcher.open_owner();
                uint32_t generation = 0;
                for (int i = 0; i < kItemsEach; ++i) {
                    batcher.push(item_of(owner, stream * kItemsEach + i, generation));
                    const unsigned dice = random() % 64;
                    if (dice == 0) batcher.cancel(owner, generation++);
                    if (dice == 1) batcher.set_owner_state(owner, OwnerState::kBlocked);
                    if (dice == 2) batcher.set_owner_state(owner, OwnerState::kActive);
                    if (dice == 3) batcher.set_owner_state(owner, OwnerState::kDraining);
                    if (dice == 4) {
                        batcher.close_owner(owner);
                        owner = batcher.open_owner();
                    }
                }
            });
        for (std::thread& stream : streams) stream.join();
    }
    EXPECT_TRUE(runner.each_once());
}

TEST_F(BatcherTest, FreeSlotsShareABatch) {
    runner_.set_gate_shut(true);
    const CostTable in_step({{1, Duration{1'000'000}}, {16, Duration{16'000'000}}});
    Batcher batcher({.max_batch = 16, .timeout = Duration{5'000'000}, .slots = 2}, clock_, runner_,
                    {.costs = in_step});
    const OwnerId owner = batcher.open_owner();
    std::vector<std::unique_ptr<BatchItem>> frame;
    for (int number = 0; number < 16; ++number) frame.push_back(item_of(owner, number));
    batcher.push(std::move(frame));
    const std::vector<Ran> ran = runner_.wait_for_batches(2);
    EXPECT_THAT(ran[0].items, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    EXPECT_THAT(ran[1].items, ElementsAre(8, 9, 10, 11, 12, 13, 14, 15));
    EXPECT_EQ(to_string(ran[1].reason), "full");
    runner_.set_gate_shut(false);
}

TEST_F(BatcherTest, NobodySharesABatchWhileAnotherSessionHasTheRestOfTheDevice) {
    const auto gate = std::make_shared<DeviceGate>();
    const DeviceGate::User other = gate->add_user(2);
    gate->ask(other);
    gate->enter(other);
    const CostTable in_step({{1, Duration{1'000'000}}, {16, Duration{16'000'000}}});
    Batcher batcher({.max_batch = 16, .timeout = Duration{5'000'000}, .slots = 2}, clock_, runner_,
                    {.costs = in_step, .gate = gate});
    const OwnerId owner = batcher.open_owner();
    std::vector<std::unique_ptr<BatchItem>> frame;
    for (int number = 0; number < 16; ++number) frame.push_back(item_of(owner, number));
    batcher.push(std::move(frame));
    EXPECT_EQ(runner_.wait_for_batches(1)[0].items.size(), 16u);
    gate->leave(other, Duration{1}, false);
}

}  // namespace
}  // namespace facet
