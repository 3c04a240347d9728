// SPDX-License-Identifier: MIT
// Turns by used time.
#include "engine/batching/device_turns.h"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace facet {

DeviceTurns::User DeviceTurns::add_user(int slots, int width) {
    const User user = next_user_++;
    users_[user] = {.slots = slots, .width = width};
    return user;
}

void DeviceTurns::remove_user(User user) {
    users_.erase(user);
}

void DeviceTurns::ask(User user) {
    Usage& usage = users_.at(user);
    if (usage.waiting++ > 0) return;
    usage.used = std::max(usage.used, virtual_time_);
    usage.waits_since = next_wait_++;
}

void DeviceTurns::withdraw(User user) {
    Usage& usage = users_.at(user);
    assert(usage.waiting > 0);
    --usage.waiting;
}

bool DeviceTurns::may_begin(User user) const {
    const Usage& mine = users_.at(user);
    if (mine.waiting == 0) return false;
    if (mine.width > free_width()) return false;
    return std::ranges::none_of(users_, [&mine](const auto& entry) {
        const Usage& other = entry.second;
        return other.waiting > 0 &&
               std::tie(other.used, other.waits_since) < std::tie(mine.used, mine.waits_since);
    });
}

int DeviceTurns::free_width() const {
    int widest = 1;
    for (const auto& [id, usage] : users_) widest = std::max(widest, usage.slots * usage.width);
    return widest - running_width_;
}

int DeviceTurns::room(User user) const {
    const bool others_wait = std::ranges::any_of(users_, [user](const auto& entry) {
        return entry.first != user && entry.second.waiting > 0;
    });
    return others_wait ? 0 : std::max(0, free_width()) / users_.at(user).width;
}

void DeviceTurns::begin(User user) {
    assert(may_begin(user));
    Usage& usage = users_.at(user);
    virtual_time_ = std::max(virtual_time_, usage.used);
    if (--usage.waiting > 0) usage.waits_since = next_wait_++;
    ++usage.running;
    running_width_ += usage.width;
}

void DeviceTurns::end(User user, Duration used) {
    Usage& usage = users_.at(user);
    assert(usage.running > 0);
    usage.used += used * usage.width;
    --usage.running;
    running_width_ -= usage.width;
}

}  // namespace facet
