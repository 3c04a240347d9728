// SPDX-License-Identifier: MIT
// Turns by used time.
#include "engine/batching/device_gate.h"

#include <algorithm>

namespace facet {

DeviceGate::User DeviceGate::add_user(int slots) {
    MutexLock lock(mutex_);
    const User user = next_user_++;
    users_[user].slots = slots;
    return user;
}

void DeviceGate::remove_user(User user) {
    {
        MutexLock lock(mutex_);
        users_.erase(user);
    }
    changed_.notify_all();
}

// Start-time fair queueing (Goyal, Vin, Cheng 1996): who has been away starts at the time that
// whoever was let in last had used.
void DeviceGate::arrive(Usage& usage) {
    if (usage.inside == 0 && usage.waiting == 0) usage.used = std::max(usage.used, virtual_time_);
}

void DeviceGate::let_in(Usage& usage) {
    virtual_time_ = std::max(virtual_time_, usage.used);
    ++usage.inside;
    ++inside_;
}

bool DeviceGate::may_enter(User user) const {
    int slots = 1;
    for (const auto& [id, usage] : users_) slots = std::max(slots, usage.slots);
    const Usage& mine = users_.at(user);
    if (inside_ >= slots) return false;
    return std::ranges::none_of(users_, [&](const auto& entry) {
        const Usage& other = entry.second;
        return entry.first != user && other.waiting > 0 &&
               (other.used != mine.used ? other.used < mine.used
                                        : other.waits_since < mine.waits_since);
    });
}

bool DeviceGate::try_enter(User user) {
    MutexLock lock(mutex_);
    Usage& usage = users_.at(user);
    arrive(usage);
    if (usage.waiting == 0) usage.waits_since = next_wait_;
    if (!may_enter(user)) return false;
    let_in(usage);
    return true;
}

void DeviceGate::enter(User user) {
    MutexLock lock(mutex_);
    Usage& usage = users_.at(user);
    arrive(usage);
    if (usage.waiting++ == 0) usage.waits_since = next_wait_++;
    while (!may_enter(user)) changed_.wait(mutex_);
    if (--usage.waiting > 0) usage.waits_since = next_wait_++;
    let_in(usage);
    // Another slot may be free for the next.
    changed_.notify_all();
}

void DeviceGate::leave(User user, Duration used) {
    {
        MutexLock lock(mutex_);
        Usage& usage = users_.at(user);
        usage.used += used;
        --usage.inside;
        --inside_;
    }
    changed_.notify_all();
}

std::shared_ptr<DeviceGate> device_gate(const std::string& device) {
    static Mutex mutex;
    static std::map<std::string, std::weak_ptr<DeviceGate>> gates;
    MutexLock lock(mutex);
    std::weak_ptr<DeviceGate>& known = gates[device];
    std::shared_ptr<DeviceGate> gate = known.lock();
    if (!gate) known = gate = std::make_shared<DeviceGate>();
    return gate;
}

}  // namespace facet
