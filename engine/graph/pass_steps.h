// SPDX-License-Identifier: MIT
// The steps of prepare(), each a pass of its own; private to engine/graph.
#pragma once

#include <vector>

#include "engine/graph/passes.h"
#include "engine/graph/shape_inference.h"

namespace facet {

// Turns every f16 constant, value and conversion into f32.
void widen_f16(Graph& graph);

// Infers every shape and replaces nodes whose inputs are all constant, and every ShapeOf, by their
// results. Nodes that only rename a constant's axes or type share its storage. Precondition: the
// graph is valid.
[[nodiscard]] Result<void> fold_constants(Graph& graph, const Evaluator& evaluate);

// Turns each DequantizeLinear of a QuantizeLinear's result, both with constant parameters, into one
// FakeQuantize of 256 levels. Precondition: shapes are inferred.
void pair_quantizers(Graph& graph);

// Turns nodes that keep all elements in their order into Reshape with a constant, complete target,
// or into nothing where the shape stays too; reads through chains of them. Slices no longer name
// axes they leave whole. Output values keep their names and ids. Precondition: shapes are inferred.
[[nodiscard]] Result<void> canonical_reshape(Graph& graph);

// Folds batch norm and per-channel arithmetic with constants into convolutions and matmuls. Never
// steps over another node, a FakeQuantize least of all: what it rounds must stay the same.
// Precondition: shapes are inferred, constants are folded.
void fold_scale_shift(Graph& graph);

// Drops nodes and values that no output depends on; inputs stay.
void remove_dead(Graph& graph);

// What the shape rules see of a node's inputs. Pointers into `graph`: valid until it changes.
[[nodiscard]] std::vector<InputInfo> input_infos(const Graph& graph, const Node& node);

// Who writes and reads each value. Passes keep it up to date or build another.
struct Wiring {
    explicit Wiring(const Graph& graph);

    std::vector<int> writer;  // index into graph.nodes, -1: none
    std::vector<int> reads;   // by nodes; an output counts as one more
    std::vector<bool> is_output;
};

}  // namespace facet
