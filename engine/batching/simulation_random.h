// SPDX-License-Identifier: MIT
// Random numbers that are the same with every standard library, for loads that can be repeated.
#pragma once

#include <cstdint>
#include <random>

namespace facet {

// Thread-compatible.
class SimulationRandom {
  public:
    explicit SimulationRandom(uint64_t seed) : engine_(seed) {}

    double uniform();                 // in [0, 1)
    double exponential(double mean);  // >= 0
    int poisson(double mean);         // 0 <= mean <= 500; Knuth, TAOCP 2, 3.4.1
    double normal();                  // mean 0, deviation 1; Box and Muller

  private:
    std::mt19937_64 engine_;
};

}  // namespace facet
