// SPDX-License-Identifier: MIT
// Contenders taking turns at one net and one batch size.
#pragma once

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
    std::vector<int> rows;        // batch sizes that it is measured at; empty: all
    std::vector<double> seconds;  // per batch
    bool withdrawn = false;       // a batch failed
};

// What is measured, for the printed lines.
struct RaceTitle {
    std::string model, precision;
    int threads;
};

// Prints a line per entrant, and one of what the ceiling reached between their turns.
void race(const RaceTitle& title, std::vector<Entrant>& entrants, Ceiling& ceiling, int rows,
          const RacePlan& plan);

}  // namespace facet::bench
