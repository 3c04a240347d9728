// SPDX-License-Identifier: MIT
// Proof that row n of every value depends on row n of the inputs alone.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

struct BatchVerdict {
    size_t node = 0;     // index into graph.nodes
    std::string reason;  // why this node may mix rows, in words
};

// Walks a prepared graph, sets Value::batched on everything that depends on the inputs, and lists
// each node for which the proof fails; an empty list means that the graph may run any batch size,
// whatever batch its file was written with. A Reshape keeps rows apart because an item's elements
// stay contiguous; its target is read as that of one item.
[[nodiscard]] std::vector<BatchVerdict> analyze_batchability(Graph& graph);

// One kUnsupported error that lists all offenders, or ok.
[[nodiscard]] Result<void> require_batchable(const Graph& graph,
                                             const std::vector<BatchVerdict>& verdicts);

}  // namespace facet
