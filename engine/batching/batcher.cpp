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

Batcher::Batcher(BatchLimits limits, int slots, Clock& clock, BatchRunner& runner)
    : clock_(clock), runner_(runner), queue_(limits) {
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
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn));
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
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn));
}

void Batcher::set_owner_state(OwnerId owner, OwnerState state) {
    {
        MutexLock lock(mutex_);
        queue_.set_owner_state(owner, state);
    }
    changed_.notify_one();
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
    if (!ownerless.empty()) runner_.discard(std::move(ownerless));
}

void Batcher::cancel(OwnerId owner, uint32_t generation) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    {
        MutexLock lock(mutex_);
        withdrawn = queue_.cancel(owner, generation);
    }
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn));
}

size_t Batcher::waiting() const {
    MutexLock lock(mutex_);
    return queue_.waiting();
}

void Batcher::work(int slot) {
    MutexLock lock(mutex_);
    while (!stopping_) {
        const Time now = clock_.now();
        const Decision decision = queue_.decide(now);
        if (decision.kind == Decision::Kind::kSleep) {
            clock_.wait_until(changed_, mutex_, decision.wake_at);
            continue;
        }
        Batch batch = queue_.take(decision, now);
        if (queue_.waiting() > 0) changed_.notify_one();
        lock.unlock();
        runner_.run(std::move(batch), slot);
        lock.lock();
    }
}

}  // namespace facet
