// SPDX-License-Identifier: MIT
// The thread, and what it remembers.
#include "tests/soak/pulse.h"

#include <algorithm>

namespace facet::soak {

namespace {

constexpr auto kBeat = std::chrono::milliseconds(2);
constexpr auto kRemembered = std::chrono::seconds(5);
constexpr auto kOnTime = std::chrono::microseconds(500);  // what a timer of a quiet machine takes

}  // namespace

Pulse::Pulse() : thread_([this] { beat(); }) {}

Pulse::~Pulse() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Pulse::beat() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const Clock::time_point due = Clock::now() + kBeat;
        if (changed_.wait_until(lock, due, [this] { return stopping_; })) return;
        const Clock::time_point woke = Clock::now();
        if (woke - due > kOnTime) beats_.push_back({woke, woke - due});
        latest_ = std::max<std::chrono::nanoseconds>(latest_, woke - due);
        while (!beats_.empty() && beats_.front().woke < woke - kRemembered) beats_.pop_front();
    }
}

std::chrono::nanoseconds Pulse::late_since(Clock::time_point time) const {
    const std::lock_guard lock(mutex_);
    std::chrono::nanoseconds sum{0};
    for (const Beat& beat : beats_)
        if (beat.woke > time)
            sum += std::min<std::chrono::nanoseconds>(beat.late, beat.woke - time);
    return sum;
}

std::chrono::nanoseconds Pulse::latest() const {
    const std::lock_guard lock(mutex_);
    return latest_;
}

}  // namespace facet::soak
