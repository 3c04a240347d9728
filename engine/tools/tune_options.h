// SPDX-License-Identifier: MIT
// What the command line of facet-tune asks for.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/batching/simulation_load.h"

namespace facet {

struct TuneOptions {
    std::string trace;  // file; empty: the described load
    LoadDescription load;
    std::string costs;                          // as CostTable writes them, or a file with them in
    std::vector<std::string> models;            // to measure instead
    std::vector<std::string> info_directories;  // where their model-info files are looked for
    std::string device = "CPU";
    int threads = 0;  // of a request; 0: the machine's
    int rounds = 9;   // of measuring
    bool fastest = false;
    bool print_costs = false;  // and do nothing else
    double deadline = 0;       // milliseconds
    double timeout = -1;       // milliseconds; below 0: a grid of them
    int max_batch = 32;        // the largest to try
    int requests = 2;          // the most to try
    double contention = 1;
    std::string html;  // file; empty: none
};

// The exit code where there is nothing to do: 0 after --help, else the mistake was printed.
[[nodiscard]] std::variant<TuneOptions, int> parse_tune_options(int count, char** arguments);

// "8 streams of 25 frames/s with 3 faces, Poisson".
[[nodiscard]] std::string describe(const LoadDescription& load);

}  // namespace facet
