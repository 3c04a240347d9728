// SPDX-License-Identifier: MIT
// The steps on which a quantised constant's elements lie, kept while constants are folded to
// floats.
#pragma once

#include <optional>
#include <vector>

#include "engine/graph/graph.h"

namespace facet {

// The grid of a folded node's result: of FakeQuantize, DequantizeLinear and the product of whole
// numbers with scales by their steps, of nodes that keep every element by their input's. Nothing
// where the elements are no whole multiples, -128 to 127, of one step per channel. Precondition:
// every input of `node` is constant.
[[nodiscard]] std::optional<StepGrid> grid_of_result(const Graph& graph, const Node& node,
                                                     const Tensor& result);

// One step for each position of `axis` of a constant of `shape`; empty where the grid differs
// within a position.
[[nodiscard]] std::vector<float> steps_along(const StepGrid& grid, const Shape& shape, int axis);

}  // namespace facet
