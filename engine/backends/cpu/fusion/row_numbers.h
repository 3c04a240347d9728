// SPDX-License-Identifier: MIT
// Outputs that number the rows of their batch, so that slices can be told where they begin.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/tensor.h"
#include "engine/graph/graph.h"

namespace facet::cpu {

// Can a batch be cut between any two rows? A list of detections numbers its row, which
// renumber_rows() mends where the list is an output that nothing else reads.
[[nodiscard]] bool can_be_cut(const Graph& graph);
// The output ports that are such lists.
[[nodiscard]] std::vector<size_t> numbered_outputs(const Graph& graph);

// Entries of a list: the row's number (negative: there is no entry), and six numbers more.
// Adds `first` to the numbers in rows [first, first + rows) of `lists`.
void renumber_rows(const MutableTensorView& lists, int64_t elements_per_row, int first, int rows);

}  // namespace facet::cpu
