// SPDX-License-Identifier: MIT
// Loads models: reads the file, compiles it as the plan says, and starts it.
#include "engine/model.h"

#include <algorithm>
#include <functional>
#include <thread>
#include <utility>

#include "engine/base/log.h"
#include "engine/formats/model_reader.h"
#include "engine/model/compile_model.h"
#include "engine/model/free_memory.h"
#include "engine/model/image_size_graph.h"
#include "engine/model/model_internal.h"

namespace facet {

namespace {

CompileTask task_of(const ModelPlan& plan, const ModelOptions& options, const Backend& backend,
                    int max_batch) {
    return {.backend = &backend,
            .options = {
                .max_batch = max_batch, .threads = plan.threads, .precision = options.precision}};
}

Result<std::shared_ptr<Model>> load_direct(const Graph& graph, const ModelPlan& plan,
                                           const ModelOptions& options, const Backend& backend,
                                           Clock& clock) {
    FACET_ASSIGN(CompiledRows compiled,
                 compile_model(graph, task_of(plan, options, backend, plan.max_batch)));
    return start_direct_model(plan, options, {{{}, std::move(compiled.model)}}, clock);
}

// Those a request is given first come first.
std::vector<ImageSize> largest_first(std::vector<ImageSize> sizes) {
    std::ranges::stable_sort(sizes, std::ranges::greater(),
                             [](ImageSize size) { return int64_t{size.width} * size.height; });
    return sizes;
}

Result<std::shared_ptr<Model>> load_sizes(const Graph& graph, const ModelPlan& plan,
                                          const ModelOptions& options, const Backend& backend,
                                          Clock& clock) {
    CompileTask task = task_of(plan, options, backend, plan.max_batch);
    std::vector<SizedModel> sizes;
    for (const ImageSize size : largest_first(options.image_size_profiles)) {
        const std::string setting = "setting 'image_size_profiles' " + size.text();
        Graph sized = graph;
        const Result<void> set = set_image_size(sized, size);
        if (!set.ok()) return set.error().within(setting);
        Result<CompiledRows> compiled = compile_model(std::move(sized), task);
        if (!compiled.ok()) return compiled.error().within(setting);
        if (!task.holder) task.holder = compiled->graph;
        sizes.push_back({size, std::move(compiled->model)});
    }
    return start_direct_model(plan, options, std::move(sizes), clock);
}

Result<std::shared_ptr<Model>> load_gathered(const Graph& graph, ModelPlan plan,
                                             const ModelOptions& options, const Backend& backend,
                                             Clock& clock) {
    CompileTask task = task_of(plan, options, backend, plan.auto_batch->batch);
    task.row_check = false;  // loading must not be dear: the first batch begins with it
    task.asked_by = "automatic batching (device '" + plan.device + "' runs request by request)";
    FACET_ASSIGN(CompiledRows compiled, compile_model(graph, task));
    const int fits = largest_fitting_batch(*compiled.model, plan.requests, free_memory(backend));
    if (fits < plan.auto_batch->batch) {
        plan.auto_batch->batch = fits;
        plan.reason = "free memory leaves batches of up to " + std::to_string(fits);
    }
    return start_gathered_model(plan, options, std::move(compiled), clock);
}

Result<std::shared_ptr<Model>> load_graph(const Graph& graph, ModelPlan plan,
                                          const ModelOptions& options, const Backend& backend,
                                          Clock& clock) {
    if (plan.auto_batch) {
        Result<std::shared_ptr<Model>> gathered =
            load_gathered(graph, plan, options, backend, clock);
        if (gathered.ok() || plan.auto_batch->asked ||
            gathered.error().code != ErrorCode::kUnsupported)
            return gathered;
        plan.auto_batch.reset();
        plan.reason = "not batched: " + gathered.error().message;
        log(LogLevel::kWarning, plan.reason);
    }
    if (!options.image_size_profiles.empty())
        return load_sizes(graph, plan, options, backend, clock);
    return load_direct(graph, plan, options, backend, clock);
}

std::vector<ModelPort> described(const std::vector<Port>& ports) {
    std::vector<ModelPort> list;
    for (const Port& port : ports) list.push_back({port.name, port.type, port.row_shape});
    return list;
}

}  // namespace

ModelFacts facts_of(const ModelPlan& plan, const std::vector<SizedModel>& sizes) {
    const CompiledModel& compiled = *sizes.front().compiled;
    ModelFacts facts{.inputs = described(compiled.inputs()),
                     .outputs = described(compiled.outputs()),
                     .max_batch = plan.max_batch,
                     .optimal_batch = plan.auto_batch ? plan.auto_batch->batch : plan.max_batch};
    // While the batches run, as many requests again gather.
    facts.optimal_requests =
        plan.auto_batch ? plan.auto_batch->batch * (plan.requests + 1) : plan.requests;
    facts.description = plan.device + ": " + compiled.description();
    if (!plan.reason.empty()) facts.description += "; " + plan.reason;
    return facts;
}

Result<std::shared_ptr<Model>> Model::load(const std::filesystem::path& path,
                                           const ModelOptions& options, Clock& clock) {
    const auto processors = static_cast<int>(std::thread::hardware_concurrency());
    FACET_ASSIGN(const ModelPlan plan, plan_model(options, processors));
    FACET_ASSIGN(const Backend* const backend, find_device(plan.device));
    std::optional<Extent2> open_size;  // of a file that leaves it open; all others follow later
    if (!options.image_size_profiles.empty())
        open_size = {options.image_size_profiles[0].height, options.image_size_profiles[0].width};
    FACET_ASSIGN(const Graph graph, read_model(path, open_size));
    Result<std::shared_ptr<Model>> model = load_graph(graph, plan, options, *backend, clock);
    if (!model.ok()) return model.error().within(path.string());
    return model;
}

}  // namespace facet
