// SPDX-License-Identifier: MIT
// Which max-batch, timeout and requests suit a load: every setting of a grid, replayed off-line.
#pragma once

#include <string>
#include <vector>

#include "engine/batching/simulation_report.h"

namespace facet {

struct TuningQuestion {
    Load load;
    CostTable costs;               // not empty
    Duration deadline{0};          // of a crop's result, from its arrival; > 0
    std::vector<int> max_batches;  // each list: at least one, ascending
    std::vector<Duration> timeouts;
    std::vector<int> requests;
    double contention = 1;  // as of SimulationSettings
    double noise = 0.05;
};

struct TuningCandidate {
    int max_batch = 1;
    Duration timeout{0};
    int requests = 1;
    SimulationSummary summary;
};

struct ThroughputPoint {
    double offered = 0, goodput = 0;  // crops per second
    Percentiles latency;
};

struct ThroughputCurve {
    int max_batch = 1;
    std::vector<ThroughputPoint> points;  // by offered load
};

struct TuningAnswer {
    std::vector<TuningCandidate> grid;  // by requests, max_batch, timeout
    size_t recommended = 0;             // of the grid
    std::vector<std::string> reasons;   // one sentence each
    // The load at other speeds, with the recommended timeout and requests.
    std::vector<ThroughputCurve> curves;

    [[nodiscard]] const TuningCandidate& best() const { return grid[recommended]; }
};

// The most goodput wins; within a hundredth of it the lowest p99 from arrival to result; within a
// twentieth of that the fewest requests, then the smallest max_batch, then the shortest timeout.
[[nodiscard]] TuningAnswer tune(const TuningQuestion& question);

// Powers of two, up to `most` itself.
[[nodiscard]] std::vector<int> batch_grid(int most);
// From zero to `deadline` less the cost of one row; what is not above zero is left out.
[[nodiscard]] std::vector<Duration> timeout_grid(Duration deadline, const CostTable& costs);

}  // namespace facet
