// SPDX-License-Identifier: MIT
// Separable resampling: weights along one axis, and the passes that apply them. Private to vision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace facet {

enum class Interpolation { kLinear, kArea };

// Area averaging from this shrink factor on: below it two taps see every pixel.
inline constexpr double kAreaFromShrink = 2.0;

// Output rows that are computed side by side: columns are reduced for all of them at once, each in
// its lane, so that neighbouring elements take the same weight whatever the weights are.
inline constexpr int kLanes = 16;

// The samples and weights of each output position along one axis. Reused between calls so that its
// memory is. Invariants: begin <= first[i] < first[i] + count[i] <= end; count[i] <= stride; the
// weights of a position sum to 1. Thread-bound.
struct AxisTaps {
    int begin = 0, end = 0;  // all samples that any output needs
    int stride = 0;          // weights of output i start at i * stride
    std::vector<int> first, count;
    std::vector<float> weights;

    // Outputs spread over [origin, origin + length) in sample coordinates (sample s covers [s, s +
    // 1)); samples at or beyond `limit` do not exist. Precondition: 0 <= origin, 0 < length,
    // origin < limit, outputs >= 1.
    void plan(double origin, double length, int limit, int outputs, Interpolation interpolation);
};

// `bytes` columns of `rows` (each `stride` bytes after the one before) -> their weighted sums.
void blend_rows(const uint8_t* rows, ptrdiff_t stride, const float* weights, int count,
                size_t bytes, float* sums);

// A matrix of 4-byte elements -> its transpose; `rows` and `columns` are multiples of 4, strides
// are in elements and nothing overlaps.
void transpose(const void* from, size_t from_stride, size_t rows, size_t columns, void* to,
               size_t to_stride);

// Samples `step` columns apart, sample 0 at column `origin`, which may be negative as long as every
// sample that is used lies inside -> one value per output of `taps`. A column and a value are
// kLanes floats.
void reduce_columns(const float* columns, int origin, int step, const AxisTaps& taps,
                    float* values);

}  // namespace facet
