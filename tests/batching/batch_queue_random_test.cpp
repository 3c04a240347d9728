// SPDX-License-Identifier: MIT
// Seeded random schedules on the pure queue, judged step by step against a plain list of items.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <tuple>

#include "engine/batching/batch_queue.h"

namespace facet {
namespace {

constexpr uint32_t kSchedules = 100'000;
constexpr int kSteps = 40;

// What the queue should hold, without any cleverness.
struct ExpectedItem {
    uint64_t number;
    OwnerId owner;
    uint32_t generation;
    bool filler;
    Time enqueued, deadline, due;
};
struct ExpectedOwner {
    OwnerState state = OwnerState::kActive;
    double weight = 1, credit = 0;
    bool sheds = false;
};

class Schedule {
  public:
    explicit Schedule(uint32_t seed)
        : random_(seed),
          limits_(pick_limits()),
          queue_(limits_, pick_costs()),
          free_slots_(limits_.slots) {}

    void run() {
        for (int step = 0; step < kSteps && !::testing::Test::HasFailure(); ++step) {
            change();
            if (pick(0, 2) > 0) start_what_is_due();
            ASSERT_EQ(queue_.waiting(), expected_.size());
        }
        if (!::testing::Test::HasFailure()) finish();
    }

  private:
    int64_t pick(int64_t low, int64_t high) {
        return std::uniform_int_distribution<int64_t>(low, high)(random_);
    }
    OwnerId any_owner() {
        return std::next(owners_.begin(), pick(0, static_cast<int64_t>(owners_.size()) - 1))->first;
    }
    BatchLimits pick_limits() {
        BatchLimits limits{.max_batch = static_cast<int>(pick(1, 9)),
                           .timeout = Duration{pick(0, 60)},
                           .slots = static_cast<int>(pick(1, 3)),
                           .wake_up = Duration{pick(0, 5)}};
        if (pick(0, 2) == 0) limits.latency_budget = Duration{pick(10, 90)};
        limits.margin = Duration{pick(0, 3)};
        if (pick(0, 3) == 0) limits.profiles = {1, 2, 5, limits.max_batch = 8};
        return limits;
    }
    CostTable pick_costs() {
        if (pick(0, 2) == 0) return {};
        std::vector<CostTable::Point> points;
        for (const int rows : {1, 3, 9}) points.push_back({rows, Duration{pick(1, 20) + rows}});
        return CostTable(points);
    }

    void change() {
        const int64_t kind = owners_.empty() ? 0 : pick(0, 23);
        if (kind == 0) {
            queue_.open_owner(++last_owner_);
            owners_[last_owner_] = {};
        } else if (kind <= 9) {
            push();
        } else if (kind <= 11) {
            const OwnerId owner = any_owner();
            const auto state = static_cast<OwnerState>(pick(0, 2));
            queue_.set_owner_state(owner, state);
            owners_[owner].state = state;
        } else if (kind == 12) {
            const OwnerId owner = any_owner();
            const auto generation = static_cast<uint32_t>(pick(0, 4));
            expect_withdrawn(queue_.cancel(owner, generation), [&](const ExpectedItem& item) {
                return item.owner == owner && item.generation <= generation;
            });
        } else if (kind == 13) {
            const OwnerId owner = any_owner();
            expect_withdrawn(queue_.close_owner(owner),
                             [&](const ExpectedItem& item) { return item.owner == owner; });
            owners_.erase(owner);
        } else if (kind <= 17) {
            now_ += Duration{pick(0, 25)};
        } else if (kind <= 20) {
            complete();
        } else if (kind == 21) {
            const OwnerId owner = any_owner();
            owners_[owner].weight = static_cast<double>(pick(1, 4)) / 2;
            queue_.set_owner_weight(owner, owners_[owner].weight);
        } else if (kind == 22) {
            const OwnerId owner = any_owner();
            owners_[owner].sheds = pick(0, 1) == 1;
            queue_.set_owner_sheds(owner, owners_[owner].sheds);
        } else {
            shed();
        }
    }

    void push() {
        const OwnerId owner = any_owner();
        for (int64_t count = pick(1, 4); count > 0; --count) {
            auto item = std::make_unique<BatchItem>();
            item->owner = owner;
            item->generation = static_cast<uint32_t>(pick(0, 4));
            item->filler = pick(0, 4) == 0;
            item->value = static_cast<double>(pick(0, 3));
            if (pick(0, 3) == 0) item->deadline = now_ + Duration{pick(-10, 80)};
            if (pick(0, 3) == 0) item->due = now_ + Duration{pick(-10, 80)};
            Time due = item->due;
            if (limits_.latency_budget > Duration{0})
                due = std::min(due, now_ + limits_.latency_budget);
            expected_.push_back({last_number_++, owner, item->generation, item->filler, now_,
                                 std::min(item->deadline, now_ + limits_.timeout), due});
            queue_.push(std::move(item), now_);
        }
    }

    // In any order, whatever became of the batch.
    void complete() {
        if (running_.empty()) return;
        const auto done =
            std::next(running_.begin(), pick(0, static_cast<int64_t>(running_.size()) - 1));
        queue_.observe(*done, Duration{pick(0, 60)});
        running_.erase(done);
        ++free_slots_;
    }

    void shed() {
        const auto shed = queue_.shed(now_, free_slots_);
        for (const auto& item : shed) {
            ASSERT_TRUE(owners_.at(item->owner).sheds);
            ASSERT_NE(item->due, kNever);
            ASSERT_EQ(1u, std::erase_if(expected_, [&](const ExpectedItem& expected) {
                          return expected.number == item->order;
                      }));
        }
        forget_credits();
        ASSERT_TRUE(queue_.shed(now_, free_slots_).empty()) << "what is left can be done";
    }

    template <typename Predicate>
    void expect_withdrawn(const std::vector<std::unique_ptr<BatchItem>>& withdrawn,
                          Predicate leaves) {
        std::vector<uint64_t> got, wanted;
        for (const auto& item : withdrawn) got.push_back(item->order);
        for (const bool filler : {false, true})
            for (const ExpectedItem& item : expected_)
                if (item.filler == filler && leaves(item)) wanted.push_back(item.number);
        ASSERT_EQ(got, wanted);
        std::erase_if(expected_, leaves);
        forget_credits();
    }

    void forget_credits() {
        for (auto& [id, owner] : owners_)
            if (std::ranges::none_of(
                    expected_, [id = id](const ExpectedItem& item) { return item.owner == id; }))
                owner.credit = 0;
    }

    [[nodiscard]] size_t count_if(const std::function<bool(const ExpectedItem&)>& counts) const {
        return static_cast<size_t>(std::ranges::count_if(expected_, counts));
    }
    [[nodiscard]] size_t regular() const {
        return count_if([](const ExpectedItem& item) { return !item.filler; });
    }
    [[nodiscard]] Time latest_start() const {
        const size_t rows = std::min(expected_.size(), largest_batch(limits_));
        const Duration cost = queue_.costs().cost(static_cast<int>(rows));
        Time latest = kNever;
        for (const ExpectedItem& item : expected_) {
            latest = std::min(latest, item.deadline);
            if (!item.filler && item.due != kNever)
                latest = std::min(latest, item.due - cost - limits_.margin);
        }
        return latest;
    }
    [[nodiscard]] bool any_draining() const {
        return 0 < count_if([&](const ExpectedItem& item) {
                   return owners_.at(item.owner).state == OwnerState::kDraining;
               });
    }
    [[nodiscard]] bool none_active() const {
        return std::ranges::none_of(
            owners_, [](const auto& owner) { return owner.second.state == OwnerState::kActive; });
    }

    // Whether `reason` holds, by the words of the headers; of idle only what it must not be.
    [[nodiscard]] bool holds(StartReason reason) const {
        switch (reason) {
            case StartReason::kFull:
                return regular() >= largest_batch(limits_);
            case StartReason::kDeadline:
                return latest_start() <= now_;
            case StartReason::kDrain:
                return any_draining();
            case StartReason::kAllIn:
                return none_active();
            case StartReason::kIdle:
                return !queue_.costs().empty() && regular() > 0;
        }
        return false;
    }
    [[nodiscard]] bool must_start() const {
        return !expected_.empty() &&
               (left_ > 0 || holds(StartReason::kFull) || holds(StartReason::kDeadline) ||
                holds(StartReason::kDrain) || holds(StartReason::kAllIn));
    }

    void start_what_is_due() {
        while (free_slots_ > 0) {
            const Decision decision = queue_.decide(now_, free_slots_);
            if (decision.kind == Decision::Kind::kSleep) {
                ASSERT_FALSE(must_start());
                ASSERT_EQ(decision.wake_at, latest_start());
                return;
            }
            ASSERT_TRUE(holds(decision.reason) || (left_ > 0 && decision.reason == left_reason_))
                << to_string(decision.reason);
            check_size(decision);
            if (::testing::Test::HasFailure()) return;
            check(queue_.take(decision, now_), decision.count);
            if (::testing::Test::HasFailure()) return;
            --free_slots_;
            left_ = decision.left;
            left_reason_ = decision.reason;
        }
    }

    void check_size(const Decision& decision) {
        const size_t all = std::min(expected_.size(), largest_batch(limits_));
        ASSERT_GE(decision.count, 1u);
        ASSERT_LE(decision.count, all);
        ASSERT_GE(decision.run_size, decision.count);
        if (queue_.costs().empty()) {
            ASSERT_EQ(decision.left, 0u) << "nothing is shared without costs";
            if (decision.reason != StartReason::kFull) {
                ASSERT_EQ(decision.count, all) << "nor split";
            }
        }
        ASSERT_LE(decision.count + decision.left, all);
        if (free_slots_ == 1) {
            ASSERT_EQ(decision.left, 0u) << "nobody is there to share it with";
        }
        ASSERT_GE(decision.count * static_cast<size_t>(free_slots_), decision.count + decision.left)
            << "the others' parts are no larger";
        if (limits_.profiles.empty())
            ASSERT_EQ(decision.run_size, decision.count);
        else
            ASSERT_EQ(1, std::ranges::count(limits_.profiles, static_cast<int>(decision.run_size)));
    }

    // Round by round, by the words of the queue's invariants.
    std::vector<uint64_t> expected_batch(size_t count) {
        std::vector<uint64_t> batch;
        take_rounds(
            batch, count, [&](const ExpectedItem& item) { return item.filler; }, now_);
        take_rounds(
            batch, count, [&](const ExpectedItem& item) { return !item.filler; }, kNever);
        take_rounds(
            batch, count, [&](const ExpectedItem& item) { return item.filler; }, kNever);
        return batch;
    }
    template <typename Predicate>
    void take_rounds(std::vector<uint64_t>& batch, size_t count, Predicate belongs, Time latest) {
        while (batch.size() < count) {
            std::vector<std::tuple<Time, uint64_t, OwnerId>> turns;
            double heaviest = 0;
            for (const auto& [id, owner] : owners_) {
                Time earliest = kNever;
                std::optional<uint64_t> first;
                for (const ExpectedItem& item : expected_) {
                    if (item.owner != id || !belongs(item)) continue;
                    earliest = std::min(earliest, item.deadline);
                    if (!first) first = item.number;
                }
                if (!first || earliest > latest) continue;
                turns.emplace_back(earliest, *first, id);
                heaviest = std::max(heaviest, owner.weight);
            }
            if (turns.empty()) return;
            std::ranges::sort(turns);
            for (const auto& [earliest, first, id] : turns) {
                if (batch.size() == count) return;
                owners_[id].credit += owners_[id].weight / heaviest;
                if (owners_[id].credit < 1 - 1e-9) continue;
                owners_[id].credit -= 1;
                batch.push_back(first);
                std::erase_if(expected_,
                              [n = first](const ExpectedItem& item) { return item.number == n; });
                forget_credits();
            }
        }
    }

    void check(const Batch& batch, size_t count) {
        ASSERT_EQ(batch.id, ++last_batch_);
        ASSERT_EQ(batch.started, now_);
        ASSERT_EQ(batch.items.size(), count);
        const std::vector<ExpectedItem> before = expected_;
        std::vector<uint64_t> numbers;
        for (const auto& item : batch.items) {
            numbers.push_back(item->order);
            const auto was = std::ranges::find(before, item->order, &ExpectedItem::number);
            ASSERT_NE(was, before.end());
            ASSERT_EQ(item->owner, was->owner);
            ASSERT_EQ(item->enqueued, was->enqueued);
            ASSERT_EQ(item->deadline, was->deadline);
            ASSERT_EQ(item->due, was->due);
        }
        ASSERT_EQ(numbers, expected_batch(count));
        check_shares(batch);
        running_.push_back(static_cast<int>(batch.run_size));
    }

    // Told without rounds: among equals nobody has two items more in a batch than somebody who
    // would have had another one to give.
    void check_shares(const Batch& batch) {
        if (std::ranges::any_of(owners_,
                                [](const auto& owner) { return owner.second.weight != 1; }))
            return;
        std::map<OwnerId, size_t> taken;
        for (const auto& item : batch.items)
            if (!item->filler) ++taken[item->owner];
        for (const ExpectedItem& left : expected_) {
            if (left.filler || owners_[left.owner].credit != 0) continue;
            for (const auto& [owner, count] : taken)
                if (owners_[owner].credit == 0) {
                    ASSERT_LE(count, taken[left.owner] + 1);
                }
        }
    }

    // At the end of time everything that waits leaves, batch by batch.
    void finish() {
        now_ += limits_.timeout;
        free_slots_ = 1 << 20;
        start_what_is_due();
        if (::testing::Test::HasFailure()) return;
        ASSERT_EQ(queue_.waiting(), 0u);
        ASSERT_TRUE(expected_.empty());
    }

    std::mt19937 random_;
    BatchLimits limits_;
    BatchQueue queue_;
    Time now_{0};
    int free_slots_;
    size_t left_ = 0;  // of the last batch's decision
    StartReason left_reason_ = StartReason::kFull;
    OwnerId last_owner_ = 0;
    uint64_t last_number_ = 0, last_batch_ = 0;
    std::map<OwnerId, ExpectedOwner> owners_;
    std::vector<ExpectedItem> expected_;
    std::vector<int> running_;  // rows
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
