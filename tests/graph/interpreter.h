// SPDX-License-Identifier: MIT
// Runs any valid graph node by node with the reference evaluator, before passes and after them.
#pragma once

#include <vector>

#include "engine/graph/graph.h"

namespace facet::testing {

// The graph's outputs; a failing node throws std::logic_error.
[[nodiscard]] std::vector<Tensor> interpret(const Graph& graph, const std::vector<Tensor>& inputs);

// Inputs of the graph's types and shapes, from a fixed seed.
[[nodiscard]] std::vector<Tensor> random_inputs(const Graph& graph, uint32_t seed = 7);

// Largest difference of two f32 tensors relative to the largest element; shapes must agree.
[[nodiscard]] double relative_difference(const Tensor& a, const Tensor& b);

}  // namespace facet::testing
