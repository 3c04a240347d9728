// SPDX-License-Identifier: MIT
// Recognises arithmetic that scales and shifts each channel.
#include "engine/graph/channel_affine.h"

#include <algorithm>
#include <cmath>

namespace facet {

namespace {

// `constant` as one element per channel, when it broadcasts to x along `axis` only.
std::optional<std::vector<double>> per_channel(const Tensor& constant, const Shape& x, int axis) {
    if (constant.type() != DataType::kF32 || constant.shape().rank() > x.rank()) return {};
    const int missing = x.rank() - constant.shape().rank();
    for (int i = 0; i < constant.shape().rank(); ++i) {
        const int64_t extent = constant.shape()[i];
        if (extent != 1 && (i + missing != axis || extent != x[axis])) return {};
    }
    const auto elements = constant.as<float>();
    if (elements.size() == 1) return std::vector<double>(x[axis], elements[0]);
    return std::vector<double>(elements.begin(), elements.end());
}

bool all_finite(const std::vector<double>& factors) {
    return std::ranges::all_of(factors, [](double factor) { return std::isfinite(factor); });
}

std::optional<ChannelAffine> from_batch_norm(const Graph& graph, const Node& node) {
    std::array<std::span<const float>, 5> fields;
    for (size_t i = 1; i < fields.size(); ++i) {
        const Tensor* constant = graph.constant_input(node, i);
        if (constant == nullptr || constant->type() != DataType::kF32) return {};
        fields[i] = constant->as<float>();
    }
    const auto [x, scale, bias, mean, variance] = fields;
    const double epsilon = std::get<BatchNormParams>(node.params).epsilon;
    ChannelAffine affine{node.inputs[0], {}, {}};
    for (size_t i = 0; i < scale.size(); ++i) {
        affine.scale.push_back(scale[i] / std::sqrt(variance[i] + epsilon));
        affine.shift.push_back(bias[i] - mean[i] * affine.scale[i]);
    }
    return affine;
}

std::optional<ChannelAffine> from_eltwise(const Graph& graph, const Node& node, int axis) {
    using Kind = EltwiseParams::Kind;
    const size_t constant_index = graph.constant_input(node, 1) != nullptr ? 1 : 0;
    const Tensor* constant = graph.constant_input(node, constant_index);
    const ValueId x = node.inputs[1 - constant_index];
    if (constant == nullptr || axis >= graph.value(x).shape.rank()) return {};
    auto factors = per_channel(*constant, graph.value(x).shape, axis);
    if (!factors) return {};
    ChannelAffine affine{x, {}, {}};
    switch (std::get<EltwiseParams>(node.params).kind) {
        case Kind::kAdd:
            affine.shift = std::move(*factors);
            return affine;
        case Kind::kSubtract:
            if (constant_index == 1) {
                for (double& factor : *factors) factor = -factor;
            } else {
                affine.scale.assign(factors->size(), -1.0);
            }
            affine.shift = std::move(*factors);
            return affine;
        case Kind::kMultiply:
            affine.scale = std::move(*factors);
            return affine;
        case Kind::kDivide:
            if (constant_index == 0) return {};
            for (double& factor : *factors) factor = 1.0 / factor;
            affine.scale = std::move(*factors);
            return affine;
        default:
            return {};
    }
}

}  // namespace

std::optional<ChannelAffine> channel_affine(const Graph& graph, const Node& node, int axis) {
    std::optional<ChannelAffine> affine;
    if (std::holds_alternative<BatchNormParams>(node.params) && axis == 1)
        affine = from_batch_norm(graph, node);
    if (std::holds_alternative<EltwiseParams>(node.params))
        affine = from_eltwise(graph, node, axis);
    if (!affine || !all_finite(affine->scale) || !all_finite(affine->shift)) return {};
    if (graph.value(affine->x).shape != graph.value(node.outputs[0]).shape) return {};
    return affine;
}

}  // namespace facet
