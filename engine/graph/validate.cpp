// SPDX-License-Identifier: MIT
// Checks that a graph keeps the invariants graph.h states.
#include "engine/graph/validate.h"

#include "engine/graph/op_arity.h"

namespace facet {

namespace {

Error corrupt(std::string message) {
    return {ErrorCode::kCorrupt, std::move(message)};
}

std::string range_text(size_t low, size_t high) {
    return low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

Result<void> check_arity(const Node& node) {
    const OpArity arity = arity_of(node.params);
    const auto expected = [&](std::string what, size_t count, size_t low, size_t high) {
        return corrupt(node.text() + ": has " + std::to_string(count) + " " + what + ", " +
                       std::string(name_of(node.params)) + " takes " + range_text(low, high));
    };
    if (node.inputs.size() < arity.min_inputs || node.inputs.size() > arity.max_inputs)
        return expected("inputs", node.inputs.size(), arity.min_inputs, arity.max_inputs);
    if (node.outputs.size() < arity.min_outputs || node.outputs.size() > arity.max_outputs)
        return expected("outputs", node.outputs.size(), arity.min_outputs, arity.max_outputs);
    // Concat takes any number, but none of its inputs is optional.
    const bool none_optional = std::holds_alternative<ConcatParams>(node.params);
    const size_t required = none_optional ? node.inputs.size() : arity.min_inputs;
    for (size_t i = 0; i < required; ++i) {
        if (node.inputs[i] == kNoValue)
            return corrupt(node.text() + ": input " + std::to_string(i) + " is missing");
    }
    return {};
}

Result<void> check_graph_inputs(const Graph& graph) {
    for (ValueId id : graph.inputs) {
        const Value& value = graph.value(id);
        if (value.constant) return corrupt("input '" + value.name + "': is a constant");
        if (value.type != DataType::kF32 && value.type != DataType::kU8) {
            return Error{ErrorCode::kUnsupported, "input '" + value.name + "': type " +
                                                      std::string(to_string(value.type)) +
                                                      "; supported: f32, u8"};
        }
    }
    return {};
}

}  // namespace

Result<void> check_ids(const Graph& graph) {
    const auto in_range = [&](ValueId id) {
        return id >= 0 && static_cast<size_t>(id) < graph.values.size();
    };
    for (const Node& node : graph.nodes) {
        for (ValueId id : node.inputs) {
            if (id != kNoValue && !in_range(id))
                return corrupt(node.text() + ": reads value " + std::to_string(id) +
                               ", which does not exist");
        }
        for (ValueId id : node.outputs) {
            if (!in_range(id))
                return corrupt(node.text() + ": writes value " + std::to_string(id) +
                               ", which does not exist");
        }
    }
    for (const auto* ids : {&graph.inputs, &graph.outputs}) {
        for (ValueId id : *ids) {
            if (!in_range(id))
                return corrupt("the graph's inputs or outputs name value " + std::to_string(id) +
                               ", which does not exist");
        }
    }
    return {};
}

Result<void> validate(const Graph& graph) {
    FACET_TRY(check_ids(graph));
    FACET_TRY(check_graph_inputs(graph));
    // Known: has a content before the nodes run, or was written by a node already seen.
    std::vector<bool> known(graph.values.size(), false);
    for (size_t i = 0; i < graph.values.size(); ++i)
        known[i] = graph.values[i].constant.has_value();
    for (ValueId id : graph.inputs) {
        if (known[id]) return corrupt("input '" + graph.value(id).name + "': is listed twice");
        known[id] = true;
    }
    for (const Node& node : graph.nodes) {
        FACET_TRY(check_arity(node));
        for (ValueId id : node.inputs) {
            if (id != kNoValue && !known[id])
                return corrupt(node.text() + ": reads '" + graph.value(id).name +
                               "', which no input, constant or earlier node provides");
        }
        for (ValueId id : node.outputs) {
            if (known[id])
                return corrupt(node.text() + ": writes '" + graph.value(id).name +
                               "', which an input, a constant or another node provides already");
            known[id] = true;
        }
    }
    for (ValueId id : graph.outputs) {
        if (!known[id]) return corrupt("output '" + graph.value(id).name + "': no node writes it");
    }
    return {};
}

}  // namespace facet
