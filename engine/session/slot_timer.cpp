// SPDX-License-Identifier: MIT
// Laps between two barriers.
#include "engine/session/slot_timer.h"

#include <algorithm>

namespace facet {

namespace {

// Of several slots: the threads do not begin in the same moment.
constexpr int kRunsPerLap = 2;

}  // namespace

SlotTimer::SlotTimer(std::span<RequestSlot> slots, Clock& clock)
    : slots_(slots),
      clock_(clock),
      laps_(slots.size()),
      begin_(static_cast<ptrdiff_t>(slots.size())),
      end_(static_cast<ptrdiff_t>(slots.size())) {
    for (size_t slot = 1; slot < slots.size(); ++slot)
        threads_.emplace_back([this, slot] { work(slot); });
}

SlotTimer::~SlotTimer() {
    stopping_ = true;
    begin_.arrive_and_wait();
    for (std::thread& thread : threads_) thread.join();
}

void SlotTimer::work(size_t slot) {
    while (true) {
        begin_.arrive_and_wait();
        if (stopping_) return;
        run_lap(slot);
        end_.arrive_and_wait();
    }
}

void SlotTimer::run_lap(size_t slot) {
    laps_[slot] = {};
    if (slot >= active_) return;
    const Time begin = clock_.now();
    for (int run = 0; run < runs_ && laps_[slot].ran.ok(); ++run)
        laps_[slot].ran = slots_[slot].run_zeros(rows_);
    laps_[slot].took = (clock_.now() - begin) / runs_;
}

Result<Duration> SlotTimer::run(int rows, size_t slots) {
    rows_ = rows;
    active_ = slots;
    runs_ = slots > 1 ? kRunsPerLap : 1;
    begin_.arrive_and_wait();
    run_lap(0);
    end_.arrive_and_wait();
    Duration longest{0};
    for (const Lap& lap : laps_) {
        if (!lap.ran.ok()) return lap.ran.error();
        longest = std::max(longest, lap.took);
    }
    return longest;
}

}  // namespace facet
