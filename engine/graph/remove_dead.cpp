// SPDX-License-Identifier: MIT
// Drops what no output depends on and numbers the remaining values anew.
#include "engine/graph/pass_steps.h"

namespace facet {

namespace {

void drop_nodes(Graph& graph, std::vector<bool>& needed) {
    std::vector<bool> kept(graph.nodes.size(), false);
    for (size_t i = graph.nodes.size(); i-- > 0;) {
        for (ValueId id : graph.nodes[i].outputs) kept[i] = kept[i] || needed[id];
        if (!kept[i]) continue;
        for (ValueId id : graph.nodes[i].outputs) needed[id] = true;
        for (ValueId id : graph.nodes[i].inputs)
            if (id != kNoValue) needed[id] = true;
    }
    size_t next = 0;
    std::erase_if(graph.nodes, [&](const Node&) { return !kept[next++]; });
}

}  // namespace

void remove_dead(Graph& graph) {
    std::vector<bool> needed(graph.values.size(), false);
    for (ValueId id : graph.inputs) needed[id] = true;
    for (ValueId id : graph.outputs) needed[id] = true;
    drop_nodes(graph, needed);

    std::vector<ValueId> renumbered(graph.values.size(), kNoValue);
    std::vector<Value> values;
    for (size_t i = 0; i < graph.values.size(); ++i) {
        if (!needed[i]) continue;
        renumbered[i] = static_cast<ValueId>(values.size());
        values.push_back(std::move(graph.values[i]));
    }
    graph.values = std::move(values);
    const auto renumber = [&](std::vector<ValueId>& ids) {
        for (ValueId& id : ids)
            if (id != kNoValue) id = renumbered[id];
    };
    for (Node& node : graph.nodes) {
        renumber(node.inputs);
        renumber(node.outputs);
    }
    renumber(graph.inputs);
    renumber(graph.outputs);
}

}  // namespace facet
