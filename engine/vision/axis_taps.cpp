// SPDX-License-Identifier: MIT
// Planning an axis: loops without branches or calls, so that they vectorise.
#include "engine/vision/axis_taps.h"

#include <algorithm>

#include "engine/base/multiversion.h"

namespace facet {
namespace {

// A pixel covered by less than this is left out: it is there only through rounding.
constexpr double kLeastCover = 1e-4;
constexpr int kWhole = 1 << 15;  // of a weight
constexpr int kMostWeight = kWhole - 1;

// Of a number that fits; the library's function is a call.
int round_up(double value) {
    const int whole = static_cast<int>(value);
    return whole + (whole < value ? 1 : 0);
}

// `origin` is taken from `begin`: what is left of a float's bits is enough for the weights.
FACET_MULTIVERSION_WORDS
void plan_linear(float origin, float scale, int begin, int count, int outputs,
                 int* __restrict first, int* __restrict last, int16_t* __restrict weight) {
    const float most = static_cast<float>(count - 1);
    for (int block = 0; block < outputs; block += AxisTaps::kGroup)
        for (int i = block; i < block + AxisTaps::kGroup; ++i) {
            float center = origin + (static_cast<float>(i) + 0.5f) * scale - 0.5f;
            center = center < 0 ? 0 : center;
            center = center > most ? most : center;
            const int sample = static_cast<int>(center);
            const int share =
                static_cast<int>((center - static_cast<float>(sample)) * kWhole + 0.5f);
            first[i] = begin + sample;
            last[i] = begin + (sample + 1 < count ? sample + 1 : sample);
            weight[i] = static_cast<int16_t>(share < kMostWeight ? share : kMostWeight);
        }
}

FACET_MULTIVERSION_WORDS
void plan_area(double origin, double scale, int begin, int end, int outputs, int* __restrict first,
               int* __restrict last, int16_t* __restrict first_weight,
               int16_t* __restrict last_weight, float* __restrict share) {
    for (int block = 0; block < outputs; block += AxisTaps::kGroup)
        for (int i = block; i < block + AxisTaps::kGroup; ++i) {
            const double left = origin + i * scale, right = left + scale;
            int from = static_cast<int>(left + kLeastCover);
            from = from < begin ? begin : from;
            from = from > end - 1 ? end - 1 : from;
            // The sample whose end is the next whole number from `right` on.
            int to = static_cast<int>(right - kLeastCover);
            to = to < right - kLeastCover ? to : to - 1;
            to = to > end - 1 ? end - 1 : to;
            to = to < from ? from : to;
            // Only the pixels at the two ends can be cut.
            double head = from + 1 - left, tail = right - to;
            head = head > 1 ? 1 : head;
            tail = tail > 1 ? 1 : tail;
            head = from == to ? 1 : head;
            tail = from == to ? 0 : tail;
            const int whole = from == to ? 0 : to - from - 1;
            const int head_weight = static_cast<int>(head * kWhole + 0.5);
            const int tail_weight = static_cast<int>(tail * kWhole + 0.5);
            first[i] = from;
            last[i] = to;
            first_weight[i] =
                static_cast<int16_t>(head_weight < kMostWeight ? head_weight : kMostWeight);
            last_weight[i] =
                static_cast<int16_t>(tail_weight < kMostWeight ? tail_weight : kMostWeight);
            share[i] = 1 / static_cast<float>(head + tail + whole);
        }
}

}  // namespace

void AxisTaps::plan(double origin, double length, int limit, int output_count, Interpolation how) {
    interpolation = how;
    begin = std::min(static_cast<int>(origin + kLeastCover), limit - 1);
    end = std::clamp(round_up(origin + length - kLeastCover), begin + 1, limit);
    outputs = output_count;
    const size_t padded = (outputs + kGroup - 1) / kGroup * kGroup;
    first.resize(padded);
    last.resize(padded);
    first_weight.resize(padded);
    last_weight.resize(padded);
    share.resize(padded);
    if (how == Interpolation::kArea)
        plan_area(origin, length / outputs, begin, end, outputs, first.data(), last.data(),
                  first_weight.data(), last_weight.data(), share.data());
    else
        plan_linear(static_cast<float>(origin - begin), static_cast<float>(length / outputs), begin,
                    end - begin, outputs, first.data(), last.data(), last_weight.data());
}

}  // namespace facet
