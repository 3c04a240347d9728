// SPDX-License-Identifier: MIT
// What waits, and one owner's list of it, first in first out, which knows its earliest times.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "engine/base/clock.h"
#include "engine/batching/owner.h"

namespace facet {

// What waits. The batching library knows nothing of what an item carries; its user derives from it.
struct BatchItem {
    virtual ~BatchItem() = default;
    OwnerId owner = 0;
    uint32_t generation = 0;  // of the owner's: a flush begins a new one
    bool filler = false;      // rides along where there is room, or starts at its deadline
    double value = 0;         // under overload the least is shed first, e.g. a face's area
    Time enqueued{0};         // set by push()
    Time deadline = kNever;   // latest start; push() lowers it to enqueued + timeout
    Time due = kNever;        // latest finish of use; push() lowers it to enqueued + the budget
    uint64_t order = 0;       // set by push(): counts the queue's items from 0
};

// Invariant: the earliest times are those of the items in the list. Thread-compatible.
class ItemList {
  public:
    void append(std::unique_ptr<BatchItem> item);
    // Among the others by its order.
    void put_back(std::unique_ptr<BatchItem> item);
    // Precondition: !empty().
    [[nodiscard]] std::unique_ptr<BatchItem> remove_front();
    // Removes and returns those that `leaves` picks; the others keep their order.
    [[nodiscard]] std::vector<std::unique_ptr<BatchItem>> remove_if(
        const std::function<bool(const BatchItem&)>& leaves);

    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] size_t size() const { return items_.size(); }
    [[nodiscard]] const BatchItem& front() const { return *items_.front(); }
    [[nodiscard]] const std::deque<std::unique_ptr<BatchItem>>& items() const { return items_; }
    [[nodiscard]] Time earliest_deadline() const { return deadlines_.earliest(); }
    [[nodiscard]] Time earliest_due() const { return dues_.earliest(); }

  private:
    // Those times that are earlier than every one behind them, in order: the first is the earliest
    // of all, and stays so as items leave at the front.
    class Minimum {
      public:
        void append(Time time) {
            while (!times_.empty() && times_.back() > time) times_.pop_back();
            times_.push_back(time);
        }
        void remove_front(Time time) {
            if (times_.front() == time) times_.pop_front();
        }
        [[nodiscard]] Time earliest() const { return times_.empty() ? kNever : times_.front(); }

      private:
        std::deque<Time> times_;
    };

    std::deque<std::unique_ptr<BatchItem>> items_;
    Minimum deadlines_, dues_;
};

}  // namespace facet
