// SPDX-License-Identifier: MIT
// Writes small graphs with seeded weights, as a file reader would.
#include "tests/conformance/graph_builder.h"

#include <cmath>

namespace facet::testing {

namespace {

std::string numbered(char letter, size_t number) {
    return std::string(1, letter).append(std::to_string(number));
}

}  // namespace

Random::Random(std::string_view seed) {
    // FNV-1a: std::hash may differ between libraries.
    uint32_t hash = 2166136261u;
    for (const char c : seed) hash = (hash ^ static_cast<uint8_t>(c)) * 16777619u;
    generator_.seed(hash);
}

float Random::uniform(float low, float high) {
    // 24 bits fill a float's mantissa; the standard's distributions differ between libraries.
    const float unit = static_cast<float>(generator_() >> 8) * 0x1p-24f;
    return low + (high - low) * unit;
}

GraphBuilder::GraphBuilder(const std::string& name) : random_(name) {
    graph_.name = name;
}

std::string GraphBuilder::next_value_name() const {
    return numbered('v', graph_.values.size());
}

ValueId GraphBuilder::input(const Shape& shape, DataType type) {
    const ValueId id = graph_.add_value(next_value_name(), type, shape);
    graph_.inputs.push_back(id);
    return id;
}

ValueId GraphBuilder::weights(const Shape& shape, float low, float high) {
    std::vector<float> values(shape.elements());
    for (float& value : values) value = random_.uniform(low, high);
    return constant(shape, values);
}

ValueId GraphBuilder::byte_weights(const Shape& shape) {
    std::vector<int8_t> values(shape.elements());
    for (int8_t& value : values)
        value = static_cast<int8_t>(std::lround(random_.uniform(-127.0f, 127.0f)));
    return graph_.add_constant(next_value_name(),
                               Tensor::of<int8_t>(shape, std::span<const int8_t>(values)));
}

ValueId GraphBuilder::constant(const Shape& shape, const std::vector<float>& values) {
    return graph_.add_constant(next_value_name(),
                               Tensor::of<float>(shape, std::span<const float>(values)));
}

ValueId GraphBuilder::integers(const std::vector<int64_t>& values) {
    const Shape shape{static_cast<int64_t>(values.size())};
    return graph_.add_constant(next_value_name(),
                               Tensor::of<int64_t>(shape, std::span<const int64_t>(values)));
}

ValueId GraphBuilder::node(OpParams params, std::vector<ValueId> inputs) {
    return nodes(std::move(params), std::move(inputs), 1)[0];
}

std::vector<ValueId> GraphBuilder::nodes(OpParams params, std::vector<ValueId> inputs,
                                         size_t outputs) {
    Node node;
    node.name = numbered('n', graph_.nodes.size());
    node.file_type = name_of(params);
    node.params = std::move(params);
    node.inputs = std::move(inputs);
    for (size_t i = 0; i < outputs; ++i)
        node.outputs.push_back(graph_.add_value(next_value_name()));
    return graph_.add_node(std::move(node)).outputs;
}

ValueId GraphBuilder::convolution(ValueId x, int64_t in, int64_t out, Extent2 kernel,
                                  const ConvolutionParams& params, bool bias) {
    const ValueId filter = weights({out, in / params.groups, kernel[0], kernel[1]});
    if (!bias) return node(params, {x, filter});
    return node(params, {x, filter, weights({out})});
}

Graph GraphBuilder::finish(std::vector<ValueId> outputs) {
    graph_.outputs = std::move(outputs);
    return std::move(graph_);
}

}  // namespace facet::testing
