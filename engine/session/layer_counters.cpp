// SPDX-License-Identifier: MIT
// The median of several runs for each layer, and files of graphs.
#include "engine/session/layer_counters.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "engine/backends/step_graph.h"

namespace facet {

namespace {

constexpr int kRuns = 5;  // of which the median of each layer counts

double median(std::vector<double> seconds) {
    const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
    std::ranges::nth_element(seconds, middle);
    return *middle;
}

Result<std::vector<StepProfile>> time_model(RequestSlot& slot, size_t model, int rows) {
    std::vector<StepProfile> steps;
    std::vector<std::vector<double>> seconds;
    for (int run = 0; run < kRuns; ++run) {
        FACET_ASSIGN(steps, slot.profile(model, rows));
        seconds.resize(steps.size());
        for (size_t i = 0; i < steps.size(); ++i) seconds[i].push_back(steps[i].seconds);
    }
    for (size_t i = 0; i < steps.size(); ++i) steps[i].seconds = median(std::move(seconds[i]));
    return steps;
}

// Nothing that would lead into another folder.
std::string file_part(std::string name) {
    std::ranges::replace(name, '/', '_');
    return name;
}

}  // namespace

Result<std::vector<ModelLayers>> time_layers(const std::vector<SessionModel>& models,
                                             RequestSlot& slot, int rows) {
    std::vector<ModelLayers> layers;
    for (size_t model = 0; model < models.size(); ++model) {
        auto steps = time_model(slot, model, rows);
        if (!steps.ok() && steps.error().code == ErrorCode::kUnsupported) continue;
        if (!steps.ok()) return steps.error().within(models[model].name);
        layers.push_back({models[model].name, models[model].device, rows, *std::move(steps)});
    }
    return layers;
}

std::vector<LayerCounters> counters_of(const std::vector<ModelLayers>& models) {
    std::vector<LayerCounters> counters;
    for (const ModelLayers& model : models)
        for (const StepProfile& step : model.steps)
            counters.push_back({.model = model.model,
                                .layer = step.name,
                                .fused = step.fused,
                                .kind = step.kind,
                                .implementation = step.implementation,
                                .layout = step.layout,
                                .device = step.device,
                                .rows = model.rows,
                                .seconds = step.seconds,
                                .flop = step.flop});
    return counters;
}

Result<void> write_executed_graphs(const std::filesystem::path& trace,
                                   const std::vector<ModelLayers>& models) {
    for (const ModelLayers& model : models) {
        const std::string path =
            trace.string() + "." + file_part(model.model) + "." + file_part(model.device) + ".dot";
        std::ofstream file(path, std::ios::trunc);
        file << step_graph(model.steps, model.model + " on " + model.device + ", a batch of " +
                                            std::to_string(model.rows));
        if (!file.flush())
            return Error{ErrorCode::kIo, "setting 'trace_path': " + path + " cannot be written"};
    }
    return {};
}

}  // namespace facet
