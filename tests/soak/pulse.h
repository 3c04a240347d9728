// SPDX-License-Identifier: MIT
// Pulse: how late this machine wakes a thread that asked for a time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace facet::soak {

// A thread that wants to wake every two milliseconds and notes when it woke late: what the machine
// was late by, no element could have made up for. Remembers the last few seconds. Thread-safe; the
// destructor joins the thread.
class Pulse {
  public:
    using Clock = std::chrono::steady_clock;

    Pulse();
    ~Pulse();
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    // The sum of all that it was late by since then.
    [[nodiscard]] std::chrono::nanoseconds late_since(Clock::time_point time) const;
    // The most it was late by at once, ever.
    [[nodiscard]] std::chrono::nanoseconds latest() const;

  private:
    struct Beat {
        Clock::time_point woke;
        std::chrono::nanoseconds late;
    };

    void beat();

    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<Beat> beats_;  // the late ones
    std::chrono::nanoseconds latest_{0};
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace facet::soak
