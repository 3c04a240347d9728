// SPDX-License-Identifier: MIT
// What a simulated run comes to: goodput, waits, fill, batch sizes and fairness.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "engine/batching/simulation.h"

namespace facet {

// Jain, Chiu, Hawe (1984): (sum x)^2 / (n sum x^2): 1 when all are equal, 1/n when one has all.
// 1 for no shares, or only zeros.
[[nodiscard]] double jain_index(std::span<const double> shares);

struct Percentiles {
    double p50 = 0, p95 = 0, p99 = 0;  // milliseconds
};
// By nearest rank. Zeros for no durations; reorders them.
[[nodiscard]] Percentiles percentiles(std::vector<Duration>& durations);

struct StreamSummary {
    uint64_t crops = 0, met = 0;
    Percentiles wait, latency;
};

struct SimulationSummary {
    uint64_t crops = 0;
    uint64_t met = 0;               // crops whose result met the deadline
    double offered_per_second = 0;  // crops
    double goodput_per_second = 0;  // met crops per second of the load
    Percentiles wait;               // from a crop's arrival to its batch's start
    Percentiles latency;            // from a crop's arrival to its result
    double mean_batch = 0;          // crops per batch
    double fill = 0;                // crops per row run
    double busy = 0;                // share of the run's time that the slots were busy, 0..1
    double jain = 1;  // over each stream's share of its own crops that met the deadline
    std::map<int, uint64_t> batch_sizes;      // batches by number of crops
    std::map<StartReason, uint64_t> reasons;  // batches by reason
    std::vector<StreamSummary> streams;

    [[nodiscard]] double goodput_share() const {  // of the offered crops, 0..1
        return crops == 0 ? 1 : static_cast<double>(met) / static_cast<double>(crops);
    }
};

[[nodiscard]] SimulationSummary summarize(const SimulationRecord& record);

}  // namespace facet
