// SPDX-License-Identifier: MIT
// The queue's bookkeeping: one first-in-first-out list per owner, merged by deadline when taken.
#include "engine/batching/batch_queue.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <iterator>
#include <queue>
#include <tuple>
#include <utility>

namespace facet {

void BatchQueue::Owner::append(Waiting waiting) {
    const Time deadline = waiting.item->deadline;
    while (!earliest.empty() && earliest.back() > deadline) earliest.pop_back();
    earliest.push_back(deadline);
    items.push_back(std::move(waiting));
}

std::unique_ptr<BatchItem> BatchQueue::Owner::remove_front() {
    std::unique_ptr<BatchItem> item = std::move(items.front().item);
    items.pop_front();
    if (earliest.front() == item->deadline) earliest.pop_front();
    return item;
}

BatchQueue::BatchQueue(BatchLimits limits) : limits_(limits) {
    assert(limits.max_batch >= 1 && limits.timeout >= Duration{0});
}

void BatchQueue::open_owner(OwnerId owner) {
    owners_.try_emplace(owner);
}

std::vector<std::unique_ptr<BatchItem>> BatchQueue::close_owner(OwnerId owner) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return withdrawn;
    for (Waiting& waiting : found->second.items) withdrawn.push_back(std::move(waiting.item));
    waiting_ -= withdrawn.size();
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
    if (found != owners_.end()) found->second.state = state;
}

void BatchQueue::push(std::unique_ptr<BatchItem> item, Time now) {
    const auto found = owners_.find(item->owner);
    assert(found != owners_.end());
    item->enqueued = now;
    // A timeout beyond the end of time would wrap around.
    if (limits_.timeout < kNever - now)
        item->deadline = std::min(item->deadline, now + limits_.timeout);
    found->second.append({next_order_++, std::move(item)});
    ++waiting_;
}

std::vector<std::unique_ptr<BatchItem>> BatchQueue::cancel(OwnerId owner, uint32_t generation) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return withdrawn;
    std::deque<Waiting> before = std::exchange(found->second.items, {});
    found->second.earliest.clear();
    for (Waiting& waiting : before) {
        if (waiting.item->generation <= generation)
            withdrawn.push_back(std::move(waiting.item));
        else
            found->second.append(std::move(waiting));
    }
    waiting_ -= withdrawn.size();
    return withdrawn;
}

QueueView BatchQueue::view() const {
    QueueView view{.waiting = waiting_, .more_can_come = false};
    for (const auto& [id, owner] : owners_) {
        if (owner.state == OwnerState::kActive) view.more_can_come = true;
        if (owner.state == OwnerState::kDraining) view.draining += owner.items.size();
        if (!owner.earliest.empty())
            view.earliest_deadline = std::min(view.earliest_deadline, owner.earliest.front());
    }
    return view;
}

Decision BatchQueue::decide(Time now) const {
    return facet::decide(limits_, view(), now);
}

Batch BatchQueue::take(const Decision& decision, Time now) {
    assert(decision.kind == Decision::Kind::kStart && decision.count >= 1);
    assert(decision.count <= waiting_);
    using Turn = std::tuple<Time, uint64_t, Owner*>;  // an owner's earliest deadline, then order
    std::priority_queue<Turn, std::vector<Turn>, std::greater<>> turns;
    const auto enter = [&turns](Owner& owner) {
        if (!owner.items.empty())
            turns.emplace(owner.earliest.front(), owner.items.front().order, &owner);
    };
    for (auto& [id, owner] : owners_) enter(owner);

    Batch batch{.id = next_batch_id_++, .reason = decision.reason, .started = now, .items = {}};
    batch.items.reserve(decision.count);
    while (batch.items.size() < decision.count) {
        Owner& owner = *std::get<Owner*>(turns.top());
        turns.pop();
        batch.items.push_back(owner.remove_front());
        enter(owner);
    }
    waiting_ -= batch.items.size();
    return batch;
}

}  // namespace facet
