// SPDX-License-Identifier: MIT
// From samples of a tensor to the range that its bytes shall cover.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace facet {

enum class RangeMethod { kPercentile, kMse };

// Counts magnitudes. Use: widen() with every sample, then add() with every sample again.
class ActivationHistogram {
  public:
    void widen(std::span<const float> samples);
    void add(std::span<const float> samples);

    // Did a sample lie below zero?
    [[nodiscard]] bool is_signed() const { return least_ < 0; }
    // The largest magnitude to represent, above 0: under kPercentile that below which `percent` of
    // the samples lie; under kMse that with the least mean square of clipping and rounding errors
    // on 255 steps, or 127 to each side of zero.
    [[nodiscard]] float limit(RangeMethod method, double percent) const;

  private:
    [[nodiscard]] double squared_error(size_t bins) const;

    float least_ = 0, most_ = 0;  // most_: the largest magnitude
    std::vector<int64_t> counts_;
};

}  // namespace facet
