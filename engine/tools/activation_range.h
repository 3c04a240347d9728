// SPDX-License-Identifier: MIT
// From samples of a tensor to the range that its bytes shall cover.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace facet {

enum class RangeMethod { kPercentile, kMse };

// What bytes shall cover: low <= 0 <= high, low < high.
struct ActivationRange {
    float low = 0, high = 0;
};

// Counts magnitudes. Use: widen() with every sample, then add() with every sample again.
class ActivationHistogram {
  public:
    void widen(std::span<const float> samples);
    void add(std::span<const float> samples);

    // The samples' own range, cut where their magnitude exceeds a limit: under kPercentile that
    // below which `percent` of the magnitudes lie; under kMse that with the least mean square of
    // clipping and rounding errors on 255 steps.
    [[nodiscard]] ActivationRange range(RangeMethod method, double percent) const;

  private:
    [[nodiscard]] ActivationRange cut(size_t bins) const;
    [[nodiscard]] double squared_error(size_t bins) const;

    float low_ = 0, high_ = 0, most_ = 0;  // most_: the largest magnitude
    std::vector<int64_t> counts_;
};

}  // namespace facet
