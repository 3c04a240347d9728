// SPDX-License-Identifier: MIT
// The items that wait for a batch, as a state machine without threads, clocks or locks.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/batching/batch_policy.h"
#include "engine/batching/owner.h"

namespace facet {

// What waits. The batching library knows nothing of what an item carries; its user derives from it.
struct BatchItem {
    virtual ~BatchItem() = default;
    OwnerId owner = 0;
    uint32_t generation = 0;  // of the owner's: a flush begins a new one
    Time enqueued{0};         // set by push()
    Time deadline = kNever;   // latest start; push() lowers it to enqueued + timeout
};

struct Batch {
    uint64_t id = 0;  // counted from 1 per queue
    StartReason reason = StartReason::kFull;
    Time started{0};
    std::vector<std::unique_ptr<BatchItem>> items;  // 1..max_batch
};

// Invariants:
//  - a batch has 1..max_batch items; every pushed item leaves exactly once, by take() or cancel();
//  - items of one owner leave by take() in the order they were pushed;
//  - across owners the earliest deadline goes first: an item lends its deadline to those of its
//  owner before it; ties go to the item pushed first (fairness by weight comes with the next
//  policy);
//  - an item's deadline never moves once pushed; time never enters but as an argument.
// Thread-compatible: Batcher holds its lock around every call.
class BatchQueue {
  public:
    explicit BatchQueue(BatchLimits limits);

    void open_owner(OwnerId owner);
    // Forgets the owner and returns what it still had waiting.
    std::vector<std::unique_ptr<BatchItem>> close_owner(OwnerId owner);
    std::vector<std::unique_ptr<BatchItem>> close_all_owners();
    void set_owner_state(OwnerId owner, OwnerState state);
    [[nodiscard]] bool is_open(OwnerId owner) const { return owners_.contains(owner); }

    // The item's owner is open. An item of a draining owner counts as draining too.
    void push(std::unique_ptr<BatchItem> item, Time now);
    // Removes and returns the owner's items of generations up to and including `generation`.
    std::vector<std::unique_ptr<BatchItem>> cancel(OwnerId owner, uint32_t generation);

    [[nodiscard]] Decision decide(Time now) const;
    // Precondition: `decision` is what decide(now) just returned, of kind kStart.
    [[nodiscard]] Batch take(const Decision& decision, Time now);

    [[nodiscard]] size_t waiting() const { return waiting_; }

  private:
    struct Waiting {
        uint64_t order = 0;  // counts pushes, for ties
        std::unique_ptr<BatchItem> item;
    };
    struct Owner {
        OwnerState state = OwnerState::kActive;
        std::deque<Waiting> items;
        // The deadlines of `items` that are earlier than every one behind them, in order: the first
        // is the earliest of all, and stays so as items leave at the front.
        std::deque<Time> earliest;

        void append(Waiting waiting);
        [[nodiscard]] std::unique_ptr<BatchItem> remove_front();
    };

    [[nodiscard]] QueueView view() const;

    BatchLimits limits_;
    std::map<OwnerId, Owner> owners_;
    size_t waiting_ = 0;
    uint64_t next_order_ = 0;
    uint64_t next_batch_id_ = 1;
};

}  // namespace facet
