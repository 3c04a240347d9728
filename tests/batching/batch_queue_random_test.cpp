// SPDX-License-Identifier: MIT
// Seeded random schedules on the pure queue, judged step by step against a plain list of items.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "engine/batching/batch_queue.h"

namespace facet {
namespace {

constexpr uint32_t kSchedules = 20'000;
constexpr int kSteps = 60;

struct NumberedItem final : BatchItem {
    uint64_t number = 0;
};

// What the queue should hold, without any cleverness.
struct ExpectedItem {
    uint64_t number;
    OwnerId owner;
    uint32_t generation;
    Time enqueued, deadline;
};

class Schedule {
  public:
    explicit Schedule(uint32_t seed)
        : random_(seed),
          limits_{.max_batch = static_cast<int>(pick(1, 9)), .timeout = Duration{pick(0, 60)}},
          queue_(limits_),
          free_slots_(static_cast<int>(pick(1, 3))) {}

    void run() {
        for (int step = 0; step < kSteps && !::testing::Test::HasFailure(); ++step) {
            change();
            if (pick(0, 2) > 0) start_what_is_due();
            ASSERT_EQ(queue_.waiting(), expected_.size());
        }
        finish();
    }

  private:
    int64_t pick(int64_t low, int64_t high) {
        return std::uniform_int_distribution<int64_t>(low, high)(random_);
    }
    OwnerId any_owner() {
        return std::next(owners_.begin(), pick(0, static_cast<int64_t>(owners_.size()) - 1))->first;
    }

    void change() {
        const int64_t kind = owners_.empty() ? 0 : pick(0, 19);
        if (kind == 0) {
            queue_.open_owner(++last_owner_);
            owners_[last_owner_] = OwnerState::kActive;
        } else if (kind <= 9) {
            push();
        } else if (kind <= 11) {
            const OwnerId owner = any_owner();
            const auto state = static_cast<OwnerState>(pick(0, 2));
            queue_.set_owner_state(owner, state);
            owners_[owner] = state;
        } else if (kind == 12) {
            const OwnerId owner = any_owner();
            const auto generation = static_cast<uint32_t>(pick(0, 4));
            expect_withdrawn(queue_.cancel(owner, generation), [&](const ExpectedItem& item) {
                return item.owner == owner && item.generation <= generation;
            });
        } else if (kind == 13) {
            const OwnerId owner = any_owner();
            owners_.erase(owner);
            expect_withdrawn(queue_.close_owner(owner),
                             [&](const ExpectedItem& item) { return item.owner == owner; });
        } else if (kind <= 17) {
            now_ += Duration{pick(0, 25)};
        } else {
            ++free_slots_;  // a running batch ends
        }
    }

    void push() {
        const OwnerId owner = any_owner();
        for (int64_t count = pick(1, 4); count > 0; --count) {
            auto item = std::make_unique<NumberedItem>();
            item->number = ++last_number_;
            item->owner = owner;
            item->generation = static_cast<uint32_t>(pick(0, 4));
            if (pick(0, 3) == 0) item->deadline = now_ + Duration{pick(-10, 80)};
            expected_.push_back({item->number, owner, item->generation, now_,
                                 std::min(item->deadline, now_ + limits_.timeout)});
            queue_.push(std::move(item), now_);
        }
    }

    template <typename Predicate>
    void expect_withdrawn(const std::vector<std::unique_ptr<BatchItem>>& withdrawn,
                          Predicate leaves) {
        std::vector<uint64_t> got, wanted;
        for (const auto& item : withdrawn)
            got.push_back(static_cast<const NumberedItem&>(*item).number);
        for (const ExpectedItem& item : expected_)
            if (leaves(item)) wanted.push_back(item.number);
        ASSERT_EQ(got, wanted);
        std::erase_if(expected_, leaves);
    }

    [[nodiscard]] Time earliest_deadline() const {
        Time earliest = kNever;
        for (const ExpectedItem& item : expected_) earliest = std::min(earliest, item.deadline);
        return earliest;
    }

    // Whether the headers promise a start now, given a free slot.
    [[nodiscard]] bool must_start() const {
        const auto state_of = [&](OwnerId owner) { return owners_.at(owner); };
        return !expected_.empty() &&
               (expected_.size() >= static_cast<size_t>(limits_.max_batch) ||
                earliest_deadline() <= now_ ||
                std::ranges::any_of(expected_,
                                    [&](const ExpectedItem& item) {
                                        return state_of(item.owner) == OwnerState::kDraining;
                                    }) ||
                std::ranges::none_of(owners_, [](const auto& owner) {
                    return owner.second == OwnerState::kActive;
                }));
    }

    // By the rule's words: again and again the owner with the earliest deadline gives its first.
    uint64_t pop_expected() {
        const auto urgent =
            std::ranges::min_element(expected_, [&](const ExpectedItem& a, const ExpectedItem& b) {
                const Time earliest_a = owners_earliest(a.owner);
                const Time earliest_b = owners_earliest(b.owner);
                return earliest_a != earliest_b ? earliest_a < earliest_b : a.number < b.number;
            });
        const uint64_t number = urgent->number;
        expected_.erase(urgent);
        return number;
    }
    [[nodiscard]] Time owners_earliest(OwnerId owner) const {
        Time earliest = kNever;
        for (const ExpectedItem& item : expected_)
            if (item.owner == owner) earliest = std::min(earliest, item.deadline);
        return earliest;
    }

    void start_what_is_due() {
        while (free_slots_ > 0) {
            const Decision decision = queue_.decide(now_);
            if (decision.kind == Decision::Kind::kSleep) {
                ASSERT_FALSE(must_start());
                ASSERT_EQ(decision.wake_at, earliest_deadline());
                return;
            }
            ASSERT_TRUE(must_start());
            check(queue_.take(decision, now_));
            if (::testing::Test::HasFailure()) return;
            --free_slots_;
        }
    }

    void check(const Batch& batch) {
        ASSERT_EQ(batch.id, ++last_batch_);
        ASSERT_EQ(batch.started, now_);
        ASSERT_EQ(batch.items.size(),
                  std::min(expected_.size(), static_cast<size_t>(limits_.max_batch)));
        const std::vector<ExpectedItem> before = expected_;
        for (const auto& item : batch.items) {
            const uint64_t number = static_cast<const NumberedItem&>(*item).number;
            ASSERT_EQ(number, pop_expected());
            const auto was = std::ranges::find(before, number, &ExpectedItem::number);
            ASSERT_EQ(item->owner, was->owner);
            ASSERT_EQ(item->enqueued, was->enqueued);
            ASSERT_EQ(item->deadline, was->deadline);
        }
    }

    // At the end of time everything that waits leaves, batch by batch.
    void finish() {
        now_ += limits_.timeout;
        free_slots_ = 1 << 20;
        start_what_is_due();
        ASSERT_EQ(queue_.waiting(), 0u);
        ASSERT_TRUE(expected_.empty());
    }

    std::mt19937 random_;
    BatchLimits limits_;
    BatchQueue queue_;
    Time now_{0};
    int free_slots_;
    OwnerId last_owner_ = 0;
    uint64_t last_number_ = 0, last_batch_ = 0;
    std::map<OwnerId, OwnerState> owners_;
    std::vector<ExpectedItem> expected_;
};

TEST(BatchQueue, KeepsEveryInvariantOnRandomSchedules) {
    for (uint32_t seed = 1; seed <= kSchedules; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Schedule(seed).run();
        if (HasFailure()) return;
    }
}

}  // namespace
}  // namespace facet
