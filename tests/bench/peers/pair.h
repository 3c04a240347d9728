// SPDX-License-Identifier: MIT
// Two jobs at a time, one of them in the caller's thread.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace facet::bench {

// Invariant: the thread joins in the destructor. The waits spin before they sleep, as inference
// libraries' own do. Thread-bound.
class Pair {
  public:
    Pair() : thread_([this] { work(); }) {}
    ~Pair() {
        stopping_ = true;
        hand_over(started_);
        thread_.join();
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    // Returns when both are done.
    void run(const std::function<void()>& here, const std::function<void()>& there) {
        there_ = &there;
        const unsigned before = finished_;
        hand_over(started_);
        here();
        wait_past(finished_, before);
    }

  private:
    static constexpr int kSpins = 20'000;

    static void hand_over(std::atomic<unsigned>& count) {
        ++count;
        count.notify_one();
    }
    static void wait_past(const std::atomic<unsigned>& count, unsigned value) {
        for (int spin = 0; spin < kSpins; ++spin)
            if (count != value) return;
        count.wait(value);
    }
    void work() {
        for (unsigned turn = 0;; ++turn) {
            wait_past(started_, turn);
            if (stopping_) return;
            (*there_)();
            hand_over(finished_);
        }
    }

    std::atomic<unsigned> started_{0}, finished_{0};
    std::atomic<bool> stopping_{false};
    const std::function<void()>* there_ = nullptr;  // handed over by started_
    std::thread thread_;
};

}  // namespace facet::bench
