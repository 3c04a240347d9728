// SPDX-License-Identifier: MIT
// Building a graph and ordering its nodes.
#include "engine/graph/graph.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "engine/graph/validate.h"

namespace facet {

std::string Node::text() const {
    return "node '" + name + "' (" + file_type + ")";
}

ValueId Graph::add_value(std::string value_name, DataType type, Shape shape) {
    values.push_back({std::move(value_name), type, shape, std::nullopt, std::nullopt, false});
    return static_cast<ValueId>(values.size()) - 1;
}

ValueId Graph::add_constant(std::string value_name, Tensor tensor) {
    const ValueId id = add_value(std::move(value_name), tensor.type(), tensor.shape());
    values[id].constant = std::move(tensor);
    return id;
}

Node& Graph::add_node(Node node) {
    return nodes.emplace_back(std::move(node));
}

const Tensor* Graph::constant_input(const Node& node, size_t index) const {
    if (index >= node.inputs.size() || node.inputs[index] == kNoValue) return nullptr;
    const auto& constant = values[node.inputs[index]].constant;
    return constant ? &*constant : nullptr;
}

int64_t Graph::parameter_count() const {
    std::vector<bool> counted(values.size(), false);
    int64_t count = 0;
    for (const Node& node : nodes) {
        for (ValueId id : node.inputs) {
            if (id == kNoValue || counted[id] || !values[id].constant) continue;
            counted[id] = true;
            count += values[id].shape.elements();
        }
    }
    return count;
}

Result<void> sort_nodes(Graph& graph) {
    FACET_TRY(check_ids(graph));
    // Kahn's algorithm with a heap of file positions, so that an already sorted file stays as it
    // is.
    std::vector<int> writer(graph.values.size(), -1);
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        for (ValueId id : graph.nodes[i].outputs) writer[id] = static_cast<int>(i);

    std::vector<int> missing(graph.nodes.size(), 0);
    std::vector<std::vector<int>> readers(graph.nodes.size());
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
        for (ValueId id : graph.nodes[i].inputs) {
            if (id == kNoValue || writer[id] < 0) continue;
            readers[writer[id]].push_back(static_cast<int>(i));
            ++missing[i];
        }
    }
    std::priority_queue<int, std::vector<int>, std::greater<>> ready;
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        if (missing[i] == 0) ready.push(static_cast<int>(i));

    std::vector<Node> sorted;
    sorted.reserve(graph.nodes.size());
    while (!ready.empty()) {
        const int index = ready.top();
        ready.pop();
        for (int reader : readers[index])
            if (--missing[reader] == 0) ready.push(reader);
        sorted.push_back(std::move(graph.nodes[index]));
    }
    if (sorted.size() != graph.nodes.size()) {
        const auto stuck = std::ranges::find_if(missing, [](int count) { return count > 0; });
        const Node& node = graph.nodes[stuck - missing.begin()];
        return Error{ErrorCode::kCorrupt, node.text() + ": lies on or behind a cycle"};
    }
    graph.nodes = std::move(sorted);
    return {};
}

}  // namespace facet
