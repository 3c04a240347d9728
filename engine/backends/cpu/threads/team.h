// SPDX-License-Identifier: MIT
// Threads that go through one list of steps together, meeting between the steps.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace facet::cpu {

// A layer of a small net takes microseconds, less than waking a thread does. So members that wait
// watch for the others a short while before they sleep; how long follows what it brought lately, so
// that on a machine whose processors others need they sleep almost at once. Invariants: members but
// the caller of run() belong to the team and are joined by the destructor; run() returns when all
// members have. Thread-bound: one thread calls run() at a time.
class Team {
  public:
    // `members` with the caller of run(), 1 or more.
    explicit Team(int members);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    [[nodiscard]] int members() const { return static_cast<int>(threads_.size()) + 1; }
    // Calls work(member) for every member from 0, the caller, on. `work` does not throw.
    void run(const std::function<void(int)>& work);
    // From within `work`: returns when every member has called it as often. What one wrote before
    // the others read after.
    void meet();

  private:
    // A number that others change, watched and then slept on.
    class Signal {
      public:
        [[nodiscard]] uint32_t now() const { return number_.load(std::memory_order_acquire); }
        void next();
        void wait_beyond(uint32_t number);
        void watch_longest() { patience_.store(kMostPatience, std::memory_order_relaxed); }

      private:
        void sleep_beyond(uint32_t number);

        std::atomic<uint32_t> number_ = 0;
        std::atomic<int> patience_ = kMostPatience;  // rounds of watching
    };
    static constexpr int kMostPatience = 2500, kLeastPatience = 12;

    void stop();
    void serve(int member);

    const std::function<void(int)>* work_ = nullptr;  // written before `started_` moves on
    alignas(64) Signal started_;
    alignas(64) Signal met_;
    alignas(64) std::atomic<int> arrived_ = 0;
    std::atomic<bool> stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace facet::cpu
