// SPDX-License-Identifier: MIT
// The queue's bookkeeping: lists per owner, shared out in rounds when a batch is taken.
#include "engine/batching/batch_queue.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <tuple>
#include <unordered_set>
#include <utility>

namespace facet {

namespace {

// Streams in lock step with the device are all unblocked for a moment after each batch; so many
// batches without a blocked owner mean that the device really keeps up.
constexpr uint64_t kPressureMemory = 8;

Time later_by(Time time, Duration duration) {
    // A timeout beyond the end of time would wrap around.
    return duration < kNever - time ? time + duration : kNever;
}

}  // namespace

BatchQueue::BatchQueue(BatchLimits limits, CostTable costs, const Policy& policy)
    : limits_(std::move(limits)), costs_(std::move(costs)), policy_(policy) {
    assert(limits_.max_batch >= 1 && limits_.timeout >= Duration{0} && limits_.slots >= 1);
    assert(std::ranges::is_sorted(limits_.profiles));
}

void BatchQueue::open_owner(OwnerId owner) {
    owners_.try_emplace(owner);
}

void BatchQueue::forget(Owner& owner, size_t items) {
    waiting_ -= items;
    // What comes later is no part of it.
    left_ = std::min(left_, waiting_);
    if (owner.waiting() == 0) owner.credit = 0;
}

std::vector<std::unique_ptr<BatchItem>> BatchQueue::close_owner(OwnerId owner) {
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return {};
    std::vector<std::unique_ptr<BatchItem>> withdrawn = cancel(owner, UINT32_MAX);
    owners_.erase(found);
    return withdrawn;
}

std::vector<std::unique_ptr<BatchItem>> BatchQueue::close_all_owners() {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    while (!owners_.empty())
        std::ranges::move(close_owner(owners_.begin()->first), std::back_inserter(withdrawn));
    return withdrawn;
}

void BatchQueue::set_owner_state(OwnerId owner, OwnerState state) {
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return;
    found->second.state = state;
    if (presses(found->second)) pressed_batches_ = kPressureMemory;
}

bool BatchQueue::presses(const Owner& owner) const {
    if (owner.state != OwnerState::kBlocked) return false;
    const bool in_last_batches =
        owner.last_batch > 0 && next_batch_id_ - owner.last_batch <= kPressureMemory;
    return owner.waiting() > 0 || in_last_batches;
}

void BatchQueue::set_owner_weight(OwnerId owner, double weight) {
    assert(weight > 0);
    const auto found = owners_.find(owner);
    if (found != owners_.end()) found->second.weight = weight;
}

void BatchQueue::set_owner_sheds(OwnerId owner, bool sheds) {
    const auto found = owners_.find(owner);
    if (found != owners_.end()) found->second.sheds = sheds;
}

void BatchQueue::push(std::unique_ptr<BatchItem> item, Time now) {
    const auto found = owners_.find(item->owner);
    assert(found != owners_.end());
    item->enqueued = now;
    item->order = next_order_++;
    item->deadline = std::min(item->deadline, later_by(now, limits_.timeout));
    if (limits_.latency_budget > Duration{0})
        item->due = std::min(item->due, later_by(now, limits_.latency_budget));
    arrivals_.add(now);
    ItemList& list = item->filler ? found->second.fillers : found->second.items;
    list.append(std::move(item));
    ++waiting_;
}

void BatchQueue::put_back(std::unique_ptr<BatchItem> item) {
    Owner& owner = owners_.at(item->owner);
    ItemList& list = item->filler ? owner.fillers : owner.items;
    list.put_back(std::move(item));
    ++waiting_;
}

std::vector<std::unique_ptr<BatchItem>> BatchQueue::cancel(OwnerId owner, uint32_t generation) {
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return {};
    const auto leaves = [generation](const BatchItem& item) {
        return item.generation <= generation;
    };
    std::vector<std::unique_ptr<BatchItem>> withdrawn = found->second.items.remove_if(leaves);
    std::ranges::move(found->second.fillers.remove_if(leaves), std::back_inserter(withdrawn));
    forget(found->second, withdrawn.size());
    return withdrawn;
}

QueueView BatchQueue::view(Time now, int free_slots) const {
    QueueView view{.more_can_come = false,
                   .shares = {},
                   .back_pressure = pressed_batches_ > 0,
                   .arrivals_per_second = arrivals_.per_second(now),
                   .free_slots = free_slots,
                   .left = left_,
                   .left_reason = left_reason_};
    for (const auto& [id, owner] : owners_) {
        if (owner.state == OwnerState::kActive) view.more_can_come = true;
        if (owner.state == OwnerState::kDraining) view.draining += owner.waiting();
        view.waiting += owner.items.size();
        if (!owner.items.empty()) view.shares.push_back(owner.items.size());
        view.fillers += owner.fillers.size();
        view.earliest_deadline = std::min({view.earliest_deadline, owner.items.earliest_deadline(),
                                           owner.fillers.earliest_deadline()});
        view.earliest_due = std::min(view.earliest_due, owner.items.earliest_due());
    }
    return view;
}

Decision BatchQueue::decide(Time now, int free_slots, const CostTable& costs) const {
    return policy_.decide(limits_, view(now, free_slots), costs, now);
}

// One list of every owner, shared out in rounds: those whose turn it is, by earliest deadline.
// Lists whose earliest deadline is after `latest` stay out of it.
void BatchQueue::take_in_rounds(ItemList Owner::*list, Time latest, size_t count, Batch& batch) {
    using Turn = std::tuple<Time, uint64_t, Owner*>;
    std::vector<Turn> turns;
    while (batch.items.size() < count) {
        turns.clear();
        double heaviest = 0;
        for (auto& [id, owner] : owners_) {
            const ItemList& waiting = owner.*list;
            if (waiting.empty() || waiting.earliest_deadline() > latest) continue;
            heaviest = std::max(heaviest, owner.weight);
            turns.emplace_back(waiting.earliest_deadline(), waiting.front().order, &owner);
        }
        if (turns.empty()) return;
        std::ranges::sort(turns);
        for (const auto& [deadline, order, owner] : turns) {
            if (batch.items.size() == count) return;
            owner->credit += owner->weight / heaviest;
            // Thirds and tenths are to add up to one item.
            if (owner->credit < 1 - 1e-9) continue;
            owner->credit -= 1;
            batch.items.push_back((owner->*list).remove_front());
            owner->last_batch = batch.id;
            forget(*owner, 1);
        }
    }
}

Batch BatchQueue::take(const Decision& decision, Time now) {
    assert(decision.kind == Decision::Kind::kStart && decision.count >= 1);
    assert(decision.count <= waiting_ && decision.run_size >= decision.count);
    Batch batch{.id = next_batch_id_++,
                .reason = decision.reason,
                .started = now,
                .run_size = decision.run_size,
                .items = {}};
    batch.items.reserve(decision.count);
    left_ = decision.left;
    left_reason_ = decision.reason;
    // Due fillers would otherwise starve behind a steady stream of other items.
    take_in_rounds(&Owner::fillers, now, decision.count, batch);
    take_in_rounds(&Owner::items, kNever, decision.count, batch);
    take_in_rounds(&Owner::fillers, kNever, decision.count, batch);

    if (std::ranges::any_of(owners_, [&](const auto& owner) { return presses(owner.second); }))
        pressed_batches_ = kPressureMemory;
    else if (pressed_batches_ > 0)
        --pressed_batches_;
    return batch;
}

// What has a due time, the earliest first. Of owners that do not shed only those fillers that take
// room from others by now.
std::vector<const BatchItem*> BatchQueue::by_due_time(Time now) const {
    std::vector<const BatchItem*> found;
    for (const auto& [id, owner] : owners_)
        for (const ItemList* list : {&owner.items, &owner.fillers})
            for (const std::unique_ptr<BatchItem>& item : list->items())
                if (item->due != kNever && (owner.sheds || !item->filler || item->deadline <= now))
                    found.push_back(item.get());
    std::ranges::sort(found, {},
                      [](const BatchItem* item) { return std::tuple(item->due, item->order); });
    return found;
}

// When so many items are done, by the costs, if nothing else starts before them.
Time BatchQueue::finish_of(size_t items, Time now, int free_slots) const {
    const size_t largest = largest_batch(limits_);
    const size_t whole = (items - 1) / largest;  // full batches before the last one
    const size_t last = items - whole * largest;
    const Duration full = costs_.cost(static_cast<int>(largest));
    const Duration before = full * static_cast<int64_t>(whole) / limits_.slots;
    return now + (free_slots > 0 ? Duration{0} : full / 2) + before +
           costs_.cost(static_cast<int>(last));
}

// Moore and Hodgson's rule for the fewest late jobs, on batches: in the order of due times,
// whenever more items are kept than can be done by then, one of those kept goes.
std::vector<std::unique_ptr<BatchItem>> BatchQueue::shed(Time now, int free_slots) {
    std::vector<std::unique_ptr<BatchItem>> removed;
    if (costs_.empty() ||
        std::ranges::none_of(owners_, [](const auto& owner) { return owner.second.sheds; }))
        return removed;
    // The least is first: fillers, then the small, and of equal ones the latest.
    const auto less_worthy = [](const BatchItem* a, const BatchItem* b) {
        return std::tuple(!a->filler, a->value, b->order) <
               std::tuple(!b->filler, b->value, a->order);
    };
    size_t kept = 0;
    std::vector<const BatchItem*> sheddable;
    std::unordered_set<const BatchItem*> leaving;
    for (const BatchItem* item : by_due_time(now)) {
        ++kept;
        if (owners_.at(item->owner).sheds) sheddable.push_back(item);
        while (!sheddable.empty() && finish_of(kept, now, free_slots) > item->due) {
            const auto least = std::ranges::min_element(sheddable, less_worthy);
            leaving.insert(*least);
            sheddable.erase(least);
            if (--kept == 0) break;
        }
    }
    if (leaving.empty()) return removed;
    for (auto& [id, owner] : owners_) {
        for (ItemList* list : {&owner.items, &owner.fillers})
            std::ranges::move(
                list->remove_if([&](const BatchItem& item) { return leaving.contains(&item); }),
                std::back_inserter(removed));
    }
    waiting_ -= removed.size();
    for (auto& [id, owner] : owners_) forget(owner, 0);
    return removed;
}

Duration BatchQueue::expected_wait(int free_slots) const {
    const size_t largest = largest_batch(limits_);
    const int64_t whole = static_cast<int64_t>(waiting_ / largest);  // batches before the item's
    const Duration full = costs_.cost(static_cast<int>(largest));
    const Duration backlog = full * whole / limits_.slots;
    if (free_slots == 0) return backlog + full;
    return backlog + (whole > 0 ? Duration{0} : limits_.timeout);
}

}  // namespace facet
