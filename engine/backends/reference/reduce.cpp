// SPDX-License-Identifier: MIT
// Reference reductions over any axes.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

// The input's shape with every reduced axis made 1: the output's elements in the input's rank.
Result<Shape> kept_shape(const ReduceParams& params, const Shape& input) {
    Shape kept = input;
    if (params.spatial) {
        for (int axis = 2; axis < input.rank(); ++axis) kept[axis] = 1;
    } else if (params.axes.empty()) {
        for (int axis = 0; axis < input.rank(); ++axis) kept[axis] = 1;
    }
    for (const int64_t axis : params.axes) {
        FACET_ASSIGN(const int index, normalize_axis(axis, input.rank()));
        kept[index] = 1;
    }
    return kept;
}

double combine(ReduceParams::Kind kind, double a, double b) {
    switch (kind) {
        case ReduceParams::Kind::kMax:
            return std::max(a, b);
        case ReduceParams::Kind::kMin:
            return std::min(a, b);
        case ReduceParams::Kind::kProduct:
            return a * b;
        case ReduceParams::Kind::kL1:
            return a + std::abs(b);
        case ReduceParams::Kind::kL2:
        case ReduceParams::Kind::kSumOfSquares:
            return a + b * b;
        case ReduceParams::Kind::kLogSumExp:
            return a + std::exp(b);
        default:
            return a + b;
    }
}

double neutral(ReduceParams::Kind kind) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    if (kind == ReduceParams::Kind::kMax) return -kInfinity;
    if (kind == ReduceParams::Kind::kProduct) return 1.0;
    return kind == ReduceParams::Kind::kMin ? kInfinity : 0.0;
}

// `count` elements were combined to `value`.
double finish(ReduceParams::Kind kind, double value, double count) {
    switch (kind) {
        case ReduceParams::Kind::kMean:
            return value / count;
        case ReduceParams::Kind::kL2:
            return std::sqrt(value);
        case ReduceParams::Kind::kLogSum:
        case ReduceParams::Kind::kLogSumExp:
            return std::log(value);
        default:
            return value;
    }
}

template <typename T>
Result<void> reduce(const ReduceParams& params, Inputs inputs, Outputs outputs) {
    FACET_ASSIGN(const Shape kept, kept_shape(params, inputs[0].shape));
    const T* x = inputs[0].as<T>().data();
    const auto y = outputs[0].as<T>();
    std::vector<double> results(y.size(), neutral(params.kind));
    const std::array<Shape, 1> shapes{kept};
    for_each_run(inputs[0].shape, shapes,
                 [&](int64_t offset, const std::array<RunOperand, 1>& operands, int64_t length) {
                     for (int64_t i = 0; i < length; ++i) {
                         double& result = results[operands[0].offset + i * operands[0].step];
                         result = combine(params.kind, result, static_cast<double>(x[offset + i]));
                     }
                 });
    const double count = static_cast<double>(inputs[0].shape.elements()) /
                         static_cast<double>(std::max<size_t>(y.size(), 1));
    for (size_t i = 0; i < y.size(); ++i)
        y[i] = static_cast<T>(finish(params.kind, results[i], count));
    return {};
}

}  // namespace

Result<void> run_op(const ReduceParams& params, Inputs inputs, Outputs outputs) {
    if (inputs[0].type == DataType::kI64) return reduce<int64_t>(params, inputs, outputs);
    if (inputs[0].type == DataType::kI32) return reduce<int32_t>(params, inputs, outputs);
    FACET_TRY(require_f32(inputs, outputs));
    return reduce<float>(params, inputs, outputs);
}

}  // namespace facet::reference
