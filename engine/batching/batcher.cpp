// SPDX-License-Identifier: MIT
// The worker loop and its wake-ups.
//
// One notification per change is enough: whichever worker it wakes decides anew from the whole
// queue, so either it sleeps until the right time or it takes a batch and passes the word on.
#include "engine/batching/batcher.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace facet {

namespace {

std::atomic<OwnerId> last_owner{0};

}  // namespace

Batcher::Batcher(BatchLimits limits, Clock& clock, BatchRunner& runner, BatcherOptions options)
    : clock_(clock),
      runner_(runner),
      many_devices_(!options.further.empty()),
      queue_(limits, options.costs, *options.policy) {
    MutexLock lock(mutex_);
    if (options.trace) trace_.emplace(std::move(options.trace), limits, options.costs);
    add_device(std::move(options.costs), std::move(options.gate), limits.slots, options.width);
    for (FurtherDevice& device : options.further)
        add_device(std::move(device.costs), std::move(device.gate), device.slots, device.width);
    const int slots = static_cast<int>(slots_.size());
    threads_.reserve(slots);
    for (int slot = 0; slot < slots; ++slot) threads_.emplace_back([this, slot] { work(slot); });
}

void Batcher::add_device(CostTable costs, std::shared_ptr<DeviceGate> gate, int slots, int width) {
    if (!gate) gate = std::make_shared<DeviceGate>();
    const DeviceGate::User user = gate->add_user(slots, width);
    slots_.insert(slots_.end(), slots,
                  {.device = devices_.size(), .gate = gate.get(), .gate_user = user});
    devices_.push_back({std::move(costs), std::move(gate), user});
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
    MutexLock lock(mutex_);
    for (const Device& device : devices_) device.gate->remove_user(device.gate_user);
}

void Batcher::notify() {
    if (many_devices_)
        changed_.notify_all();
    else
        changed_.notify_one();
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
    notify();
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn), DiscardReason::kWithdrawn);
}

void Batcher::set_owner_state(OwnerId owner, OwnerState state) {
    {
        MutexLock lock(mutex_);
        queue_.set_owner_state(owner, state);
        if (trace_) trace_->state(clock_.now(), owner, state);
    }
    notify();
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
    notify();
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

void Batcher::observe(int rows, Duration took, int slot) {
    MutexLock lock(mutex_);
    const size_t device = slots_[slot].device;
    devices_[device].costs.observe(rows, took);
    const auto first = std::ranges::find(devices_, false, &Device::lost);
    if (first - devices_.begin() == static_cast<ptrdiff_t>(device)) queue_.observe(rows, took);
    if (trace_ && device == 0) trace_->done(clock_.now(), rows, took);
}

bool Batcher::hand_over(Batch& batch, int slot) {
    std::vector<std::unique_ptr<BatchItem>> withdrawn;
    {
        MutexLock lock(mutex_);
        Device& lost = devices_[slots_[slot].device];
        const auto other = std::ranges::find_if(
            devices_, [&](const Device& device) { return &device != &lost && !device.lost; });
        if (other == devices_.end()) return false;
        lost.lost = true;
        // The first device that is left is now what the queue expects of its work.
        queue_.use_costs(std::ranges::find(devices_, false, &Device::lost)->costs);
        for (std::unique_ptr<BatchItem>& item : batch.items) {
            if (queue_.is_open(item->owner))
                queue_.put_back(std::move(item));
            else
                withdrawn.push_back(std::move(item));
        }
        batch.items.clear();
    }
    changed_.notify_all();
    if (!withdrawn.empty()) runner_.discard(std::move(withdrawn), DiscardReason::kWithdrawn);
    return true;
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
    int free = 0;
    for (const Slot& slot : slots_) free += !slot.running && !devices_[slot.device].lost;
    return free;
}

std::vector<DeviceState> Batcher::device_states() const {
    std::vector<DeviceState> states;
    for (const Device& device : devices_)
        states.push_back({.costs = device.costs, .takes_work = !device.lost, .busy_until = {}});
    for (const Slot& slot : slots_) {
        DeviceState& state = states[slot.device];
        if (slot.busy_until)
            state.busy_until.push_back(*slot.busy_until);
        else
            ++state.free_slots;
    }
    return states;
}

Duration Batcher::cost_on(size_t device, size_t rows) const {
    return devices_[device].costs.cost(static_cast<int>(rows));
}

int Batcher::ready_slots(const Slot& slot) const {
    const auto free = std::ranges::count_if(slots_, [&slot](const Slot& other) {
        return other.device == slot.device && !other.running;
    });
    return std::min(static_cast<int>(free), 1 + slot.gate->room(slot.gate_user));
}

Decision Batcher::decide(Time now, size_t device, int free_slots) const {
    Decision decision = queue_.decide(now, free_slots, devices_[device].costs);
    if (!many_devices_ || decision.kind == Decision::Kind::kSleep) return decision;
    const BatchLimits& limits = queue_.limits();
    // Of all that waits, not of what this device would take: every device must judge the same.
    const size_t waiting = std::min(queue_.waiting(), largest_batch(limits));
    const Choice choice = choice_of(device_states(), device, waiting, limits, now);
    if (choice.most == 0) return {.wake_at = choice.wake_at};
    if (choice.most >= decision.count) return decision;
    decision.count = choice.most;
    decision.left = 0;
    const auto rows = std::ranges::lower_bound(limits.profiles, static_cast<int>(choice.most));
    decision.run_size = rows == limits.profiles.end() ? choice.most : static_cast<size_t>(*rows);
    return decision;
}

std::optional<Batch> Batcher::next_batch(MutexLock& lock, Slot& slot, bool asked) {
    Time now = clock_.now();
    std::vector<std::unique_ptr<BatchItem>> late = queue_.shed(now, free_slots());
    if (!late.empty()) {
        if (trace_) trace_->shed(now, free_slots(), late);
        if (asked) slot.gate->withdraw(slot.gate_user);
        lock.unlock();
        runner_.discard(std::move(late), DiscardReason::kOverload);
        lock.lock();
        return {};
    }
    Decision decision = decide(now, slot.device, 1);
    if (decision.kind == Decision::Kind::kSleep) {
        if (trace_) trace_->slept(now, free_slots());
        if (asked) slot.gate->withdraw(slot.gate_user);
        clock_.wait_until(changed_, mutex_, decision.wake_at);
        return {};
    }
    if (!asked) slot.gate->ask(slot.gate_user);
    const bool waits = !slot.gate->try_enter(slot.gate_user);
    if (waits) {
        slot.busy_until = now + cost_on(slot.device, decision.run_size);
        if (many_devices_) changed_.notify_all();
        lock.unlock();
        slot.gate->enter(slot.gate_user);
        lock.lock();
        slot.busy_until.reset();
        now = clock_.now();
    }
    // What came while it waited goes along; what was withdrawn does not; and others may share it.
    const int ready = ready_slots(slot);
    if (waits || ready > 1) decision = decide(now, slot.device, ready);
    if (stopping_ || devices_[slot.device].lost || decision.kind == Decision::Kind::kSleep) {
        slot.gate->leave(slot.gate_user, Duration{0}, false);
        return {};
    }
    Batch batch = queue_.take(decision, now);
    if (trace_) trace_->started(now, ready, batch);
    slot.running = true;
    slot.busy_until = now + cost_on(slot.device, batch.run_size);
    return batch;
}

void Batcher::work(int number) {
    MutexLock lock(mutex_);
    Slot& slot = slots_[number];
    bool asked = false;
    while (!stopping_ && !devices_[slot.device].lost) {
        std::optional<Batch> batch = next_batch(lock, slot, std::exchange(asked, false));
        if (!batch) continue;
        if (queue_.waiting() > 0) notify();
        lock.unlock();
        const Time started = batch->started;
        runner_.run(*std::move(batch), number);
        const Time ended = clock_.now();
        lock.lock();
        slot.running = false;
        slot.busy_until.reset();
        // A session that gave its turn back first and then asked anew would be behind whoever
        // waits, however much time that one has used.
        asked = !stopping_ && !devices_[slot.device].lost &&
                decide(clock_.now(), slot.device, 1).kind == Decision::Kind::kStart;
        slot.gate->leave(slot.gate_user, ended - started, asked);
    }
}

}  // namespace facet
