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

Batcher::Batcher(BatchLimits limits, Clock& clock, BatchRunner& runner, BatcherOptions options)
    : clock_(clock),
      runner_(runner),
      gate_(options.gate ? std::move(options.gate) : std::make_shared<DeviceGate>()),
      gate_user_(gate_->add_user(limits.slots)),
      queue_(limits, options.costs, *options.policy) {
    if (options.trace) trace_.emplace(std::move(options.trace), limits, options.costs);
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
    gate_->remove_user(gate_user_);
}

OwnerId Batcher::open_owner() {
    const OwnerId owner = ++last_owner;
    MutexLock lock(mutex_);
    if (stopping_) return owner;
    queue_.open_owner(owner);
    if (trace_) trace_->opened(clock_.now(), owner);
    return owner;
}

void Batcher::close_owner(OwnerId owner) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    {
        MutexLock lock(mutex_);
        withdrawn = queue_.close_owner(owner);
        if (trace_) trace_->closed(clock_.now(), owner);
    }
    // The owner may have been the only one that the others waited for.
    changed_.notify_one();
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn), DiscardReason::kWithdrawn);
}

void Batcher::set_owner_state(OwnerId owner, OwnerState state) {
    {
        MutexLock lock(mutex_);
        queue_.set_owner_state(owner, state);
        if (trace_) trace_->state(clock_.now(), owner, state);
    }
    changed_.notify_one();
}

void Batcher::set_owner_weight(OwnerId owner, double weight) {
    MutexLock lock(mutex_);
    queue_.set_owner_weight(owner, weight);
    if (trace_) trace_->weight(clock_.now(), owner, weight);
}

void Batcher::set_owner_sheds(OwnerId owner, bool sheds) {
    MutexLock lock(mutex_);
    queue_.set_owner_sheds(owner, sheds);
    if (trace_) trace_->sheds(clock_.now(), owner, sheds);
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
            if (!queue_.is_open(item->owner)) {
                ownerless.push_back(std::move(item));
                continue;
            }
            if (trace_) trace_->pushed(now, *item);
            queue_.push(std::move(item), now);
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
        if (trace_) trace_->cancelled(clock_.now(), owner, generation);
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
    if (trace_) trace_->done(clock_.now(), rows, took);
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

std::optional<Batch> Batcher::next_batch(MutexLock& lock, bool asked) {
    Time now = clock_.now();
    std::vector<std::unique_ptr<BatchItem>> late = queue_.shed(now, free_slots());
    if (!late.empty()) {
        if (trace_) trace_->shed(now, free_slots(), late);
        if (asked) gate_->withdraw(gate_user_);
        lock.unlock();
        runner_.discard(std::move(late), DiscardReason::kOverload);
        lock.lock();
        return {};
    }
    Decision decision = queue_.decide(now, free_slots());
    if (decision.kind == Decision::Kind::kSleep) {
        if (trace_) trace_->slept(now, free_slots());
        if (asked) gate_->withdraw(gate_user_);
        clock_.wait_until(changed_, mutex_, decision.wake_at);
        return {};
    }
    if (!asked) gate_->ask(gate_user_);
    if (!gate_->try_enter(gate_user_)) {
        lock.unlock();
        gate_->enter(gate_user_);
        lock.lock();
        // What came meanwhile goes along; what was withdrawn does not.
        now = clock_.now();
        decision = queue_.decide(now, free_slots());
    }
    if (stopping_ || decision.kind == Decision::Kind::kSleep) {
        gate_->leave(gate_user_, Duration{0}, false);
        return {};
    }
    Batch batch = queue_.take(decision, now);
    if (trace_) trace_->started(now, free_slots(), batch);
    return batch;
}

void Batcher::work(int slot) {
    MutexLock lock(mutex_);
    bool asked = false;
    while (!stopping_) {
        std::optional<Batch> batch = next_batch(lock, std::exchange(asked, false));
        if (!batch) continue;
        ++running_;
        if (queue_.waiting() > 0) changed_.notify_one();
        lock.unlock();
        const Time started = batch->started;
        runner_.run(*std::move(batch), slot);
        const Time ended = clock_.now();
        lock.lock();
        --running_;
        // A session that gave its turn back first and then asked anew would be behind whoever
        // waits, however much time that one has used.
        asked =
            !stopping_ && queue_.decide(clock_.now(), free_slots()).kind == Decision::Kind::kStart;
        gate_->leave(gate_user_, ended - started, asked);
    }
}

}  // namespace facet
