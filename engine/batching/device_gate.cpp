// SPDX-License-Identifier: MIT
// The turns under a lock.
#include "engine/batching/device_gate.h"

#include <map>

namespace facet {

DeviceGate::User DeviceGate::add_user(int slots, int width) {
    MutexLock lock(mutex_);
    return turns_.add_user(slots, width);
}

void DeviceGate::remove_user(User user) {
    {
        MutexLock lock(mutex_);
        turns_.remove_user(user);
    }
    changed_.notify_all();
}

void DeviceGate::ask(User user) {
    MutexLock lock(mutex_);
    turns_.ask(user);
}

void DeviceGate::withdraw(User user) {
    {
        MutexLock lock(mutex_);
        turns_.withdraw(user);
    }
    changed_.notify_all();
}

bool DeviceGate::try_enter(User user) {
    MutexLock lock(mutex_);
    if (!turns_.may_begin(user)) return false;
    turns_.begin(user);
    return true;
}

int DeviceGate::room(User user) {
    MutexLock lock(mutex_);
    return turns_.room(user);
}

void DeviceGate::enter(User user) {
    {
        MutexLock lock(mutex_);
        while (!turns_.may_begin(user)) changed_.wait(mutex_);
        turns_.begin(user);
    }
    // Another slot may be free for the next.
    changed_.notify_all();
}

void DeviceGate::leave(User user, Duration used, bool asks_again) {
    {
        MutexLock lock(mutex_);
        turns_.end(user, used);
        if (asks_again) turns_.ask(user);
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
