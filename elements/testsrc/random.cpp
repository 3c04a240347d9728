// SPDX-License-Identifier: MIT
// PCG32 and the few distributions and curves that the drawing needs.
#include "elements/testsrc/random.h"

#include <cmath>

namespace facet::drawing {
namespace {

// e^-mean for 0 <= mean <= 16, by squaring: multiplications only.
double exponential_of_minus(double mean) {
    const double step = mean / 1024;
    double value = 1 - step + step * step / 2 - step * step * step / 6;
    for (int i = 0; i < 10; ++i) value *= value;
    return value;
}

}  // namespace

uint64_t mix(uint64_t a, uint64_t b) {
    uint64_t z = a + 0x9E3779B97F4A7C15U * (b + 1);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

Random::Random(uint64_t seed, uint64_t purpose)
    : state_(mix(seed, purpose)), increment_(mix(purpose, seed) | 1U) {
    static_cast<void>(next());
}

uint32_t Random::next() {
    const uint64_t old = state_;
    state_ = old * 6364136223846793005U + increment_;
    const auto shifted = static_cast<uint32_t>(((old >> 18U) ^ old) >> 27U);
    const auto rotation = static_cast<uint32_t>(old >> 59U);
    return (shifted >> rotation) | (shifted << ((32U - rotation) & 31U));
}

uint64_t Random::next_wide() {
    const uint64_t high = next();
    return (high << 32U) | next();
}

float Random::uniform() {
    return static_cast<float>(next() >> 8U) * (1.0F / 16777216.0F);
}

float Random::between(float low, float high) {
    return low + (high - low) * uniform();
}

float Random::around(float mean, float spread) {
    float sum = 0;
    for (int i = 0; i < 3; ++i) sum += uniform();
    return mean + (sum - 1.5F) * 2.0F * spread;
}

int Random::below(int count) {
    return static_cast<int>((uint64_t{next()} * static_cast<uint64_t>(count)) >> 32U);
}

bool Random::chance(float probability) {
    return uniform() < probability;
}

int Random::poisson(double mean) {
    int events = 0;
    for (double rest = mean; rest > 0; rest -= 16) {
        const double limit = exponential_of_minus(rest < 16 ? rest : 16);
        double product = 1;
        for (;;) {
            product *= (static_cast<double>(next()) + 0.5) * (1.0 / 4294967296.0);
            if (product <= limit) break;
            ++events;
        }
    }
    return events;
}

float sine(float turns) {
    float phase = turns - std::floor(turns);
    float sign = 1.0F;
    if (phase > 0.5F) {
        phase -= 0.5F;
        sign = -1.0F;
    }
    const float parabola = 16.0F * phase * (0.5F - phase);
    return sign * parabola * (0.775F + 0.225F * parabola);
}

}  // namespace facet::drawing
