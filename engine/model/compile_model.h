// SPDX-License-Identifier: MIT
// From a graph as read to a model that runs batches: what sessions and Model share. Not installed.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/backends/backend.h"
#include "engine/backends/row_check.h"

namespace facet {

struct CompileTask {
    const Backend* backend = nullptr;
    CompileOptions options;
    bool row_check = true;  // false: the caller does it later
    // What asks for batches above 1, as the refusal of a model that mixes rows begins; empty: the
    // setting 'max_batch'.
    std::string asked_by = {};
    // One whose constants are taken in place of equal ones; may be null.
    std::shared_ptr<const Graph> holder = {};
};

// `device` as registry.h has it; kInvalidArgument, naming the setting.
[[nodiscard]] Result<const Backend*> find_device(const std::string& device);

struct CompiledRows {
    std::shared_ptr<CompiledModel> model;
    std::shared_ptr<const Graph> graph;        // as it was compiled
    std::optional<RowCheckOptions> unchecked;  // what check_rows() is yet to be called with
};

// Prepares the graph, proves that it keeps rows apart if batches may hold several, compiles it, and
// has it run made-up rows in batches and alone. Errors name node, output or setting. Reentrant.
[[nodiscard]] Result<CompiledRows> compile_model(Graph graph, const CompileTask& task);

}  // namespace facet
