// SPDX-License-Identifier: MIT
// Two signals: one starts a run, the other tells that all have met.
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
constexpr auto kWorthWatching = std::chrono::microseconds(150);

void pause() {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#else
    std::this_thread::yield();
#endif
}

}  // namespace

void Team::Signal::next() {
    number_.fetch_add(1, std::memory_order_acq_rel);
    number_.notify_all();  // costs a look at a counter while nobody sleeps
}

void Team::Signal::wait_beyond(uint32_t number) {
    const int patience = patience_.load(std::memory_order_relaxed);
    for (int round = 0; round < patience; ++round) {
        if (now() != number) return;
        pause();
    }
    sleep_beyond(number);
}

void Team::Signal::sleep_beyond(uint32_t number) {
    const auto start = std::chrono::steady_clock::now();
    while (now() == number) number_.wait(number, std::memory_order_acquire);
    const int patience = patience_.load(std::memory_order_relaxed);
    const bool soon = std::chrono::steady_clock::now() - start < kWorthWatching;
    patience_.store(std::clamp(soon ? patience * 2 : patience / 2, kLeastPatience, kMostPatience),
                    std::memory_order_relaxed);
}

Team::Team(int members) {
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
    started_.next();
    for (std::thread& thread : threads_) thread.join();
}

void Team::run(const std::function<void(int)>& work) {
    work_ = &work;
    // Once members sleep at a meeting, the others' waking makes all later waits long: each run
    // begins without that.
    met_.watch_longest();
    started_.next();
    work(0);
    meet();
}

void Team::meet() {
    const uint32_t number = met_.now();
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 < members())
        return met_.wait_beyond(number);
    arrived_.store(0, std::memory_order_relaxed);
    met_.next();
}

void Team::serve(int member) {
    omp_set_num_threads(1);  // what a library shares out itself
    for (uint32_t seen = 0;;) {
        started_.wait_beyond(seen);
        seen = started_.now();
        if (stopping_.load(std::memory_order_relaxed)) return;
        (*work_)(member);
        meet();
    }
}

}  // namespace facet::cpu
