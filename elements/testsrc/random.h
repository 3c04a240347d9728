// SPDX-License-Identifier: MIT
// Random numbers and curves that are the same, bit for bit, on every machine and with every
// library.
//
// Nothing here or in what draws with it calls libm beyond floor and sqrt, which IEEE 754 defines
// exactly. Callers never draw two numbers in one expression: C++ leaves their order open.
#pragma once

#include <cstdint>

namespace facet::drawing {

// One number out of two, so that neighbouring inputs give unlike streams (splitmix64's finisher).
[[nodiscard]] uint64_t mix(uint64_t a, uint64_t b);

// PCG32 (O'Neill 2014, XSH-RR). Thread-bound.
class Random {
  public:
    // `purpose` separates the streams of one seed.
    explicit Random(uint64_t seed, uint64_t purpose = 0);

    [[nodiscard]] uint32_t next();
    [[nodiscard]] uint64_t next_wide();
    [[nodiscard]] float uniform();  // [0, 1), in steps of 2^-24
    [[nodiscard]] float between(float low, float high);
    [[nodiscard]] float around(float mean, float spread);  // bell-shaped, within 3 * spread
    [[nodiscard]] int below(int count);  // 0 .. count - 1; precondition: count > 0
    [[nodiscard]] bool chance(float probability);
    [[nodiscard]] int poisson(double mean);  // precondition: mean >= 0

  private:
    uint64_t state_;
    uint64_t increment_;
};

// sin(2 pi turns), within 0.0011.
[[nodiscard]] float sine(float turns);
[[nodiscard]] inline float cosine(float turns) {
    return sine(turns + 0.25F);
}

}  // namespace facet::drawing
