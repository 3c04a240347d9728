// SPDX-License-Identifier: MIT
// Seeded uniform numbers.
#include "tests/conformance/random.h"

#include <cstdint>

namespace facet::testing {

Random::Random(std::string_view seed) {
    // FNV-1a: std::hash may differ between libraries.
    uint32_t hash = 2166136261u;
    for (const char c : seed) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
    generator_.seed(hash);
}

float Random::uniform(float low, float high) {
    // 24 bits fill a float's mantissa; the standard's distributions differ between libraries.
    const float unit = static_cast<float>(generator_() >> 8) * 0x1p-24f;
    return low + (high - low) * unit;
}

}  // namespace facet::testing
