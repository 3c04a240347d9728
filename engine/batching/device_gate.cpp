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

// Who comes back to the gate has used as much as the one present that has used the least.
void DeviceGate::arrive(Usage& usage) {
    if (usage.inside > 0 || usage.waiting > 0) return;
    Duration least = Duration::max();
    for (const auto& [id, other] : users_)
        if (other.inside > 0 || other.waiting > 0) least = std::min(least, other.used);
    if (least != Duration::max()) usage.used = std::max(usage.used, least);
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
    ++usage.inside;
    ++inside_;
    return true;
}

void DeviceGate::enter(User user) {
    MutexLock lock(mutex_);
    Usage& usage = users_.at(user);
    arrive(usage);
    if (usage.waiting++ == 0) usage.waits_since = next_wait_++;
    while (!may_enter(user)) changed_.wait(mutex_);
    if (--usage.waiting > 0) usage.waits_since = next_wait_++;
    ++usage.inside;
    ++inside_;
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
