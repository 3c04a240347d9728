// SPDX-License-Identifier: MIT
// Graph: a model as nodes over values, free of any file format and any device.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/shape.h"
#include "engine/base/tensor.h"
#include "engine/graph/ops.h"

namespace facet {

using ValueId = int32_t;
constexpr ValueId kNoValue = -1;  // an optional input that is absent

// Element e of a constant is a whole number in -128..127 times steps[e / inner % steps.size()].
struct StepGrid {
    std::vector<float> steps;
    int64_t inner = 1;
};

struct Value {
    std::string name;  // the file's name of the tensor; for an OpenVINO layer: the layer's name
    DataType type = DataType::kF32;
    Shape shape;                     // known for inputs and constants; for the rest after inference
    std::optional<Tensor> constant;  // set when the value does not depend on the inputs
    // Of a constant that the file quantises; kept by passes that know the new steps.
    std::optional<StepGrid> grid;
    // Set by analyze_batchability(): axis 0 holds the rows of a batch (shape[0] of them per item, 1
    // as a rule), so that a batch of n has the shape shape.scaled(n). False: the same for every n.
    bool batched = false;
};

struct Node {
    std::string name;
    std::string file_type;  // what the file calls the operation: "Conv", "FakeQuantize"
    OpParams params;
    std::vector<ValueId> inputs;  // kNoValue where an optional input is absent
    std::vector<ValueId> outputs;

    // "node 'Conv_12' (Conv)", the way every error names a node.
    [[nodiscard]] std::string text() const;
};

// Invariants, checked by validate(): every id is in range; each value is written by at most one
// node, and by none if it is an input or a constant; nodes are in topological order; inputs are
// f32 or u8 and not constant. All shapes are those of a batch of one. Thread-compatible; a prepared
// graph is shared read-only.
struct Graph {
    std::string name;
    std::vector<Value> values;
    std::vector<Node> nodes;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;

    ValueId add_value(std::string value_name, DataType type = DataType::kF32, Shape shape = {});
    ValueId add_constant(std::string value_name, Tensor tensor);
    // Appends a node; order is the caller's business (see sort_nodes).
    Node& add_node(Node node);

    [[nodiscard]] const Value& value(ValueId id) const { return values[id]; }
    [[nodiscard]] Value& value(ValueId id) { return values[id]; }
    // The constant behind an input of a node, or null: absent, or not constant.
    [[nodiscard]] const Tensor* constant_input(const Node& node, size_t index) const;
    // Number of constant elements that some node reads: the model's parameters.
    [[nodiscard]] int64_t parameter_count() const;
};

// Puts nodes in topological order, keeping the file's order where it can; a cycle is kCorrupt.
[[nodiscard]] Result<void> sort_nodes(Graph& graph);
// Checks the invariants above and each op's number of inputs and outputs.
[[nodiscard]] Result<void> validate(const Graph& graph);

}  // namespace facet
