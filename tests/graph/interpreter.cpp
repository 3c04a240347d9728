// SPDX-License-Identifier: MIT
// A graph interpreter without memory planning or types of its own.
#include "tests/graph/interpreter.h"

#include <cmath>
#include <random>
#include <stdexcept>

#include "engine/backends/reference/reference_backend.h"

namespace facet::testing {

std::vector<Tensor> interpret(const Graph& graph, const std::vector<Tensor>& inputs) {
    std::vector<Tensor> contents(graph.values.size());
    for (size_t i = 0; i < contents.size(); ++i)
        if (graph.values[i].constant) contents[i] = *graph.values[i].constant;
    for (size_t i = 0; i < inputs.size(); ++i) contents[graph.inputs[i]] = inputs[i];
    for (const Node& node : graph.nodes) {
        std::vector<Tensor> operands;
        for (ValueId id : node.inputs) operands.push_back(id == kNoValue ? Tensor() : contents[id]);
        auto results = reference::evaluate(node, operands);
        if (!results) throw std::logic_error(node.text() + ": " + results.error().text());
        for (size_t i = 0; i < results->size(); ++i)
            contents[node.outputs[i]] = std::move((*results)[i]);
    }
    std::vector<Tensor> outputs;
    for (ValueId id : graph.outputs) outputs.push_back(contents[id]);
    return outputs;
}

std::vector<Tensor> random_inputs(const Graph& graph, uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<Tensor> inputs;
    for (ValueId id : graph.inputs) {
        Tensor tensor = Tensor::allocate(graph.value(id).type, graph.value(id).shape);
        if (tensor.type() == DataType::kU8) {
            for (uint8_t& element : tensor.mutable_view().as<uint8_t>())
                element = static_cast<uint8_t>(random());
        } else {
            std::uniform_real_distribution<float> uniform(-2, 2);
            for (float& element : tensor.mutable_view().as<float>()) element = uniform(random);
        }
        inputs.push_back(std::move(tensor));
    }
    return inputs;
}

double relative_difference(const Tensor& a, const Tensor& b) {
    if (a.shape() != b.shape()) throw std::logic_error(a.shape().text() + b.shape().text());
    double largest = 1e-30;
    double difference = 0;
    for (int64_t i = 0; i < a.shape().elements(); ++i) {
        largest = std::max<double>(largest, std::abs(a.as<float>()[i]));
        difference = std::max<double>(difference, std::abs(a.as<float>()[i] - b.as<float>()[i]));
    }
    return difference / largest;
}

}  // namespace facet::testing
