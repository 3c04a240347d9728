// SPDX-License-Identifier: MIT
// Seeded uniform numbers.
#pragma once

#include <random>
#include <string_view>

namespace facet::testing {

// Uniform numbers in [low, high), the same on every machine.
class Random {
  public:
    explicit Random(std::string_view seed);
    [[nodiscard]] float uniform(float low, float high);

  private:
    std::mt19937 generator_;
};

}  // namespace facet::testing
