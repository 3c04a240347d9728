// SPDX-License-Identifier: MIT
// A Batcher with two devices of unlike speed, under a clock that stands still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/batching/batcher.h"
#include "tests/support/manual_clock.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::ManualClock;
using ::testing::UnorderedElementsAre;

struct NumberedItem final : BatchItem {
    int number = 0;
};

std::vector<int> numbers(const std::vector<std::unique_ptr<BatchItem>>& items) {
    std::vector<int> result;
    for (const auto& item : items) result.push_back(static_cast<NumberedItem&>(*item).number);
    return result;
}

// Every run waits until its slot is let go, and then ends well or with the slot's device lost.
class PuppetDevices final : public BatchRunner {
  public:
    enum class End { kWell, kLost };

    void use(Batcher& batcher) { batcher_ = &batcher; }
    void run(Batch batch, int slot) override {
        MutexLock lock(mutex_);
        running_[slot] = numbers(batch.items);
        changed_.notify_all();
        while (!ends_.contains(slot) && !all_end_) changed_.wait(mutex_);
        const End end = ends_.contains(slot) ? ends_.extract(slot).mapped() : End::kWell;
        running_.erase(slot);
        changed_.notify_all();
        const std::vector<int> done = numbers(batch.items);
        if (end == End::kLost) {
            lock.unlock();
            const bool handed_over = batcher_->hand_over(batch, slot);
            lock.lock();
            if (handed_over) ++handed_over_;
            if (!handed_over) failed_.insert(done.begin(), done.end());
        } else {
            done_.insert(done.begin(), done.end());
        }
        changed_.notify_all();
    }
    void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason) override {
        MutexLock lock(mutex_);
        for (const int number : numbers(items)) discarded_.insert(number);
        changed_.notify_all();
    }

    std::vector<int> wait_for_batch_on(int slot) {
        MutexLock lock(mutex_);
        while (!running_.contains(slot)) changed_.wait(mutex_);
        return running_.at(slot);
    }
    void end(int slot, End how = End::kWell) {
        MutexLock lock(mutex_);
        ends_[slot] = how;
        changed_.notify_all();
        while (ends_.contains(slot)) changed_.wait(mutex_);
    }
    // From now on every run ends well by itself.
    void end_all() {
        MutexLock lock(mutex_);
        all_end_ = true;
        changed_.notify_all();
    }
    void wait_for_hand_over() {
        MutexLock lock(mutex_);
        while (handed_over_ == 0) changed_.wait(mutex_);
    }
    bool runs(int slot) {
        MutexLock lock(mutex_);
        return running_.contains(slot);
    }
    // Returns when so many items have come to their end, one way or another.
    void wait_for_ends(size_t count) {
        MutexLock lock(mutex_);
        while (done_.size() + failed_.size() + discarded_.size() < count) changed_.wait(mutex_);
    }
    std::multiset<int> done() {
        MutexLock lock(mutex_);
        return done_;
    }
    std::multiset<int> failed() {
        MutexLock lock(mutex_);
        return failed_;
    }
    std::multiset<int> discarded() {
        MutexLock lock(mutex_);
        return discarded_;
    }

  private:
    Batcher* batcher_ = nullptr;
    Mutex mutex_;  // guards all below; not held while the Batcher is called
    CondVar changed_;
    std::map<int, std::vector<int>> running_ FACET_GUARDED_BY(mutex_);  // by slot
    std::map<int, End> ends_ FACET_GUARDED_BY(mutex_);                  // by slot
    bool all_end_ FACET_GUARDED_BY(mutex_) = false;
    int handed_over_ FACET_GUARDED_BY(mutex_) = 0;  // batches
    std::multiset<int> done_ FACET_GUARDED_BY(mutex_), failed_ FACET_GUARDED_BY(mutex_),
        discarded_ FACET_GUARDED_BY(mutex_);
};

// Slot 0 is the fast device's, slot 1 the slow one's: four items take 100 and 250.
class BatcherDevices : public ::testing::Test {
  protected:
    BatcherDevices()
        : batcher_({.max_batch = 4, .timeout = Duration{0}, .slots = 1}, clock_, devices_,
                   {.costs = CostTable({{1, Duration{70}}, {4, Duration{100}}}),
                    .further = {{.costs = CostTable({{1, Duration{100}}, {4, Duration{250}}})}}}) {
        devices_.use(batcher_);
        owner_ = batcher_.open_owner();
    }
    ~BatcherDevices() override { devices_.end_all(); }
    void push(std::initializer_list<int> items) { push_of(owner_, items); }
    void push_of(OwnerId owner, std::initializer_list<int> items) {
        std::vector<std::unique_ptr<BatchItem>> pushed;
        for (const int number : items) {
            auto item = std::make_unique<NumberedItem>();
            item->owner = owner;
            item->number = number;
            pushed.push_back(std::move(item));
        }
        batcher_.push(std::move(pushed));
    }

    ManualClock clock_;
    PuppetDevices devices_;
    Batcher batcher_;
    OwnerId owner_ = 0;
};

TEST_F(BatcherDevices, TheFastOneIsFirst) {
    push({1, 2, 3, 4});
    EXPECT_THAT(devices_.wait_for_batch_on(0), ElementsAre(1, 2, 3, 4));
    devices_.end(0);
    clock_.wait_for_waiters(2);
    push({5, 6, 7, 8});
    EXPECT_THAT(devices_.wait_for_batch_on(0), ElementsAre(5, 6, 7, 8));
}

// The fast one would be done at 200. The slow one is with two (150), not with three (200).
TEST_F(BatcherDevices, WhatTheFastOneIsTooBusyForSpillsOver) {
    push({1, 2, 3, 4});
    devices_.wait_for_batch_on(0);
    push({5, 6, 7, 8});
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(5, 6));
    devices_.end(0);
    EXPECT_THAT(devices_.wait_for_batch_on(0), ElementsAre(7, 8));
}

TEST_F(BatcherDevices, ABatchWaitsForTheFastOneWhereThatIsSooner) {
    push({1, 2, 3, 4});
    devices_.wait_for_batch_on(0);
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{90});
    clock_.wait_for_waiters(1);
    push({5, 6, 7, 8});
    clock_.wait_for_waiters(1);
    EXPECT_FALSE(devices_.runs(1));
    devices_.end(0);
    devices_.wait_for_ends(4);
    EXPECT_THAT(devices_.wait_for_batch_on(0), ElementsAre(5, 6, 7, 8));
}

TEST_F(BatcherDevices, ADeviceThatHangsHoldsUpNothingButItsOwnBatch) {
    push({1, 2, 3, 4});
    devices_.wait_for_batch_on(0);
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{90});
    clock_.wait_for_waiters(1);
    push({5, 6, 7, 8});
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{160});  // 150 late, as much as the slow one takes longer
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(5, 6, 7, 8));
}

TEST_F(BatcherDevices, ALostDevicesBatchRunsOnTheOther) {
    push({1, 2, 3, 4});
    devices_.wait_for_batch_on(0);
    devices_.end(0, PuppetDevices::End::kLost);
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(1, 2, 3, 4));
    push({5, 6, 7, 8});
    devices_.end(1);
    devices_.wait_for_ends(4);
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(5, 6, 7, 8));
    EXPECT_FALSE(devices_.runs(0)) << "the lost device got another batch";
    EXPECT_EQ(batcher_.costs().cost(4), Duration{250}) << "expectations are still the lost one's";
}

TEST_F(BatcherDevices, WhatComesBackRunsBeforeWhatCameLater) {
    push({1, 2, 3, 4});
    devices_.wait_for_batch_on(0);
    push({5, 6, 7, 8});
    devices_.wait_for_batch_on(1);  // 5, 6
    devices_.end(0, PuppetDevices::End::kLost);
    devices_.wait_for_hand_over();
    devices_.end(1);
    devices_.wait_for_ends(2);
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(1, 2, 3, 4));
    devices_.end(1);
    devices_.wait_for_ends(6);
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(7, 8));
}

TEST_F(BatcherDevices, WhatWasWithdrawnMeanwhileDoesNotComeBack) {
    const OwnerId leaver = batcher_.open_owner();
    push_of(leaver, {1, 2});
    devices_.wait_for_batch_on(0);
    batcher_.close_owner(leaver);
    devices_.end(0, PuppetDevices::End::kLost);
    devices_.wait_for_ends(2);
    EXPECT_THAT(devices_.discarded(), UnorderedElementsAre(1, 2));
}

TEST_F(BatcherDevices, TheLastDeviceHasNobodyToHandOverTo) {
    push({1, 2, 3, 4});
    devices_.wait_for_batch_on(0);
    devices_.end(0, PuppetDevices::End::kLost);
    devices_.wait_for_batch_on(1);
    devices_.end(1, PuppetDevices::End::kLost);
    devices_.wait_for_ends(4);
    EXPECT_THAT(devices_.failed(), UnorderedElementsAre(1, 2, 3, 4));
    push({5, 6, 7, 8});
    EXPECT_THAT(devices_.wait_for_batch_on(1), ElementsAre(5, 6, 7, 8))
        << "it gave up its last one";
}

TEST_F(BatcherDevices, EveryItemEndsOnceUnderLoadWhileADeviceIsLost) {
    constexpr int kItems = 400;
    std::thread feeder([&] {
        for (int number = 0; number < kItems; ++number) push({number});
    });
    // The slow one may have done everything before the fast one has ended its twenty.
    std::thread fast([&] {
        for (int batch = 0; devices_.done().size() < kItems; std::this_thread::yield()) {
            if (!devices_.runs(0)) continue;
            devices_.end(0, batch == 19 ? PuppetDevices::End::kLost : PuppetDevices::End::kWell);
            clock_.advance(Duration{1000});
            ++batch;
        }
    });
    std::thread slow([&] {
        while (devices_.done().size() < kItems) {
            clock_.advance(Duration{1000});
            if (devices_.runs(1)) devices_.end(1);
            std::this_thread::yield();
        }
    });
    feeder.join();
    fast.join();
    slow.join();
    const std::multiset<int> done = devices_.done();
    EXPECT_EQ(done.size(), static_cast<size_t>(kItems));
    EXPECT_EQ(std::set<int>(done.begin(), done.end()).size(), static_cast<size_t>(kItems));
    EXPECT_THAT(devices_.failed(), IsEmpty());
}

}  // namespace
}  // namespace facet
