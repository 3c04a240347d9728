// SPDX-License-Identifier: MIT
// Draws from the uniform 64-bit numbers of the Mersenne twister, whose sequence is standardised.
#include "engine/batching/simulation_random.h"

#include <cmath>
#include <numbers>

namespace facet {

double SimulationRandom::uniform() {
    constexpr double kStep = 1.0 / 9007199254740992.0;  // 2^-53: every double in [0, 1) alike
    return static_cast<double>(engine_() >> 11) * kStep;
}

double SimulationRandom::exponential(double mean) {
    return -mean * std::log1p(-uniform());
}

int SimulationRandom::poisson(double mean) {
    const double limit = std::exp(-mean);
    int count = 0;
    for (double product = uniform(); product > limit; product *= uniform()) ++count;
    return count;
}

double SimulationRandom::normal() {
    const double radius = std::sqrt(exponential(2));
    return radius * std::cos(2 * std::numbers::pi * uniform());
}

}  // namespace facet
