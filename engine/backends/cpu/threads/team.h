// SPDX-License-Identifier: MIT
// Threads that go through one list of steps together, each step in parts.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

namespace facet::cpu {

// What a team is to do.
struct TeamWork {
    size_t steps = 0;
    // Of a step: 1 to Team::kMostParts.
    std::function<int(size_t step)> parts;
    // Does part `index` of the step's parts on the thread of `member`. Does not throw.
    std::function<void(size_t step, int index, int member)> part;
};

// A layer of a small net takes microseconds, less than waking a thread does, and a processor that
// has slept may take milliseconds. So nobody waits for a member to come: whoever is there takes the
// next part that nobody has taken, the caller of run() all of them if it must. Members that have
// nothing to take watch for it a short while before they sleep; how long they watch between runs
// follows what that brought lately, so that on a machine whose processors others need they sleep
// almost at once.
//
// Invariants: each part of each step is done once; all of a step's are done, and what they wrote
// can be read, before one of the next step begins; run() returns when all are done; members but the
// caller of run() belong to the team and are joined by the destructor. Thread-bound: one thread
// calls run() at a time.
class Team {
  public:
    static constexpr int kMostParts = (1 << 15) - 1;

    // `members` with the caller of run(), 1 or more; the caller is member 0.
    explicit Team(int members);
    ~Team();
    Team(const Team&) = delete;
    Team& operator=(const Team&) = delete;

    [[nodiscard]] int members() const { return static_cast<int>(threads_.size()) + 1; }
    void run(const TeamWork& work);
    // How many parts members but the caller of run() have done so far.
    [[nodiscard]] uint64_t parts_of_others() const {
        return parts_of_others_.load(std::memory_order_relaxed);
    }

  private:
    // A step's number since the team came into being, whether a run has yet to give it parts, and
    // how many of its parts nobody has taken. No value comes twice.
    using Claims = uint64_t;
    static constexpr Claims kParts = kMostParts, kIdle = 1 << 15;
    static constexpr int kStepShift = 16;

    void stop();
    void serve(int member);
    void open(uint64_t number, int parts);
    // Takes a part and does it, if `seen` is still true.
    void take_part(Claims seen, int member);
    void wait_beyond(Claims seen);

    // Written before `claims_` tells of a step, read by who has taken a part of it.
    const TeamWork* work_ = nullptr;
    uint64_t first_number_ = 0;  // of the run's steps
    int parts_ = 0;              // of the step

    alignas(64) std::atomic<Claims> claims_ = kIdle;
    alignas(64) std::atomic<int> done_ = 0;  // parts of the step
    std::atomic<int> patience_;              // between runs, in rounds of watching
    std::atomic<bool> stopping_ = false;
    alignas(64) std::atomic<uint64_t> parts_of_others_ = 0;
    std::vector<std::thread> threads_;
};

}  // namespace facet::cpu
