// SPDX-License-Identifier: MIT
// The steps from a graph to a compiled model, in their order.
#include "engine/model/compile_model.h"

#include <utility>
#include <vector>

#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "engine/model/image_size_graph.h"

namespace facet {

namespace {

Result<void> prepare_for_batches(Graph& graph, int max_batch, const std::string& asked_by) {
    FACET_TRY(prepare(graph, reference::evaluate));
    const std::vector<BatchVerdict> verdicts = analyze_batchability(graph);
    if (max_batch == 1) return {};
    const Result<void> batchable = require_batchable(graph, verdicts);
    if (!batchable.ok())
        return batchable.error().within(!asked_by.empty()
                                            ? asked_by
                                            : "setting 'max_batch' " + std::to_string(max_batch) +
                                                  " (1 runs the model item by item)");
    return {};
}

std::vector<std::string> listing_outputs(const Graph& graph) {
    std::vector<std::string> names;
    for (const Node& node : graph.nodes)
        if (std::holds_alternative<DetectionOutputParams>(node.params))
            names.push_back(graph.value(node.outputs[0]).name);
    return names;
}

}  // namespace

Result<const Backend*> find_device(const std::string& device) {
    Result<const Backend*> backend = find_backend(device);
    if (!backend.ok())
        return Error{ErrorCode::kInvalidArgument, backend.error().message}.within(
            "setting 'device'");
    return backend;
}

Result<CompiledRows> compile_model(Graph graph, const CompileTask& task) {
    FACET_TRY(prepare_for_batches(graph, task.options.max_batch, task.asked_by));
    if (task.holder) share_constants(graph, *task.holder);
    RowCheckOptions row_check{.listing_outputs = listing_outputs(graph)};
    CompiledRows compiled;
    compiled.graph = std::make_shared<const Graph>(std::move(graph));
    FACET_ASSIGN(compiled.model, task.backend->compile(compiled.graph, task.options));
    if (task.row_check)
        FACET_TRY(check_rows(*compiled.model, row_check));
    else
        compiled.unchecked = std::move(row_check);
    return compiled;
}

}  // namespace facet
