// SPDX-License-Identifier: MIT
// What the command line of facet-bench asks for.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/base/precision.h"

namespace facet {

struct BenchOptions {
    std::string model, model_info;
    std::vector<std::string> info_directories;  // where model-info files are looked for
    std::vector<std::string> images;            // files and folders; empty: made-up pixels
    std::string detector;                       // a model whose finds in the images are the rows
    std::string device = "CPU";
    int max_batch = 1;
    std::vector<int> batch_sizes;  // to measure; empty: 1..max_batch
    std::vector<int> profiles;     // ascending sizes that run; empty: every size
    int iterations = 20;
    int threads = 0;   // of a request; 0: the machine's
    int requests = 1;  // that run at once
    Precision precision = Precision::kAuto;
    bool fastest = false;   // keep the fastest round instead of the median
    bool counters = false;  // time every step
    std::string labels;     // file, one per line
    int shown_results = 10;
    std::string dot, json, plot;  // files; empty: none; json "-": standard output, and no text
};

// The exit code where there is nothing to do: 0 after --help, else the mistake was printed.
[[nodiscard]] std::variant<BenchOptions, int> parse_bench_options(int count, char** arguments);

}  // namespace facet
