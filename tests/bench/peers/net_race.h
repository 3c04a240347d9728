// SPDX-License-Identifier: MIT
// Contenders taking turns at one net.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/peers/ceiling.h"
#include "tests/bench/peers/contender.h"

namespace facet::bench {

struct RacePlan {
    int turns;       // of every contender at every setting
    double seconds;  // of one turn
};

struct Entrant {
    std::string engine, mode;
    std::unique_ptr<Contender> contender;
    std::vector<int> rows;                       // batch sizes that it runs; empty: all
    std::map<int, std::vector<double>> seconds;  // per batch, by its size
    int failed_rows = 1 << 20;                   // sizes from this one on do not run
};

// What is measured, for the printed lines.
struct RaceTitle {
    std::string model, precision;
    int threads;
};

// All sizes once, then all again: what disturbs the machine for a second takes one turn of many
// settings instead of all turns of one. Prints a line per entrant and size, and one of what the
// ceiling reached in between.
void race(const RaceTitle& title, std::vector<Entrant>& entrants, Ceiling& ceiling,
          const std::vector<int>& sizes, const RacePlan& plan);

}  // namespace facet::bench
