// SPDX-License-Identifier: MIT
// When a batch starts, with how many items and at which size: a pure function of what waits, what
// time it is and what batches cost.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/batching/cost_table.h"

namespace facet {

// Why a batch started.
enum class StartReason {
    kFull,      // max_batch items were waiting
    kDeadline,  // the latest start of an item was reached
    kIdle,      // a slot was free and waiting would not have paid
    kAllIn,     // no owner can add anything before a batch has run
    kDrain,     // an owner with items waiting is at its end
};
constexpr int kStartReasons = 5;
// "full", "deadline", "idle", "all-in", "drain"
[[nodiscard]] std::string_view to_string(StartReason reason);

struct BatchLimits {
    int max_batch = 1;           // 1..2048
    Duration timeout{0};         // >= 0; 0: start with whatever waits as soon as a slot is free
    Duration latency_budget{0};  // from arrival to the end of the run; 0: none
    Duration margin{0};          // what is kept in hand before the latest finish
    std::vector<int> profiles;   // ascending sizes that the device runs; empty: every size
    int slots = 1;               // batches that run at once, >= 1; costs are those of so many
    Duration wake_up{100'000};   // what another slot's thread takes to begin
};

// What the policy sees of a queue.
struct QueueView {
    size_t waiting = 0;               // items that are not fillers
    Time earliest_deadline = kNever;  // latest start, over the waiting items and fillers
    Time earliest_due = kNever;       // latest finish, over the waiting items
    size_t draining = 0;              // waiting items and fillers whose owner is draining
    size_t fillers = 0;               // waiting items that ride along where there is room
    bool more_can_come = true;        // some owner is active: it may push before a batch has run
    std::vector<size_t> shares;       // waiting items of each owner that has any, fillers apart
    bool back_pressure = false;  // the device holds an owner up, or did within the last few batches
    double arrivals_per_second = 0;  // of late; the mean over bursts
    int free_slots = 1;              // that could start a batch now, the one that asks included
    size_t left = 0;  // of the waiting items: Decision::left of the batch that started last
    StartReason left_reason = StartReason::kFull;
};

struct Decision {
    enum class Kind { kStart, kSleep };
    Kind kind = Kind::kSleep;
    StartReason reason = StartReason::kFull;  // when kStart
    size_t count = 0;                         // when kStart: items to take, 1..max_batch
    size_t run_size = 0;    // when kStart: rows to run, >= count; more than that is padding
    Time wake_at = kNever;  // when kSleep: decide again then, or on any change
    size_t left = 0;        // when kStart: further items, which the other free slots start now
};

// Stateless and reentrant. Called only while a request slot is free.
class Policy {
  public:
    virtual ~Policy() = default;
    [[nodiscard]] virtual Decision decide(const BatchLimits& limits, const QueueView& queue,
                                          const CostTable& costs, Time now) const = 0;
};

// Facet's own; docs/batching.md derives its rules. In this order: full; what a shared batch left;
// the latest start reached, which is the earliest deadline or the earliest due time less the
// batch's cost and the margin; draining; all in; idle; else sleep until the latest start. Fillers
// alone start by deadline, drain and all-in only. How many start and at which size is
// best_size()'s, less a crowd's items where those would make the others of the batch wait for
// nothing; and the free slots share them where they are done noticeably sooner so. With an empty
// cost table nothing starts by idle and nothing is split or shared.
class DeadlinePolicy final : public Policy {
  public:
    [[nodiscard]] Decision decide(const BatchLimits& limits, const QueueView& queue,
                                  const CostTable& costs, Time now) const override;
};
[[nodiscard]] const Policy& deadline_policy();

struct BatchSize {
    size_t count = 0;     // items of the batch to start now
    size_t run_size = 0;  // rows it runs
};
// The first batch of the cheapest way to run `waiting` >= 1 items, by the costs. With profiles: one
// batch padded up or several of profile sizes, whichever costs least; the largest goes first.
// Without: all of them at once, unless smaller batches of one size are cheaper by more than a
// tenth. All of them at once, too, where the cost of that is stale. Never more than max_batch or
// the largest profile.
[[nodiscard]] BatchSize best_size(const BatchLimits& limits, const CostTable& costs,
                                  size_t waiting);

// The largest batch there can be: max_batch, or the largest profile if that is less.
[[nodiscard]] size_t largest_batch(const BatchLimits& limits);

}  // namespace facet
