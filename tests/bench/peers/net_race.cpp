// SPDX-License-Identifier: MIT
// Turns, timed by the thread's own work where there is one thread, else by the clock.
#include "tests/bench/peers/net_race.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <thread>

#include "tests/bench/peers/report_line.h"

namespace facet::bench {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this thread's own work: what runs on one thread is so not charged for its neighbours'.
double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}
// Waits until the threads of whoever ran last sleep: some watch for work for 60 ms, on processors
// that the next needs.
void settle() {
    const auto process_seconds = [] {
        timespec time{};
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    };
    for (int look = 0; look < 100; ++look) {
        const double before = process_seconds();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        if (process_seconds() - before < 2e-4) return;
    }
}

double now_seconds(int threads) {
    return threads == 1 ? thread_seconds()
                        : std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

// Batches for at least the plan's time; an error withdraws the entrant from this size on.
bool take_turn(const RaceTitle& title, Entrant& entrant, int rows, double seconds) {
    const auto start = Clock::now();
    do {
        const double begin = now_seconds(title.threads);
        const Result<void> ran = entrant.contender->run(rows);
        if (!ran.ok()) {
            print_absence(title.model + " " + title.precision + ", " + entrant.engine + " from " +
                              std::to_string(rows) + " rows on",
                          ran.error());
            entrant.failed_rows = rows;
            return false;
        }
        entrant.seconds[rows].push_back(now_seconds(title.threads) - begin);
    } while (since(start) < seconds);
    return true;
}

void report_entrant(const RaceTitle& title, const Entrant& entrant) {
    for (const auto& [rows, seconds] : entrant.seconds) {
        std::vector<double> sorted = seconds;
        std::ranges::sort(sorted);
        std::printf(
            "{\"kind\":\"net\",\"model\":\"%s\",\"precision\":\"%s\",\"threads\":%d,"
            "\"rows\":%d,\"engine\":\"%s\",\"mode\":\"%s\",\"best_s\":%.9f,"
            "\"median_s\":%.9f}\n",
            title.model.c_str(), title.precision.c_str(), title.threads, rows,
            entrant.engine.c_str(), entrant.mode.c_str(), sorted[0], sorted[sorted.size() / 2]);
    }
    std::fflush(stdout);
}

bool runs(const Entrant& entrant, int rows) {
    // Halves of one row are the row on one thread.
    if (rows >= entrant.failed_rows || (rows == 1 && entrant.mode == "narrow")) return false;
    return entrant.rows.empty() || std::ranges::count(entrant.rows, rows) > 0;
}

// A first batch of each size is nobody's time.
void warm_up(const RaceTitle& title, std::vector<Entrant>& entrants,
             const std::vector<int>& sizes) {
    for (Entrant& entrant : entrants) {
        for (const int rows : sizes)
            if (runs(entrant, rows)) (void)take_turn(title, entrant, rows, 0);
        entrant.seconds.clear();
    }
}

// Seconds of the fastest product.
double take_turn(Ceiling& ceiling, int threads, double seconds) {
    double best = 1e9;
    const auto start = Clock::now();
    do {
        const double begin = now_seconds(threads);
        ceiling.run();
        best = std::min(best, now_seconds(threads) - begin);
    } while (since(start) < seconds);
    return best;
}

}  // namespace

void race(const RaceTitle& title, std::vector<Entrant>& entrants, Ceiling& ceiling,
          const std::vector<int>& sizes, const RacePlan& plan) {
    warm_up(title, entrants, sizes);
    double ceiling_seconds = 1e9;
    for (int turn = 0; turn < plan.turns; ++turn) {
        for (const int rows : sizes) {
            for (Entrant& entrant : entrants) {
                if (!runs(entrant, rows)) continue;
                if (title.threads > 1) settle();
                (void)take_turn(title, entrant, rows, plan.seconds);
            }
            if (title.threads > 1) settle();
            ceiling_seconds =
                std::min(ceiling_seconds, take_turn(ceiling, title.threads, plan.seconds / 2));
        }
    }
    for (const Entrant& entrant : entrants) report_entrant(title, entrant);
    std::printf(
        "{\"kind\":\"ceiling\",\"model\":\"%s\",\"precision\":\"%s\",\"threads\":%d,"
        "\"gflops\":%.2f}\n",
        title.model.c_str(), title.precision.c_str(), title.threads,
        ceiling.operations() / ceiling_seconds / 1e9);
}

}  // namespace facet::bench
