// SPDX-License-Identifier: MIT
// Broadcast arithmetic and FakeQuantize.
#include <algorithm>
#include <cmath>

#include "engine/backends/cpu/loops.h"

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
    const float steps = static_cast<float>(levels - 1);
    for (const Range& range : ranges) {
        const float width = range.input_high - range.input_low;
        lanes_.push_back({std::min(range.input_low, range.input_high),
                          std::max(range.input_low, range.input_high), range.output_low,
                          range.output_high, range.input_low, steps / width,
                          (range.output_high - range.output_low) / steps, range.output_low});
    }
    const int64_t stored = view_.blocks * view_.lanes;
    const bool padded = stored != view_.channels;
    if (lanes_.size() == 1 && !padded) return;
    if (lanes_.size() == 1) lanes_.resize(view_.channels, lanes_[0]);
    lanes_.resize(stored, Lane{});  // all zero: padding stays zero
}

template <typename LaneAt>
void FakeQuantizeLoop::run_block(const float* source, float* result, int64_t count,
                                 LaneAt lane_at) const {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
        const Lane& lane = lane_at(i);
        const float x = source[i];
        // Half to even, as the definition wants: the default rounding mode.
        const float snapped =
            std::nearbyint((x - lane.origin) * lane.scale) * lane.step + lane.base;
        const float bounded = x > lane.high ? lane.above : snapped;
        result[i] = x <= lane.low ? lane.below : bounded;
    }
}

void FakeQuantizeLoop::run(const float* source, float* result) const {
    const int64_t blocks = view_.outer * view_.blocks;
    const int64_t size = view_.inner * view_.lanes;
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < blocks; ++block) {
        const float* from = source + block * size;
        float* to = result + block * size;
        const Lane* lanes =
            lanes_.size() == 1 ? lanes_.data() : &lanes_[(block % view_.blocks) * view_.lanes];
        if (lanes_.size() == 1 || view_.lanes == 1) {
            run_block(from, to, size, [lanes](int64_t) -> const Lane& { return *lanes; });
            continue;
        }
        for (int64_t i = 0; i < size; i += view_.lanes)
            run_block(from + i, to + i, view_.lanes,
                      [lanes](int64_t lane) -> const Lane& { return lanes[lane]; });
    }
}

}  // namespace facet::cpu
