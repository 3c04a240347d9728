// SPDX-License-Identifier: MIT
// The items that wait for a batch, as a state machine without threads, clocks or locks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/clock.h"
#include "engine/batching/arrival_rate.h"
#include "engine/batching/batch_policy.h"
#include "engine/batching/cost_table.h"
#include "engine/batching/item_list.h"
#include "engine/batching/owner.h"

namespace facet {

struct Batch {
    uint64_t id = 0;  // counted from 1 per queue
    StartReason reason = StartReason::kFull;
    Time started{0};
    size_t run_size = 0;  // rows to run, >= items.size(); the rest is padding
    std::vector<std::unique_ptr<BatchItem>> items;  // 1..max_batch
};

// Invariants:
//  - a batch has 1..max_batch items; every pushed item leaves exactly once, by take(), cancel(),
//  close_owner() or shed(), but for those that put_back() brings again;
//  - items of one owner leave by take() in the order they were pushed, fillers among fillers;
//  - a batch is shared out in rounds. In each round the owners with items waiting take turns by
//  earliest deadline, and each may take its weight divided by the largest weight that still waits,
//  so one item at most; what is less than an item it keeps for later rounds and batches, as long as
//  it has items waiting. Fillers come after all others, in rounds of their own, except that a
//  filler whose deadline is reached counts as any other item;
//  - an item lends its deadline to those of its owner before it; ties go to the item pushed first;
//  - an item's times never move once pushed; time never enters but as an argument.
// Thread-compatible: Batcher holds its lock around every call.
class BatchQueue {
  public:
    // `policy` outlives the queue.
    explicit BatchQueue(BatchLimits limits, CostTable costs = {},
                        const Policy& policy = deadline_policy());

    void open_owner(OwnerId owner);
    // Forgets the owner and returns what it still had waiting.
    std::vector<std::unique_ptr<BatchItem>> close_owner(OwnerId owner);
    std::vector<std::unique_ptr<BatchItem>> close_all_owners();
    void set_owner_state(OwnerId owner, OwnerState state);
    // Its share of contended batches against other owners' shares; 1 until set. Precondition: > 0.
    void set_owner_weight(OwnerId owner, double weight);
    // Whether shed() may take the owner's items; no until set.
    void set_owner_sheds(OwnerId owner, bool sheds);
    [[nodiscard]] bool is_open(OwnerId owner) const { return owners_.contains(owner); }

    // The item's owner is open. An item of a draining owner counts as draining too.
    void push(std::unique_ptr<BatchItem> item, Time now);
    // An item that take() returned and that did not run after all, where it was before. Its owner
    // is open.
    void put_back(std::unique_ptr<BatchItem> item);
    // Removes and returns the owner's items of generations up to and including `generation`.
    std::vector<std::unique_ptr<BatchItem>> cancel(OwnerId owner, uint32_t generation);
    // Removes and returns the items, of owners that may shed, without which as many others as
    // possible finish by their due time, by the costs and with `free_slots` slots free: of those
    // too many fillers go first, then the smallest value, then the latest. Items without a due time
    // stay.
    std::vector<std::unique_ptr<BatchItem>> shed(Time now, int free_slots);

    [[nodiscard]] Decision decide(Time now, int free_slots = 1) const {
        return decide(now, free_slots, costs_);
    }
    // For a device with costs of its own.
    [[nodiscard]] Decision decide(Time now, int free_slots, const CostTable& costs) const;
    // Precondition: `decision` is what decide(now) just returned, of kind kStart, or the same with
    // fewer items.
    [[nodiscard]] Batch take(const Decision& decision, Time now);
    // From now on these are the costs by which it sheds and expects.
    void use_costs(CostTable costs) { costs_ = std::move(costs); }
    // A batch that ran `rows` rows took so long.
    void observe(int rows, Duration took) { costs_.observe(rows, took); }

    [[nodiscard]] size_t waiting() const { return waiting_; }
    // How long an item pushed now would wait at worst, by the costs: what is before it first, and
    // the rest of a running batch. The timeout with an empty cost table and a free slot.
    [[nodiscard]] Duration expected_wait(int free_slots) const;
    [[nodiscard]] const BatchLimits& limits() const { return limits_; }
    [[nodiscard]] const CostTable& costs() const { return costs_; }

  private:
    struct Owner {
        OwnerState state = OwnerState::kActive;
        double weight = 1;
        bool sheds = false;
        double credit = 0;        // in items, below 1 between batches
        uint64_t last_batch = 0;  // the last one with an item of it; 0: none
        ItemList items, fillers;

        [[nodiscard]] size_t waiting() const { return items.size() + fillers.size(); }
    };

    [[nodiscard]] QueueView view(Time now, int free_slots) const;
    void take_in_rounds(ItemList Owner::*list, Time latest, size_t count, Batch& batch);
    void forget(Owner& owner, size_t items);
    // Whether it is the device that an owner is blocked by: it has items waiting or had some in the
    // last batches. One that is not waits for something else, such as a stream whose sink is
    // paused.
    [[nodiscard]] bool presses(const Owner& owner) const;
    [[nodiscard]] std::vector<const BatchItem*> by_due_time(Time now) const;
    [[nodiscard]] Time finish_of(size_t items, Time now, int free_slots) const;

    BatchLimits limits_;
    CostTable costs_;
    const Policy& policy_;
    std::map<OwnerId, Owner> owners_;
    size_t waiting_ = 0;  // fillers included
    uint64_t next_order_ = 0;
    uint64_t next_batch_id_ = 1;
    ArrivalRate arrivals_;
    uint64_t pressed_batches_ = 0;  // batches for which back pressure is remembered
    size_t left_ = 0;               // of the last batch's decision, what still waits
    StartReason left_reason_ = StartReason::kFull;
};

}  // namespace facet
