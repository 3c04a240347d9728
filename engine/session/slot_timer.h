// SPDX-License-Identifier: MIT
// Times batches on several request slots at once, as they run in a busy session. Not installed.
#pragma once

#include <barrier>
#include <span>
#include <thread>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"
#include "engine/session/request_slot.h"

namespace facet {

// Invariant: between calls of run() the threads, one for each slot but the first, wait and no slot
// runs. Thread-bound; joins the threads in the destructor.
class SlotTimer {
  public:
    // `slots`, at least one, and `clock` outlive the timer.
    SlotTimer(std::span<RequestSlot> slots, Clock& clock);
    ~SlotTimer();
    SlotTimer(const SlotTimer&) = delete;
    SlotTimer& operator=(const SlotTimer&) = delete;

    // Runs `rows` rows of zeros on each of the first `slots` slots at once, more than once where
    // there are several, so that they run beside each other for the most part. What one such batch
    // took, by the clock, on the slot that needed longest.
    [[nodiscard]] Result<Duration> run(int rows, size_t slots);
    // On all of them.
    [[nodiscard]] Result<Duration> run(int rows) { return run(rows, slots_.size()); }

  private:
    struct Lap {
        Result<void> ran;
        Duration took{0};
    };

    void work(size_t slot);
    void run_lap(size_t slot);

    const std::span<RequestSlot> slots_;
    Clock& clock_;
    // Of the laps under way; changed only while the threads wait at `begin_`.
    int rows_ = 0, runs_ = 1;
    size_t active_ = 1;
    bool stopping_ = false;
    std::vector<Lap> laps_;  // by slot
    std::barrier<> begin_, end_;
    std::vector<std::thread> threads_;
};

}  // namespace facet
