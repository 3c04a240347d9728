// SPDX-License-Identifier: MIT
// Prints an inspection.
#include "engine/tools/inspection_report.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

namespace facet {

namespace {

using Json = nlohmann::ordered_json;

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    const int length = std::snprintf(nullptr, 0, pattern, values...);
    std::string text(static_cast<size_t>(length) + 1, '\0');
    std::snprintf(text.data(), text.size(), pattern, values...);
    text.pop_back();
    return text;
}

std::string kibibytes(int64_t bytes) {
    return format("%.1f KiB", static_cast<double>(bytes) / 1024.0);
}

std::string ports_text(const char* title, const std::vector<InspectedPort>& ports) {
    std::string text;
    for (const InspectedPort& port : ports)
        text += format("%-11s %s %s %s\n", title, port.name.c_str(),
                       std::string(to_string(port.type)).c_str(), port.shape.text().c_str());
    return text;
}

std::map<std::string, int> operation_counts(const Inspection& inspection) {
    std::map<std::string, int> counts;
    for (const InspectedNode& node : inspection.nodes) ++counts[node.operation];
    return counts;
}

std::string rows_text(const InspectedNode& node) {
    if (!node.mixes_rows.empty()) return node.mixes_rows;
    return node.batched ? "keeps rows apart" : "the same for every batch";
}

std::string nodes_text(const Inspection& inspection) {
    size_t widest = 4;
    for (const InspectedNode& node : inspection.nodes) widest = std::max(widest, node.name.size());
    const int width = static_cast<int>(std::min<size_t>(widest, 48));
    std::string text =
        format("\n%-*s %-18s %-18s %10s  rows\n", width, "node", "operation", "output", "MFLOP");
    for (const InspectedNode& node : inspection.nodes)
        text += format("%-*s %-18s %-18s %10.3f  %s\n", width, node.name.c_str(),
                       node.operation.c_str(), node.output.text().c_str(),
                       static_cast<double>(node.operations) / 1e6, rows_text(node).c_str());
    return text;
}

std::string device_text(const InspectedDevice& device, size_t nodes) {
    std::string text = format("\ndevice      %s: takes %zu of %zu nodes\n", device.name.c_str(),
                              device.taken, nodes);
    for (const auto& refusal : device.refusals)
        text += "            not " + refusal.node + ": " + refusal.reason + "\n";
    if (!device.error.empty()) return text + "            " + device.error + "\n";
    text += "            " + device.description + "\n";
    for (const InspectedMemory& memory : device.memory) {
        text += format("            batch %4d: %s of inputs and outputs", memory.batch,
                       kibibytes(memory.ports).c_str());
        if (memory.working) text += ", " + kibibytes(*memory.working) + " of working memory";
        text += "\n";
    }
    return text;
}

Json shape_json(const Shape& shape) {
    return Json(std::vector<int64_t>(shape.extents().begin(), shape.extents().end()));
}

Json ports_json(const std::vector<InspectedPort>& ports) {
    Json list = Json::array();
    for (const InspectedPort& port : ports)
        list.push_back({{"name", port.name},
                        {"type", std::string(to_string(port.type))},
                        {"shape", shape_json(port.shape)}});
    return list;
}

Json nodes_json(const Inspection& inspection) {
    Json list = Json::array();
    for (const InspectedNode& node : inspection.nodes) {
        Json entry{{"name", node.name},           {"type", node.file_type},
                   {"operation", node.operation}, {"output", shape_json(node.output)},
                   {"flop", node.operations},     {"batched", node.batched}};
        entry["mixes_rows"] = node.mixes_rows.empty() ? Json() : Json(node.mixes_rows);
        list.push_back(std::move(entry));
    }
    return list;
}

Json device_json(const InspectedDevice& device) {
    Json result{{"name", device.name}, {"nodes_taken", device.taken}};
    result["refused"] = Json::array();
    for (const auto& refusal : device.refusals)
        result["refused"].push_back({{"node", refusal.node}, {"reason", refusal.reason}});
    result["description"] = device.description;
    result["error"] = device.error.empty() ? Json() : Json(device.error);
    result["memory"] = Json::array();
    for (const InspectedMemory& memory : device.memory) {
        Json entry{{"batch", memory.batch}, {"port_bytes", memory.ports}};
        entry["working_bytes"] = memory.working ? Json(*memory.working) : Json();
        result["memory"].push_back(std::move(entry));
    }
    return result;
}

}  // namespace

std::string inspection_text(const Inspection& inspection, bool all_nodes) {
    std::string text =
        format("format      %s%s%s\n", inspection.format.c_str(),
               inspection.graph_name.empty() ? "" : ", ", inspection.graph_name.c_str());
    text += ports_text("input", inspection.inputs) + ports_text("output", inspection.outputs);
    text +=
        format("parameters  %.3f million, %s\n", static_cast<double>(inspection.parameters) / 1e6,
               kibibytes(inspection.parameter_bytes).c_str());
    text += format("work        %.4f GFLOP for each row\n",
                   static_cast<double>(inspection.operations()) / 1e9);
    text += format("nodes       %zu, of %zu in the file:", inspection.nodes.size(),
                   inspection.file_nodes);
    for (const auto& [operation, count] : operation_counts(inspection))
        text += format(" %s %d", operation.c_str(), count);
    text += format("\nbatches     %s\n", inspection.batchable
                                             ? "of any size: every node keeps rows apart"
                                             : "of one row only, because of");
    for (const InspectedNode& node : inspection.nodes)
        if (!node.mixes_rows.empty())
            text += format("            node '%s' (%s): %s\n", node.name.c_str(),
                           node.file_type.c_str(), node.mixes_rows.c_str());
    for (const InspectedDevice& device : inspection.devices)
        text += device_text(device, inspection.nodes.size());
    return all_nodes ? text + nodes_text(inspection) : text;
}

std::string inspection_json(const Inspection& inspection) {
    Json result{{"schema", "facet-inspect/1"},
                {"format", inspection.format},
                {"name", inspection.graph_name},
                {"inputs", ports_json(inspection.inputs)},
                {"outputs", ports_json(inspection.outputs)},
                {"parameters", inspection.parameters},
                {"parameter_bytes", inspection.parameter_bytes},
                {"gflop", static_cast<double>(inspection.operations()) / 1e9},
                {"file_nodes", inspection.file_nodes},
                {"operations", operation_counts(inspection)},
                {"batchable", inspection.batchable}};
    result["nodes"] = nodes_json(inspection);
    result["devices"] = Json::array();
    for (const InspectedDevice& device : inspection.devices)
        result["devices"].push_back(device_json(device));
    return result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace facet
