// SPDX-License-Identifier: MIT
// The worker loop and its wake-ups.
//
// One notification per change is enough: whichever worker it wakes decides anew from the whole
// queue, so either it sleeps until the right time or it takes a batch and passes the word on.
#include "engine/batching/batcher.h"

#include <atomic>
#include <utility>

namespace facet {

namespace {

std::atomic<OwnerId> last_owner{0};

}  // namespace

Batcher::Batcher(BatchLimits limits, Clock& clock, BatchRunner& runner, CostTable costs,
                 const Policy& policy)
    : clock_(clock), runner_(runner), queue_(limits, std::move(costs), policy) {
    const int slots = limits.slots;
    threads_.reserve(slots);
    for (int slot = 0; slot < slots; ++slot) threads_.emplace_back([this, slot] { work(slot); });
}

Batcher::~Batcher() {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    {
        MutexLock lock(mutex_);
        stopping_ = true;
        withdrawn = queue_.close_all_owners();
    }
    changed_.notify_all();
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn), DiscardReason::kWithdrawn);
    for (std::thread& thread : threads_) thread.join();
}

OwnerId Batcher::open_owner() {
    const OwnerId owner = ++last_owner;
    MutexLock lock(mutex_);
    if (!stopping_) queue_.open_owner(owner);
    return owner;
}

void Batcher::close_owner(OwnerId owner) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    {
        MutexLock lock(mutex_);
        withdrawn = queue_.close_owner(owner);
    }
    // The owner may have been the only one that the others waited for.
    changed_.notify_one();
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn), DiscardReason::kWithdrawn);
}

void Batcher::set_owner_state(OwnerId owner, OwnerState state) {
    {
        MutexLock lock(mutex_);
        queue_.set_owner_state(owner, state);
    }
    changed_.notify_one();
}

void Batcher::set_owner_weight(OwnerId owner, double weight) {
    MutexLock lock(mutex_);
    queue_.set_owner_weight(owner, weight);
}

void Batcher::set_owner_sheds(OwnerId owner, bool sheds) {
    MutexLock lock(mutex_);
    queue_.set_owner_sheds(owner, sheds);
}

void Batcher::push(std::unique_ptr<BatchItem> item) {
    std::vector<std::unique_ptr<BatchItem>> items;
    items.push_back(std::move(item));
    push(std::move(items));
}

void Batcher::push(std::vector<std::unique_ptr<BatchItem>> items) {
    std::vector<std::unique_ptr<BatchItem>> ownerless;
    {
        MutexLock lock(mutex_);
        const Time now = clock_.now();
        for (std::unique_ptr<BatchItem>& item : items) {
            if (queue_.is_open(item->owner))
                queue_.push(std::move(item), now);
            else
                ownerless.push_back(std::move(item));
        }
    }
    changed_.notify_one();
    if (!ownerless.empty()) runner_.discard(std::move(ownerless), DiscardReason::kWithdrawn);
}

void Batcher::cancel(OwnerId owner, uint32_t generation) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    {
        MutexLock lock(mutex_);
        withdrawn = queue_.cancel(owner, generation);
    }
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn), DiscardReason::kWithdrawn);
}

size_t Batcher::waiting() const {
    MutexLock lock(mutex_);
    return queue_.waiting();
}

void Batcher::observe(int rows, Duration took) {
    MutexLock lock(mutex_);
    queue_.observe(rows, took);
}

Duration Batcher::expected_wait() const {
    MutexLock lock(mutex_);
    return queue_.expected_wait(free_slots());
}

CostTable Batcher::costs() const {
    MutexLock lock(mutex_);
    return queue_.costs();
}

int Batcher::free_slots() const {
    return queue_.limits().slots - running_;
}

void Batcher::work(int slot) {
    MutexLock lock(mutex_);
    while (!stopping_) {
        const Time now = clock_.now();
        std::vector<std::unique_ptr<BatchItem>> late = queue_.shed(now, free_slots());
        if (!late.empty()) {
            lock.unlock();
            runner_.discard(std::move(late), DiscardReason::kOverload);
            lock.lock();
            continue;
        }
        const Decision decision = queue_.decide(now, free_slots());
        if (decision.kind == Decision::Kind::kSleep) {
            clock_.wait_until(changed_, mutex_, decision.wake_at);
            continue;
        }
        Batch batch = queue_.take(decision, now);
        ++running_;
        if (queue_.waiting() > 0) changed_.notify_one();
        lock.unlock();
        runner_.run(std::move(batch), slot);
        lock.lock();
        --running_;
    }
}

}  // namespace facet
