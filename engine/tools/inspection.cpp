// SPDX-License-Identifier: MIT
// Goes through a model's graph and asks every device about it.
#include "engine/tools/inspection.h"

#include <algorithm>

#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/operation_count.h"
#include "engine/graph/passes.h"

namespace facet {

namespace {

std::vector<InspectedPort> ports_of(const Graph& graph, const std::vector<ValueId>& ids) {
    std::vector<InspectedPort> ports;
    for (const ValueId id : ids) {
        const Value& value = graph.value(id);
        ports.push_back({value.name, value.type, value.shape});
    }
    return ports;
}

std::vector<InspectedNode> nodes_of(const Graph& graph, const std::vector<BatchVerdict>& verdicts) {
    std::vector<InspectedNode> nodes;
    for (const Node& node : graph.nodes) {
        const Value& output = graph.value(node.outputs[0]);
        nodes.push_back({node.name,
                         node.file_type,
                         std::string(name_of(node.params)),
                         output.shape,
                         operation_count(graph, node),
                         output.batched,
                         {}});
    }
    for (const BatchVerdict& verdict : verdicts) nodes[verdict.node].mixes_rows = verdict.reason;
    return nodes;
}

int64_t parameter_bytes(const Graph& graph) {
    std::vector<bool> is_read(graph.values.size(), false);
    for (const Node& node : graph.nodes)
        for (const ValueId id : node.inputs)
            if (id != kNoValue) is_read[id] = true;
    int64_t bytes = 0;
    for (size_t id = 0; id < graph.values.size(); ++id)
        if (is_read[id] && graph.values[id].constant)
            bytes += static_cast<int64_t>(graph.values[id].constant->view().byte_size());
    return bytes;
}

InspectedMemory memory_of(CompiledModel& model, int batch) {
    InspectedMemory memory{.batch = batch};
    for (const auto* ports : {&model.inputs(), &model.outputs()})
        for (const Port& port : *ports)
            memory.ports +=
                batch * port.row_shape.elements() * static_cast<int64_t>(size_of(port.type));
    if (const auto working = model.working_bytes(batch))
        memory.working = static_cast<int64_t>(*working);
    return memory;
}

InspectedDevice ask(const Backend& backend, const std::shared_ptr<const Graph>& graph,
                    const std::vector<int>& batch_sizes, int threads) {
    InspectedDevice device{.name = std::string(backend.name())};
    for (const Node& node : graph->nodes) {
        const auto taken = backend.supports(*graph, node);
        if (taken)
            ++device.taken;
        else
            device.refusals.push_back({node.text(), taken.error().message});
    }
    const int most = batch_sizes.empty() ? 1 : std::ranges::max(batch_sizes);
    const auto model = backend.compile(graph, {.max_batch = most, .threads = threads});
    if (!model) {
        device.error = model.error().text();
        return device;
    }
    device.description = (*model)->description();
    for (const int batch : batch_sizes) device.memory.push_back(memory_of(**model, batch));
    return device;
}

}  // namespace

int64_t Inspection::operations() const {
    int64_t sum = 0;
    for (const InspectedNode& node : nodes) sum += node.operations;
    return sum;
}

Result<Inspection> inspect(const InspectOptions& options) {
    FACET_ASSIGN(Graph graph, read_model(options.model, options.open_size));
    Inspection result;
    result.format = options.model.extension() == ".xml" ? "OpenVINO IR" : "ONNX";
    result.graph_name = graph.name;
    result.file_nodes = graph.nodes.size();
    if (const auto done = prepare(graph, reference::evaluate); !done)
        return done.error().within(options.model.string());
    const std::vector<BatchVerdict> verdicts = analyze_batchability(graph);
    result.inputs = ports_of(graph, graph.inputs);
    result.outputs = ports_of(graph, graph.outputs);
    result.parameters = graph.parameter_count();
    result.parameter_bytes = parameter_bytes(graph);
    result.nodes = nodes_of(graph, verdicts);
    result.batchable = verdicts.empty();
    std::vector<int> batch_sizes = options.batch_sizes;
    if (!result.batchable) batch_sizes = {1};
    const auto shared = std::make_shared<const Graph>(std::move(graph));
    for (const Backend* backend : all_backends())
        result.devices.push_back(ask(*backend, shared, batch_sizes, options.threads));
    return result;
}

}  // namespace facet
