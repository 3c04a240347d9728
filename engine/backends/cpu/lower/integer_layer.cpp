// SPDX-License-Identifier: MIT
// Reads the layer's steps, biases and weights off the graph.
#include "engine/backends/cpu/lower/integer_layer.h"

#include <algorithm>
#include <cmath>

#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

namespace {

// What one is worth of the sums, by output channel.
std::vector<float> product_steps(const ProgramBuilder& builder, const Node& node,
                                 const ByteGrid& source) {
    std::vector<float> steps = weight_steps(builder.graph(), node);
    for (size_t i = 0; i < steps.size(); ++i) {
        if (steps[i] == 0) steps[i] = 1;
        steps[i] *= source.steps[source.steps.size() == 1 ? 0 : i];
    }
    return steps;
}

std::vector<float> bias_of(const ProgramBuilder& builder, const Node& node) {
    if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return {0.0f};
    const auto bias = builder.graph().constant_input(node, 2)->as<float>();
    return {bias.begin(), bias.end()};
}

}  // namespace

IntegerLayer integer_layer(const ProgramBuilder& builder, const PlannedStep& step) {
    IntegerLayer layer;
    layer.node = &builder.node(step);
    layer.result = result_of(builder, step);
    layer.source = builder.grid(layer.node->inputs[0]);
    layer.stored = builder.grid(layer.result);
    const onednn::Dims extents = builder.extents(layer.result);
    layer.channels = extents[1];
    layer.rank = static_cast<int>(extents.size());
    layer.chain.emplace_back();
    layer.chain[0].scale = product_steps(builder, *layer.node, *layer.source);
    layer.chain[0].shift = bias_of(builder, *layer.node);
    ValueId tail = layer.node->outputs[0];
    for (const Follower& follower : step.followers) {
        const Node& node = builder.graph().nodes[follower.node];
        const bool last = node.outputs[0] == layer.result;
        const auto links = links_of(builder.graph(), builder.bytes(), node, tail, last);
        layer.chain.insert(layer.chain.end(), links->begin(), links->end());
        tail = node.outputs[0];
    }
    layer.chain = simplified(std::move(layer.chain), layer.stored);
    for (auto* factors : {&layer.chain[0].scale, &layer.chain[0].shift})
        if (factors->size() == 1) factors->assign(layer.channels, factors->front());
    return layer;
}

const Tensor& integer_weights(ProgramBuilder& builder, const IntegerLayer& layer) {
    return builder.packing().keep(layer.result, kIntegerSlot, [&] {
        const Value& weights = builder.graph().value(layer.node->inputs[1]);
        const auto elements = weights.constant->as<float>();
        const StepGrid& grid = *weights.grid;
        Tensor integers = Tensor::allocate(DataType::kI8, weights.shape);
        int8_t* target = integers.mutable_view().as<int8_t>().data();
        for (size_t e = 0; e < elements.size(); ++e) {
            const float step = grid.steps[e / grid.inner % grid.steps.size()];
            target[e] = step == 0 ? int8_t{0} : static_cast<int8_t>(std::lrint(elements[e] / step));
        }
        return integers;
    });
}

}  // namespace facet::cpu
