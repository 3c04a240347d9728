// SPDX-License-Identifier: MIT
// Broadcast arithmetic and FakeQuantize.
#include <algorithm>
#include <cmath>

#include "engine/backends/cpu/loops/loops.h"
#include "engine/backends/cpu/loops/vector_clones.h"

namespace facet::cpu {

namespace {

// The innermost axis, with the four patterns that matter kept apart so that they vectorise.
template <typename Operation>
void innermost(Operation operation, const float* left, int64_t left_step, const float* right,
               int64_t right_step, float* result, int64_t count) {
    if (left_step == 1 && right_step == 1) {
        for (int64_t i = 0; i < count; ++i) result[i] = operation(left[i], right[i]);
    } else if (left_step == 1 && right_step == 0) {
        for (int64_t i = 0; i < count; ++i) result[i] = operation(left[i], right[0]);
    } else if (left_step == 0 && right_step == 1) {
        for (int64_t i = 0; i < count; ++i) result[i] = operation(left[0], right[i]);
    } else {
        for (int64_t i = 0; i < count; ++i)
            result[i] = operation(left[i * left_step], right[i * right_step]);
    }
}

// Calls `visit` with the operation as a function object.
template <typename Visitor>
void with_operation(EltwiseParams::Kind kind, Visitor visit) {
    using Kind = EltwiseParams::Kind;
    switch (kind) {
        case Kind::kAdd:
            return visit([](float a, float b) { return a + b; });
        case Kind::kSubtract:
            return visit([](float a, float b) { return a - b; });
        case Kind::kMultiply:
            return visit([](float a, float b) { return a * b; });
        case Kind::kDivide:
            return visit([](float a, float b) { return a / b; });
        case Kind::kMaximum:
            return visit([](float a, float b) { return std::max(a, b); });
        case Kind::kMinimum:
            return visit([](float a, float b) { return std::min(a, b); });
        case Kind::kPower:
            return visit([](float a, float b) { return std::pow(a, b); });
    }
}

using LanePointers = std::array<const float*, FakeQuantizeLoop::kFields>;
using enum FakeQuantizeLoop::Field;

constexpr int64_t kUniformStretch = 4096;  // elements: a piece of work for one thread

// Adding and taking away 1.5 * 2^23 leaves a float rounded to an integer, halves to even as the
// definition wants, for magnitudes up to 2^22; beyond, the bounds below decide. Unlike nearbyint()
// it needs no instruction that the oldest machines lack.
constexpr float kRounder = 12582912.0f;

inline float snap(float x, float low, float high, float below, float above, float origin,
                  float scale, float step, float base) {
    const float rounded = ((x - origin) * scale + kRounder) - kRounder;
    const float bounded = x > high ? above : rounded * step + base;
    return x <= low ? below : bounded;
}

FACET_VECTOR_CLONES void snap_alike(const float* x, float* y, int64_t count,
                                    const LanePointers& lane) {
    const float low = *lane[kLow], high = *lane[kHigh], below = *lane[kBelow],
                above = *lane[kAbove], origin = *lane[kOrigin], scale = *lane[kScale],
                step = *lane[kStep], base = *lane[kBase];
#pragma omp simd
    for (int64_t i = 0; i < count; ++i)
        y[i] = snap(x[i], low, high, below, above, origin, scale, step, base);
}

FACET_VECTOR_CLONES void snap_through(const float* x, float* y, int64_t count,
                                      const LanePointers& lanes) {
    const float *low = lanes[kLow], *high = lanes[kHigh], *below = lanes[kBelow],
                *above = lanes[kAbove], *origin = lanes[kOrigin], *scale = lanes[kScale],
                *step = lanes[kStep], *base = lanes[kBase];
#pragma omp simd
    for (int64_t i = 0; i < count; ++i)
        y[i] =
            snap(x[i], low[i], high[i], below[i], above[i], origin[i], scale[i], step[i], base[i]);
}

}  // namespace

BroadcastLoop::BroadcastLoop(const onednn::Dims& result, const onednn::Dims& left,
                             const onednn::Dims& right) {
    std::vector<Axis> inner_first;
    int64_t left_stride = 1;
    int64_t right_stride = 1;
    for (size_t axis = result.size(); axis-- > 0;) {
        const Axis next{result[axis], left[axis] == 1 ? 0 : left_stride,
                        right[axis] == 1 ? 0 : right_stride};
        left_stride *= left[axis];
        right_stride *= right[axis];
        if (next.extent == 1) continue;
        if (!inner_first.empty()) {
            Axis& last = inner_first.back();
            if (next.left == last.left * last.extent && next.right == last.right * last.extent) {
                last.extent *= next.extent;
                continue;
            }
        }
        inner_first.push_back(next);
    }
    if (inner_first.empty()) inner_first.push_back({1, 0, 0});
    axes_.assign(inner_first.rbegin(), inner_first.rend());
}

void BroadcastLoop::run(EltwiseParams::Kind kind, const float* left, const float* right,
                        float* result) const {
    with_operation(kind, [&](auto operation) {
        const auto walk = [&](const auto& self, size_t axis, const float* a, const float* b,
                              float* y) -> float* {
            const Axis& step = axes_[axis];
            if (axis + 1 == axes_.size()) {
                innermost(operation, a, step.left, b, step.right, y, step.extent);
                return y + step.extent;
            }
            for (int64_t i = 0; i < step.extent; ++i)
                y = self(self, axis + 1, a + i * step.left, b + i * step.right, y);
            return y;
        };
        walk(walk, 0, left, right, result);
    });
}

FakeQuantizeLoop::FakeQuantizeLoop(const onednn::ChannelView& view,
                                   const std::vector<Range>& ranges, int64_t levels)
    : view_(view) {
    const auto stored = static_cast<size_t>(view.blocks * view.lanes);
    const auto channels = static_cast<size_t>(view.channels);
    uniform_ = ranges.size() == 1 && stored == channels;
    const float steps = static_cast<float>(levels - 1);
    for (size_t channel = 0; channel < (uniform_ ? 1 : channels); ++channel) {
        const auto& [low, high, output_low, output_high] = ranges[ranges.size() == 1 ? 0 : channel];
        const std::array<float, kFields> lane{std::min(low, high),
                                              std::max(low, high),
                                              output_low,
                                              output_high,
                                              low,
                                              steps / (high - low),
                                              (output_high - output_low) / steps,
                                              output_low};
        for (size_t field = 0; field < kFields; ++field) lanes_[field].push_back(lane[field]);
    }
    // Lanes of padding are all zero: their result is zero, as oneDNN wants it.
    if (!uniform_)
        for (auto& field : lanes_) field.resize(stored, 0.0f);
}

void FakeQuantizeLoop::run(const float* source, float* result) const {
    // Stretches that share one lane, or that run through the lanes of one position.
    const bool through_lanes = !uniform_ && view_.lanes > 1;
    const int64_t total = view_.outer * view_.blocks * view_.inner * view_.lanes;
    const int64_t stretch = uniform_ ? kUniformStretch : through_lanes ? view_.lanes : view_.inner;
    const int64_t stretches = (total + stretch - 1) / stretch;
    const int64_t repeat = through_lanes ? view_.inner : 1;  // stretches that use the same lanes
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < stretches; ++i) {
        const int64_t first = uniform_ ? 0 : i / repeat % view_.blocks * view_.lanes;
        LanePointers lanes;
        for (size_t field = 0; field < kFields; ++field)
            lanes[field] = lanes_[field].data() + first;
        const int64_t offset = i * stretch;
        const int64_t count = std::min(stretch, total - offset);
        if (through_lanes)
            snap_through(source + offset, result + offset, count, lanes);
        else
            snap_alike(source + offset, result + offset, count, lanes);
    }
}

}  // namespace facet::cpu
