// SPDX-License-Identifier: MIT
// The order of the passes that make a graph ready for a backend.
#include <algorithm>

#include "engine/graph/pass_steps.h"

namespace facet {

std::vector<InputInfo> input_infos(const Graph& graph, const Node& node) {
    std::vector<InputInfo> infos(node.inputs.size());
    for (size_t i = 0; i < infos.size(); ++i) {
        if (node.inputs[i] == kNoValue) continue;
        const Value& value = graph.value(node.inputs[i]);
        infos[i] = {true, {value.type, value.shape}, value.constant ? &*value.constant : nullptr};
    }
    return infos;
}

Wiring::Wiring(const Graph& graph)
    : writer(graph.values.size(), -1),
      reads(graph.values.size(), 0),
      is_output(graph.values.size(), false) {
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        for (ValueId id : graph.nodes[i].outputs) writer[id] = static_cast<int>(i);
        for (ValueId id : graph.nodes[i].inputs)
            if (id != kNoValue) ++reads[id];
    }
    for (ValueId id : graph.outputs) {
        ++reads[id];
        is_output[id] = true;
    }
}

namespace {

// Backends write every output by a node.
Result<void> require_computed_outputs(const Graph& graph) {
    for (ValueId id : graph.outputs) {
        const Value& output = graph.value(id);
        const bool is_input = std::ranges::count(graph.inputs, id) > 0;
        if (output.constant || is_input)
            return Error{ErrorCode::kUnsupported,
                         "output '" + output.name +
                             "': " + (is_input ? "is an input" : "does not depend on the inputs") +
                             "; supported: outputs that a node computes"};
    }
    return {};
}

}  // namespace

Result<void> prepare(Graph& graph, const Evaluator& evaluate) {
    FACET_TRY(sort_nodes(graph));
    widen_f16(graph);
    FACET_TRY(validate(graph));
    // Nodes no output depends on need not be supported, nor computed.
    remove_dead(graph);
    FACET_TRY(fold_constants(graph, evaluate));
    FACET_TRY(require_computed_outputs(graph));
    pair_quantizers(graph);
    FACET_TRY(canonical_reshape(graph));
    fold_scale_shift(graph);
    remove_dead(graph);
    return {};
}

}  // namespace facet
