// SPDX-License-Identifier: MIT
// Reads steps off the nodes that dequantise constants, and checks every element against them.
#include "engine/graph/step_grid.h"

#include <algorithm>
#include <cmath>

#include "engine/graph/shape_inference.h"

namespace facet {

namespace {

constexpr int64_t kByteLevels = 256;
// Of a step: what float arithmetic and range limits stored as f16 leave of a whole number.
constexpr float kTolerance = 0.02f;

int64_t product(const Shape& shape, int from, int to) {
    int64_t count = 1;
    for (int axis = from; axis < to; ++axis) count *= shape[axis];
    return count;
}

// `factors` (broadcast to `result` by numpy rules) as a grid, if they vary along neighbouring axes.
std::optional<StepGrid> grid_from(std::vector<float> factors, const Shape& shape,
                                  const Shape& result) {
    if (factors.size() == 1) return StepGrid{std::move(factors), 1};
    const int missing = result.rank() - shape.rank();
    if (missing < 0) return {};
    int first = -1, last = -1;
    for (int axis = 0; axis < shape.rank(); ++axis) {
        if (shape[axis] == 1) continue;
        if (first < 0) first = axis;
        last = axis;
    }
    for (int axis = first; axis <= last; ++axis)
        if (shape[axis] != result[axis + missing]) return {};
    return StepGrid{std::move(factors), product(result, last + missing + 1, result.rank())};
}

bool lies_on(const StepGrid& grid, const Tensor& tensor) {
    if (tensor.type() != DataType::kF32) return false;
    const auto elements = tensor.as<float>();
    const size_t count = grid.steps.size();
    for (size_t at = 0, run = 0; at < elements.size(); ++run) {
        const float step = grid.steps[run % count];
        const float inverse = step == 0.0f ? 0.0f : 1.0f / step;
        const size_t end = std::min(elements.size(), at + static_cast<size_t>(grid.inner));
        for (; at < end; ++at) {
            const float multiple = elements[at] * inverse;
            const float whole = std::nearbyint(multiple);
            if (!(std::abs(multiple - whole) <= kTolerance) || whole < -128.0f || whole > 127.0f ||
                (step == 0.0f && elements[at] != 0.0f))
                return false;
        }
    }
    return true;
}

std::optional<StepGrid> checked(std::optional<StepGrid> grid, const Tensor& result) {
    return grid && lies_on(*grid, result) ? grid : std::nullopt;
}

std::vector<float> elements_of(const Tensor& tensor) {
    const auto elements = tensor.as<float>();
    return {elements.begin(), elements.end()};
}

std::optional<StepGrid> grid_of(const Graph& graph, const Node& node,
                                const FakeQuantizeParams& params, const Shape& result) {
    const Tensor& low = *graph.constant_input(node, 3);
    const Tensor& high = *graph.constant_input(node, 4);
    if (params.levels < 2 || params.levels > kByteLevels || !(low.shape() == high.shape()))
        return {};
    std::vector<float> steps = elements_of(high);
    const auto lows = low.as<float>();
    for (size_t i = 0; i < steps.size(); ++i)
        steps[i] = (steps[i] - lows[i]) / static_cast<float>(params.levels - 1);
    return grid_from(std::move(steps), low.shape(), result);
}

std::optional<StepGrid> grid_of(const Graph& graph, const Node& node,
                                const DequantizeLinearParams& params, const Shape& result) {
    const Tensor& scale = *graph.constant_input(node, 1);
    std::vector<float> steps = elements_of(scale);
    if (steps.size() == 1) return StepGrid{std::move(steps), 1};
    const auto axis = normalize_axis(params.axis, result.rank());
    if (!axis) return {};
    return StepGrid{std::move(steps), product(result, *axis + 1, result.rank())};
}

// Whole numbers times scales: the operand with fewer elements is the scale.
std::optional<StepGrid> grid_of(const Graph& graph, const Node& node, const EltwiseParams& params,
                                const Shape& result) {
    if (params.kind != EltwiseParams::Kind::kMultiply) return {};
    const Tensor* scale = graph.constant_input(node, 1);
    const Tensor* other = graph.constant_input(node, 0);
    if (scale->shape().elements() > other->shape().elements()) std::swap(scale, other);
    if (scale->type() != DataType::kF32) return {};
    return grid_from(elements_of(*scale), scale->shape(), result);
}

bool keeps_elements(const Node& node) {
    return std::holds_alternative<ConvertParams>(node.params) ||
           std::holds_alternative<IdentityParams>(node.params) ||
           std::holds_alternative<ReshapeParams>(node.params) ||
           std::holds_alternative<SqueezeParams>(node.params) ||
           std::holds_alternative<UnsqueezeParams>(node.params) ||
           std::holds_alternative<FlattenParams>(node.params);
}

}  // namespace

std::optional<StepGrid> grid_of_result(const Graph& graph, const Node& node, const Tensor& result) {
    if (result.type() != DataType::kF32) return {};
    if (keeps_elements(node)) return graph.value(node.inputs[0]).grid;
    std::optional<StepGrid> grid;
    if (const auto* quantize = std::get_if<FakeQuantizeParams>(&node.params))
        grid = grid_of(graph, node, *quantize, result.shape());
    else if (const auto* dequantize = std::get_if<DequantizeLinearParams>(&node.params))
        grid = grid_of(graph, node, *dequantize, result.shape());
    else if (const auto* eltwise = std::get_if<EltwiseParams>(&node.params))
        grid = grid_of(graph, node, *eltwise, result.shape());
    return checked(std::move(grid), result);
}

std::vector<float> steps_along(const StepGrid& grid, const Shape& shape, int axis) {
    const int64_t run = product(shape, axis + 1, shape.rank());
    const auto count = static_cast<int64_t>(grid.steps.size());
    const bool repeats = grid.inner * count == run * shape[axis] || product(shape, 0, axis) == 1;
    if (count > 1 && (grid.inner % run != 0 || !repeats)) return {};
    std::vector<float> steps;
    for (int64_t i = 0; i < shape[axis]; ++i)
        steps.push_back(grid.steps[count == 1 ? 0 : i * run / grid.inner % count]);
    return steps;
}

}  // namespace facet
