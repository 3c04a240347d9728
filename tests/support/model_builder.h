// SPDX-License-Identifier: MIT
// ModelBuilder: writes small graphs by hand, in the order of their nodes.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace facet::testing {

// Types and shapes are inferred as nodes are added; a node that breaks its shape rule, or is not of
// the kind a method asks for, throws std::logic_error with the rule's words, so a faulty test fails
// at its own line. Random weights come from a fixed seed: equal builders give equal graphs.
class ModelBuilder {
  public:
    explicit ModelBuilder(std::string name = "model", uint32_t seed = 1);

    ValueId input(const std::string& name, const Shape& shape, DataType type = DataType::kF32);
    // Constants; one without a name is called "constant<id>".
    ValueId constant(Tensor tensor, std::string name = {});
    ValueId floats(const Shape& shape, std::initializer_list<float> values);
    ValueId integers(std::initializer_list<int64_t> values);  // i64[k]
    // Uniform in [low, high).
    ValueId random(const Shape& shape, float low = -0.5f, float high = 0.5f);

    // Any operation; the node is called as its output is, "<operation><id>" without a name.
    ValueId node(OpParams params, std::vector<ValueId> inputs, std::string name = {});
    std::vector<ValueId> nodes(OpParams params, std::vector<ValueId> inputs, size_t output_count);

    // The common ones. Weights and biases are random.
    ValueId conv(ValueId x, int64_t channels, int64_t kernel, ConvolutionParams params = {},
                 bool bias = true);
    ValueId fully_connected(ValueId x, int64_t columns);  // x [N,K] -> MatMul, Add
    ValueId batch_norm(ValueId x);
    ValueId relu(ValueId x);
    ValueId activation(ValueId x, ActivationParams::Kind kind, float alpha = 0, float beta = 0);
    ValueId pool(ValueId x, PoolingParams::Kind kind, int64_t kernel, int64_t stride);
    ValueId eltwise(EltwiseParams::Kind kind, ValueId a, ValueId b);
    ValueId add(ValueId a, ValueId b) { return eltwise(EltwiseParams::Kind::kAdd, a, b); }
    ValueId multiply(ValueId a, ValueId b) { return eltwise(EltwiseParams::Kind::kMultiply, a, b); }
    ValueId reshape(ValueId x, std::initializer_list<int64_t> target);
    ValueId softmax(ValueId x, int64_t axis = -1);

    // Makes `value` an output of the graph; with a name it is renamed first.
    void output(ValueId value, const std::string& name = {});
    [[nodiscard]] const Shape& shape(ValueId value) const { return graph_.value(value).shape; }
    [[nodiscard]] Graph build() const { return graph_; }

  private:
    Graph graph_;
    std::mt19937 random_;
};

}  // namespace facet::testing
