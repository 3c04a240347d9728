// SPDX-License-Identifier: MIT
// What batches of a model cost: every size in turn, in as many requests at once as asked for.
#pragma once

#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/tools/bench_model.h"
#include "engine/tools/bench_rows.h"

namespace facet {

struct BenchPoint {
    int rows = 0;
    std::vector<int> runs;       // sizes that ran for them: {3}; with profiles {4} or {2, 1}
    double seconds = 0;          // of the rows of one request
    double rows_per_second = 0;  // of all requests
    double padded_seconds = 0;   // the same when every run has the largest size
    double padded_rows_per_second = 0;

    // How many times as many rows a second as with padding.
    [[nodiscard]] double gain() const { return rows_per_second / padded_rows_per_second; }
};

struct BenchMeasurement {
    std::vector<BenchPoint> points;  // by rows
    int largest_run = 1;             // rows that padding fills up to
    int profiled_rows = 0;           // that `steps` are of; 0: not asked for
    std::vector<StepProfile> steps;  // seconds as of the points: the median, or the fastest
};

// Runs the sizes in turn, options.iterations rounds of them, so that what disturbs the machine for
// a while disturbs all alike. `rows` fill the requests, from the first on again when they are too
// few. Blocks the caller; errors are the device's.
[[nodiscard]] Result<BenchMeasurement> measure(const BenchModel& model,
                                               const std::vector<ImageRow>& rows,
                                               const BenchOptions& options);

// What the model says of each row.
[[nodiscard]] Result<std::vector<Converted>> classify(const BenchModel& model,
                                                      const std::vector<ImageRow>& rows);

}  // namespace facet
