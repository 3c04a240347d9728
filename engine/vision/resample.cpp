// SPDX-License-Identifier: MIT
// The weights of bilinear and area interpolation, and their application to rows and columns.
#include "engine/vision/resample.h"

#include <algorithm>
#include <cmath>

namespace facet {
namespace {

// A pixel covered by less than this is left out: it is there only through rounding.
constexpr double kLeastCover = 1e-4;

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
    taps.stride = static_cast<int>(std::ceil(scale)) + 2;
    taps.weights.resize(static_cast<size_t>(outputs) * taps.stride);
    for (int i = 0; i < outputs; ++i) {
        const double left = origin + i * scale;
        const double right = left + scale;
        const int first =
            std::clamp(static_cast<int>(left + kLeastCover), taps.begin, taps.end - 1);
        const int last =
            std::clamp(static_cast<int>(std::ceil(right - kLeastCover)) - 1, first, taps.end - 1);
        taps.first[i] = first;
        taps.count[i] = last - first + 1;
        double total = 0;
        for (int s = first; s <= last; ++s)
            total += std::max(std::min(right, s + 1.0) - std::max(left, static_cast<double>(s)),
                              kLeastCover);
        for (int s = first; s <= last; ++s) {
            const double cover = std::max(
                std::min(right, s + 1.0) - std::max(left, static_cast<double>(s)), kLeastCover);
            taps.weights[static_cast<size_t>(i) * taps.stride + s - first] =
                static_cast<float>(cover / total);
        }
    }
}

// Two rows at a time halve the traffic through `sums`; the loops are plain so that they vectorise.
template <bool kAdd>
void blend_pair(const uint8_t* __restrict upper, const uint8_t* __restrict lower,
                float upper_weight, float lower_weight, size_t bytes, float* __restrict sums) {
    for (size_t i = 0; i < bytes; ++i) {
        const float blend = upper_weight * upper[i] + lower_weight * lower[i];
        sums[i] = kAdd ? sums[i] + blend : blend;
    }
}

template <bool kAdd>
void blend_one(const uint8_t* __restrict row, float weight, size_t bytes, float* __restrict sums) {
    for (size_t i = 0; i < bytes; ++i) {
        const float blend = weight * row[i];
        sums[i] = kAdd ? sums[i] + blend : blend;
    }
}

}  // namespace

void AxisTaps::plan(double origin, double length, int limit, int outputs,
                    Interpolation interpolation) {
    begin = std::min(static_cast<int>(origin + kLeastCover), limit - 1);
    end = std::clamp(static_cast<int>(std::ceil(origin + length - kLeastCover)), begin + 1, limit);
    first.resize(outputs);
    count.resize(outputs);
    if (interpolation == Interpolation::kArea)
        plan_area(*this, origin, length / outputs, outputs);
    else
        plan_linear(*this, origin, length / outputs, outputs);
}

void blend_rows(const uint8_t* rows, ptrdiff_t stride, const float* weights, int count,
                size_t bytes, float* sums) {
    if (count == 1) return blend_one<false>(rows, weights[0], bytes, sums);
    blend_pair<false>(rows, rows + stride, weights[0], weights[1], bytes, sums);
    int row = 2;
    for (; row + 1 < count; row += 2)
        blend_pair<true>(rows + row * stride, rows + (row + 1) * stride, weights[row],
                         weights[row + 1], bytes, sums);
    if (row < count) blend_one<true>(rows + row * stride, weights[row], bytes, sums);
}

void reduce_columns(const float* sums, int origin, int step, const AxisTaps& taps, float* values) {
    const size_t outputs = taps.first.size();
    const float* weight = taps.weights.data();
    // Only bilinear taps are that few.
    if (taps.stride == 2) {
        for (size_t i = 0; i < outputs; ++i, weight += 2) {
            const float* sample = sums + (origin + taps.first[i] * step);
            values[i] = weight[0] * sample[0] + weight[1] * sample[step];
        }
        return;
    }
    for (size_t i = 0; i < outputs; ++i, weight += taps.stride) {
        const float* sample = sums + (origin + taps.first[i] * step);
        float value = 0;
        for (int tap = 0; tap < taps.count[i]; ++tap, sample += step)
            value += weight[tap] * *sample;
        values[i] = value;
    }
}

}  // namespace facet
