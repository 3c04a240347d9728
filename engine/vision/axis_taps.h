// SPDX-License-Identifier: MIT
// The samples and weights of bilinear and area interpolation along one axis. Private to vision.
#pragma once

#include <cstdint>
#include <vector>

namespace facet {

enum class Interpolation { kLinear, kArea };

// Area averaging from this shrink factor on: below it two taps see every pixel.
inline constexpr double kAreaFromShrink = 2.0;

// The samples and weights of each output position along one axis. Reused between calls so that its
// memory is. Invariants: begin <= first[i] <= last[i] < end; all vectors have a whole number of
// groups, and what they hold beyond `outputs` is as good as the rest. Thread-bound.
struct AxisTaps {
    static constexpr int kGroup = 16;
    Interpolation interpolation = Interpolation::kLinear;
    int outputs = 0;
    int begin = 0, end = 0;  // all samples that any output needs
    // Linear: the two neighbours (the same one at the end of the axis), and what of 2^15 the last
    // weighs. Area: the run of samples, what of 2^15 the first and the last of them are covered
    // (all others: wholly; a single one is the first), and one by the sum of all covers.
    std::vector<int> first, last;
    std::vector<int16_t> first_weight, last_weight;
    std::vector<float> share;

    // Outputs spread over [origin, origin + length) in sample coordinates (sample s covers [s, s +
    // 1)); samples at or beyond `limit` do not exist. Precondition: 0 <= origin, 0 < length,
    // origin < limit, output_count >= 1.
    void plan(double origin, double length, int limit, int output_count, Interpolation how);
};

}  // namespace facet
