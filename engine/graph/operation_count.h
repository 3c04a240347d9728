// SPDX-License-Identifier: MIT
// How much arithmetic a node is.
#pragma once

#include <cstdint>

#include "engine/graph/graph.h"

namespace facet {

// Multiplications and additions of a convolution or a matrix product for a batch of one; any other
// node counts as one operation per element of its results, and one that only moves elements as
// none. Precondition: shapes are inferred.
[[nodiscard]] int64_t operation_count(const Graph& graph, const Node& node);

}  // namespace facet
