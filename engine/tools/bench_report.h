// SPDX-License-Identifier: MIT
// What facet-bench measured as text for people and as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "engine/tools/bench_run.h"

namespace facet {

struct BenchReport {
    const BenchOptions& options;
    const BenchModel& model;
    const std::vector<ImageRow>& rows;
    const std::vector<Converted>& results;  // by row
    const BenchMeasurement& measured;
};

// "gender female 0.98, age 31.2 years"; "3 face, best 0.99 at 120,40 60x80 of 1000ths"; "-" for
// nothing.
[[nodiscard]] std::string result_text(const Converted& result);

// The results, the table of batch sizes, and the steps where they were timed.
[[nodiscard]] std::string bench_text(const BenchReport& report);
// One object, indented; docs/tools.md describes its fields.
[[nodiscard]] std::string bench_json(const BenchReport& report);

// Throughput and latency by batch size, at true size and padded, as one SVG document.
[[nodiscard]] std::string bench_plot(const BenchReport& report);

}  // namespace facet
