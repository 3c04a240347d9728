// SPDX-License-Identifier: MIT
// Quantise, then dequantise: a rounding of floats, said in one node.
#include <algorithm>
#include <limits>

#include "engine/graph/pass_steps.h"

namespace facet {

namespace {

constexpr int64_t kLevels = 256;

struct Scales {
    std::vector<float> scale;
    std::vector<int> zero_point;
};

template <typename T>
std::vector<int> integers(const Tensor& tensor) {
    const auto values = tensor.as<T>();
    return {values.begin(), values.end()};
}

// Nothing where a parameter is not constant.
std::optional<Scales> scales_of(const Graph& graph, const Node& node) {
    const Tensor* scale = graph.constant_input(node, 1);
    if (scale == nullptr || scale->type() != DataType::kF32) return {};
    Scales result;
    result.scale.assign(scale->as<float>().begin(), scale->as<float>().end());
    result.zero_point.assign(result.scale.size(), 0);
    if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return result;
    const Tensor* zero_point = graph.constant_input(node, 2);
    if (zero_point == nullptr) return {};
    result.zero_point = zero_point->type() == DataType::kI8 ? integers<int8_t>(*zero_point)
                                                            : integers<uint8_t>(*zero_point);
    return result;
}

// The numbers that the lowest and the highest byte stand for, shaped to broadcast along `axis`.
struct Bounds {
    ValueId low = kNoValue, high = kNoValue;
};

Bounds add_bounds(Graph& graph, const std::string& name, const Scales& scales, DataType type,
                  int trailing_axes) {
    const int least = type == DataType::kI8 ? std::numeric_limits<int8_t>::min() : 0;
    const int most = least + static_cast<int>(kLevels) - 1;
    std::vector<float> low, high;
    for (size_t i = 0; i < scales.scale.size(); ++i) {
        low.push_back(static_cast<float>(least - scales.zero_point[i]) * scales.scale[i]);
        high.push_back(static_cast<float>(most - scales.zero_point[i]) * scales.scale[i]);
    }
    Shape shape;
    if (low.size() > 1) {
        shape.append(static_cast<int64_t>(low.size()));
        for (int i = 0; i < trailing_axes; ++i) shape.append(1);
    }
    return {graph.add_constant(name + "_low", Tensor::of<float>(shape, low)),
            graph.add_constant(name + "_high", Tensor::of<float>(shape, high))};
}

// Axes of x behind the one that several scales belong to.
int axes_behind(int64_t axis, int rank) {
    const auto index = normalize_axis(axis, rank);
    return index ? rank - 1 - *index : 0;
}

void pair(Graph& graph, const Node& quantize, Node& dequantize) {
    const auto inward = scales_of(graph, quantize);
    const auto outward = scales_of(graph, dequantize);
    if (!inward || !outward) return;
    const Value& bytes = graph.value(quantize.outputs[0]);
    const DataType type = bytes.type;
    const int rank = bytes.shape.rank();
    const Bounds from =
        add_bounds(graph, dequantize.name + "/input", *inward, type,
                   axes_behind(std::get<QuantizeLinearParams>(quantize.params).axis, rank));
    const Bounds to =
        add_bounds(graph, dequantize.name + "/output", *outward, type,
                   axes_behind(std::get<DequantizeLinearParams>(dequantize.params).axis, rank));
    dequantize.params = FakeQuantizeParams{kLevels};
    dequantize.inputs = {quantize.inputs[0], from.low, from.high, to.low, to.high};
}

}  // namespace

void pair_quantizers(Graph& graph) {
    const Wiring wiring(graph);
    const auto quantizer = [&](ValueId bytes) -> const Node* {
        const int writer = wiring.writer[bytes];
        if (writer < 0) return nullptr;
        const Node& node = graph.nodes[writer];
        return std::holds_alternative<QuantizeLinearParams>(node.params) ? &node : nullptr;
    };
    for (Node& node : graph.nodes) {
        if (!std::holds_alternative<DequantizeLinearParams>(node.params)) continue;
        if (const Node* quantize = quantizer(node.inputs[0])) pair(graph, *quantize, node);
    }
    remove_dead(graph);
}

}  // namespace facet
