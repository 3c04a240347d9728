// SPDX-License-Identifier: MIT
// The weights of bilinear and area interpolation, and their application to rows and columns.
#include "engine/vision/resample.h"

#include <algorithm>
#include <cstring>

#include "engine/base/multiversion.h"

namespace facet {
namespace {

// A pixel covered by less than this is left out: it is there only through rounding.
constexpr double kLeastCover = 1e-4;

// Of a number that fits; the library's function is a call.
int round_up(double value) {
    const int whole = static_cast<int>(value);
    return whole + (whole < value ? 1 : 0);
}

// Two taps everywhere (but of a single sample), so that applying them needs no branch.
void plan_linear(AxisTaps& taps, double origin, double scale, int outputs) {
    taps.stride = std::min(2, taps.end - taps.begin);
    taps.weights.assign(static_cast<size_t>(outputs) * taps.stride, 1.0f);
    for (int i = 0; i < outputs; ++i) {
        const double center = std::clamp(origin + (i + 0.5) * scale - 0.5,
                                         static_cast<double>(taps.begin), taps.end - 1.0);
        taps.first[i] = std::min(static_cast<int>(center), taps.end - taps.stride);
        taps.count[i] = taps.stride;
        if (taps.stride == 1) continue;
        const double fraction = center - taps.first[i];
        taps.weights[2 * i] = static_cast<float>(1 - fraction);
        taps.weights[2 * i + 1] = static_cast<float>(fraction);
    }
}

void plan_area(AxisTaps& taps, double origin, double scale, int outputs) {
    taps.stride = round_up(scale) + 2;
    taps.weights.resize(static_cast<size_t>(outputs) * taps.stride);
    for (int i = 0; i < outputs; ++i) {
        const double left = origin + i * scale;
        const double right = left + scale;
        const int first =
            std::clamp(static_cast<int>(left + kLeastCover), taps.begin, taps.end - 1);
        const int last = std::clamp(round_up(right - kLeastCover) - 1, first, taps.end - 1);
        taps.first[i] = first;
        taps.count[i] = last - first + 1;
        const auto cover = [&](int s) {
            return std::max(std::min(right, s + 1.0) - std::max(left, static_cast<double>(s)),
                            kLeastCover);
        };
        // Only the pixels at the two ends can be cut.
        const double first_cover = cover(first), last_cover = cover(last);
        const double total =
            first == last ? first_cover : first_cover + (last - first - 1) + last_cover;
        float* weights = taps.weights.data() + static_cast<size_t>(i) * taps.stride;
        std::fill_n(weights, last - first + 1, static_cast<float>(1 / total));
        weights[0] = static_cast<float>(first_cover / total);
        weights[last - first] = static_cast<float>(last_cover / total);
    }
}

// Two rows at a time halve the traffic through `sums`; the loops are plain so that they vectorise.
FACET_MULTIVERSION
void set_pair(const uint8_t* __restrict upper, const uint8_t* __restrict lower, float upper_weight,
              float lower_weight, size_t bytes, float* __restrict sums) {
    for (size_t i = 0; i < bytes; ++i)
        sums[i] = upper_weight * static_cast<float>(upper[i]) +
                  lower_weight * static_cast<float>(lower[i]);
}

FACET_MULTIVERSION
void add_pair(const uint8_t* __restrict upper, const uint8_t* __restrict lower, float upper_weight,
              float lower_weight, size_t bytes, float* __restrict sums) {
    for (size_t i = 0; i < bytes; ++i)
        sums[i] += upper_weight * static_cast<float>(upper[i]) +
                   lower_weight * static_cast<float>(lower[i]);
}

FACET_MULTIVERSION
void add_one(const uint8_t* __restrict row, float weight, size_t bytes, float* __restrict sums) {
    for (size_t i = 0; i < bytes; ++i) sums[i] += weight * static_cast<float>(row[i]);
}

// Plain memory of any type seen as four elements.
using Quad = float __attribute__((vector_size(16), aligned(4), may_alias));

void transpose_4x4(const char* from, size_t from_stride, char* to, size_t to_stride) {
    const auto row = [&](size_t i) {
        return *reinterpret_cast<const Quad*>(from + i * from_stride);
    };
    const auto column = [&](size_t i) -> Quad& {
        return *reinterpret_cast<Quad*>(to + i * to_stride);
    };
    const Quad a = row(0), b = row(1), c = row(2), d = row(3);
    const Quad ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const Quad ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const Quad cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const Quad cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    column(0) = __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5);
    column(1) = __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7);
    column(2) = __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5);
    column(3) = __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7);
}

using Lanes = float __attribute__((vector_size(4 * kLanes), aligned(4), may_alias));

// A loop over `count` taps beside that over two, which the compiler can unroll.
FACET_MULTIVERSION
void reduce_pairs(const float* columns, ptrdiff_t origin, ptrdiff_t step, const int* first,
                  const float* weights, size_t outputs, float* values) {
    for (size_t i = 0; i < outputs; ++i, weights += 2, values += kLanes) {
        const float* sample = columns + origin + first[i] * step;
        *reinterpret_cast<Lanes*>(values) =
            weights[0] * *reinterpret_cast<const Lanes*>(sample) +
            weights[1] * *reinterpret_cast<const Lanes*>(sample + step);
    }
}

FACET_MULTIVERSION
void reduce_runs(const float* columns, ptrdiff_t origin, ptrdiff_t step, const AxisTaps& taps,
                 float* values) {
    const float* weights = taps.weights.data();
    for (size_t i = 0; i < taps.first.size(); ++i, weights += taps.stride, values += kLanes) {
        const float* sample = columns + origin + taps.first[i] * step;
        Lanes value = weights[0] * *reinterpret_cast<const Lanes*>(sample);
        for (int tap = 1; tap < taps.count[i]; ++tap) {
            sample += step;
            value += weights[tap] * *reinterpret_cast<const Lanes*>(sample);
        }
        *reinterpret_cast<Lanes*>(values) = value;
    }
}

}  // namespace

void AxisTaps::plan(double origin, double length, int limit, int outputs,
                    Interpolation interpolation) {
    begin = std::min(static_cast<int>(origin + kLeastCover), limit - 1);
    end = std::clamp(round_up(origin + length - kLeastCover), begin + 1, limit);
    first.resize(outputs);
    count.resize(outputs);
    if (interpolation == Interpolation::kArea)
        plan_area(*this, origin, length / outputs, outputs);
    else
        plan_linear(*this, origin, length / outputs, outputs);
}

void blend_rows(const uint8_t* rows, ptrdiff_t stride, const float* weights, int count,
                size_t bytes, float* sums) {
    if (count == 1) return set_pair(rows, rows, weights[0], 0, bytes, sums);
    set_pair(rows, rows + stride, weights[0], weights[1], bytes, sums);
    int row = 2;
    for (; row + 1 < count; row += 2)
        add_pair(rows + row * stride, rows + (row + 1) * stride, weights[row], weights[row + 1],
                 bytes, sums);
    if (row < count) add_one(rows + row * stride, weights[row], bytes, sums);
}

void transpose(const void* from, size_t from_stride, size_t rows, size_t columns, void* to,
               size_t to_stride) {
    constexpr size_t kSize = 4;
    const auto* source = static_cast<const char*>(from);
    auto* target = static_cast<char*>(to);
    for (size_t column = 0; column < columns; column += 4)
        for (size_t row = 0; row < rows; row += 4)
            transpose_4x4(source + (row * from_stride + column) * kSize, from_stride * kSize,
                          target + (column * to_stride + row) * kSize, to_stride * kSize);
}

void reduce_columns(const float* columns, int origin, int step, const AxisTaps& taps,
                    float* values) {
    const ptrdiff_t first = ptrdiff_t{origin} * kLanes, apart = ptrdiff_t{step} * kLanes;
    // Only bilinear taps are that few.
    if (taps.stride == 2)
        return reduce_pairs(columns, first, apart, taps.first.data(), taps.weights.data(),
                            taps.first.size(), values);
    reduce_runs(columns, first, apart, taps, values);
}

}  // namespace facet
