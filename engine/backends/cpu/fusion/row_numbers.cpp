// SPDX-License-Identifier: MIT
// Which outputs are lists of detections, and adding to their first column.
#include "engine/backends/cpu/fusion/row_numbers.h"

#include <algorithm>

#include "engine/backends/cpu/fusion/fusion.h"

namespace facet::cpu {

namespace {

constexpr int64_t kFieldCount = 7;  // of an entry. Source: OpenVINO DetectionOutput-8.

bool is_list(const Node& node) {
    return std::holds_alternative<DetectionOutputParams>(node.params);
}

}  // namespace

bool can_be_cut(const Graph& graph) {
    const std::vector<int> readers = count_readers(graph);
    return std::ranges::none_of(graph.nodes, [&](const Node& node) {
        if (std::holds_alternative<NonMaxSuppressionParams>(node.params)) return true;
        if (!is_list(node)) return false;
        const ValueId list = node.outputs[0];
        return readers[list] != std::ranges::count(graph.outputs, list);
    });
}

std::vector<size_t> numbered_outputs(const Graph& graph) {
    std::vector<size_t> ports;
    for (size_t port = 0; port < graph.outputs.size(); ++port) {
        const ValueId id = graph.outputs[port];
        const bool list = std::ranges::any_of(
            graph.nodes, [&](const Node& node) { return is_list(node) && node.outputs[0] == id; });
        if (list && graph.value(id).batched) ports.push_back(port);
    }
    return ports;
}

void renumber_rows(const MutableTensorView& lists, int64_t elements_per_row, int first, int rows) {
    if (first == 0) return;
    const auto entries =
        lists.as<float>().subspan(first * elements_per_row, rows * elements_per_row);
    for (size_t at = 0; at < entries.size(); at += kFieldCount)
        if (entries[at] >= 0) entries[at] += static_cast<float>(first);
}

}  // namespace facet::cpu
