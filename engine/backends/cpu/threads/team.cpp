// SPDX-License-Identifier: MIT
// One number says which step it is and what is left of it; everything else follows from that.
#include "engine/backends/cpu/threads/team.h"

#include <omp.h>

#include <algorithm>
#include <chrono>

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace facet::cpu {

namespace {

// A round of watching takes some 40 nanoseconds: 100 microseconds at most, half a microsecond at
// least. Who was woken sooner than this after he began to wait might as well have watched on.
constexpr int kMostPatience = 2500, kLeastPatience = 12;
constexpr auto kWorthWatching = std::chrono::microseconds(150);

void pause() {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
}

}  // namespace

Team::Team(int members) : patience_(kMostPatience) {
    try {
        for (int member = 1; member < members; ++member)
            threads_.emplace_back([this, member] { serve(member); });
    } catch (...) {
        stop();
        throw;
    }
}

Team::~Team() {
    stop();
}

void Team::stop() {
    stopping_.store(true, std::memory_order_relaxed);
    claims_.fetch_add(Claims{1} << kStepShift, std::memory_order_seq_cst);
    claims_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void Team::run(const TeamWork& work) {
    if (work.steps == 0) return;
    work_ = &work;
    first_number_ = claims_.load(std::memory_order_relaxed) >> kStepShift;
    const uint64_t end = first_number_ + work.steps;
    open(first_number_, work.parts(0));
    for (;;) {
        const Claims seen = claims_.load(std::memory_order_acquire);
        if (seen >> kStepShift == end) return;
        if ((seen & kParts) > 0)
            take_part(seen, 0);
        else
            wait_beyond(seen);
    }
}

void Team::open(uint64_t number, int parts) {
    parts_ = parts;
    done_.store(0, std::memory_order_relaxed);
    const Claims state = parts > 0 ? static_cast<Claims>(parts) : kIdle;
    // In one order with the look at who sleeps that follows, or one who goes to sleep is missed.
    claims_.store(number << kStepShift | state, std::memory_order_seq_cst);
    claims_.notify_all();  // costs a look at a counter while nobody sleeps
}

void Team::take_part(Claims seen, int member) {
    if (!claims_.compare_exchange_strong(seen, seen - 1, std::memory_order_acq_rel)) return;
    const uint64_t number = seen >> kStepShift;
    const int parts = parts_;  // who is last opens the next step, with others
    work_->part(number - first_number_, static_cast<int>(seen & kParts) - 1, member);
    if (member > 0) parts_of_others_.fetch_add(1, std::memory_order_relaxed);
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 < parts) return;
    const uint64_t next = number + 1 - first_number_;
    open(number + 1, next < work_->steps ? work_->parts(next) : 0);
}

void Team::wait_beyond(Claims seen) {
    const bool idle = (seen & kIdle) != 0;
    const int patience = idle ? patience_.load(std::memory_order_relaxed) : kMostPatience;
    for (int round = 0; round < patience; ++round) {
        if (claims_.load(std::memory_order_relaxed) != seen) return;
        pause();
    }
    const auto start = std::chrono::steady_clock::now();
    claims_.wait(seen, std::memory_order_seq_cst);
    if (!idle) return;
    const bool soon = std::chrono::steady_clock::now() - start < kWorthWatching;
    patience_.store(std::clamp(soon ? patience * 2 : patience / 2, kLeastPatience, kMostPatience),
                    std::memory_order_relaxed);
}

void Team::serve(int member) {
    omp_set_num_threads(1);  // what a library shares out itself
    for (;;) {
        const Claims seen = claims_.load(std::memory_order_acquire);
        // After that load: stop() changes the number last, so who misses the word sees it change.
        if (stopping_.load(std::memory_order_relaxed)) return;
        if ((seen & kParts) > 0)
            take_part(seen, member);
        else
            wait_beyond(seen);
    }
}

}  // namespace facet::cpu
