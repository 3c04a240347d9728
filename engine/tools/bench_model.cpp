// SPDX-License-Identifier: MIT
// From a model's file and the options to a compiled model, with or without a model-info.
#include "engine/tools/bench_model.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"

namespace facet {

namespace {

Result<std::vector<std::string>> read_labels(const std::string& path) {
    std::ifstream file(path);
    if (!file) return Error{ErrorCode::kNotFound, "--labels: " + path + ": cannot be read"};
    std::vector<std::string> labels;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        labels.push_back(std::move(line));
    }
    while (!labels.empty() && labels.back().empty()) labels.pop_back();
    return labels;
}

// Nothing where there is no model-info for the model.
Result<std::optional<ModelInfo>> find_info(const BenchOptions& options) {
    std::optional<std::filesystem::path> explicit_path;
    if (!options.model_info.empty()) explicit_path = options.model_info;
    std::vector<std::filesystem::path> directories(options.info_directories.begin(),
                                                   options.info_directories.end());
    Result<ModelInfo> info = find_model_info(options.model, explicit_path, directories);
    if (info.ok()) return std::optional<ModelInfo>(std::move(*info));
    if (!explicit_path && info.error().code == ErrorCode::kNotFound)
        return std::optional<ModelInfo>();
    return info.error();
}

bool ends_in_softmax(const Graph& graph, ValueId output) {
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        if (std::ranges::find(node->outputs, output) == node->outputs.end()) continue;
        if (!std::holds_alternative<ReshapeParams>(node->params))
            return std::holds_alternative<SoftmaxParams>(node->params);
        output = node->inputs[0];
    }
    return false;
}

// What a classifier's file does not say. `graph` is prepared.
ModelInfo plain_info(const Graph& graph, const BenchOptions& options,
                     const std::vector<std::string>& labels) {
    ModelInfo info;
    info.name = std::filesystem::path(options.model).stem().string();
    if (graph.outputs.size() != 1) return info;
    OutputInfo& output = info.outputs.emplace_back();
    output.converter = "label";
    output.attribute = "class";
    output.softmax = !ends_in_softmax(graph, graph.outputs[0]);
    output.labels = labels;
    const int64_t classes = graph.value(graph.outputs[0]).shape.elements();
    for (int64_t id = 0; labels.empty() && id < classes; ++id)
        output.labels.push_back("class " + std::to_string(id));
    return info;
}

Result<void> rename_labels(ModelInfo& info, const std::vector<std::string>& labels) {
    std::vector<OutputInfo*> named;
    for (OutputInfo& output : info.outputs)
        if (!output.labels.empty()) named.push_back(&output);
    if (named.size() != 1)
        return Error{ErrorCode::kInvalidArgument, "--labels: the model-info has " +
                                                      std::to_string(named.size()) +
                                                      " outputs with labels; supported: one"};
    named[0]->labels = labels;
    return {};
}

Result<CropSpec> crop_spec(const Graph& graph, const ImageInputInfo& info) {
    const auto unsupported = [](std::string message) {
        return Error{ErrorCode::kUnsupported, std::move(message)};
    };
    if (graph.inputs.size() != 1)
        return unsupported(std::to_string(graph.inputs.size()) +
                           " inputs; supported: one image input");
    const Value& input = graph.value(graph.inputs[0]);
    const Shape& shape = input.shape;
    const bool image = shape.rank() == 4 && shape[0] == 1;
    const int64_t channels = !image ? 0 : info.channels_last ? shape[3] : shape[1];
    if (channels != 1 && channels != 3)
        return unsupported("input '" + input.name + "' " + shape.text() +
                           "; supported: images of 1 or 3 channels, [1,C,H,W], or [1,H,W,C] with "
                           "a model-info that says channels-last");
    CropSpec spec;
    spec.height = static_cast<int>(info.channels_last ? shape[1] : shape[2]);
    spec.width = static_cast<int>(info.channels_last ? shape[2] : shape[3]);
    spec.order = channels == 1 ? ColorOrder::kGray : info.order;
    return spec;
}

Result<std::vector<BenchModel::Output>> make_outputs(const CompiledModel& compiled,
                                                     const ModelInfo& info, const CropSpec& crop) {
    std::vector<OutputPort> ports;
    for (const Port& port : compiled.outputs()) ports.push_back({port.name, port.row_shape});
    std::vector<BenchModel::Output> outputs;
    for (const OutputInfo& output : info.outputs) {
        FACET_ASSIGN(std::unique_ptr<Converter> converter,
                     make_converter(info, output, ports, crop.width, crop.height));
        outputs.push_back({std::move(converter), output.threshold});
    }
    return outputs;
}

Result<void> compile(BenchModel& model, Graph graph, const BenchOptions& options) {
    for (const BatchVerdict& verdict : analyze_batchability(graph))
        model.mixing_nodes.push_back(graph.nodes[verdict.node].text() + ": " + verdict.reason);
    int rows = options.profiles.empty() ? options.max_batch : options.profiles.back();
    if (!model.mixing_nodes.empty()) rows = 1;
    FACET_ASSIGN(const Backend* const backend, find_backend(options.device));
    model.device = backend->name();
    FACET_ASSIGN(model.compiled, backend->compile(std::make_shared<const Graph>(std::move(graph)),
                                                  {.max_batch = rows,
                                                   .threads = options.threads,
                                                   .precision = options.precision}));
    model.description = model.compiled->description();
    return {};
}

Result<BenchModel> make_model(Graph graph, std::optional<ModelInfo> info,
                              const BenchOptions& options) {
    std::vector<std::string> labels;
    if (!options.labels.empty()) {
        FACET_ASSIGN(labels, read_labels(options.labels));
        if (info) FACET_TRY(rename_labels(*info, labels));
    }
    BenchModel model;
    const ImageInputInfo input = info ? info->input : ImageInputInfo{};
    FACET_ASSIGN(model.crop, crop_spec(graph, input));
    FACET_TRY(accept_u8_pixels(graph, 0, {input.mean, input.scale}, input.channels_last));
    FACET_TRY(prepare(graph, reference::evaluate));
    if (!info) info = plain_info(graph, options, labels);
    model.name = info->name;
    FACET_TRY(compile(model, std::move(graph), options));
    FACET_ASSIGN(model.outputs, make_outputs(*model.compiled, *info, model.crop));
    return model;
}

// One row of an output that holds several.
TensorView row_of(const TensorView& output, const Shape& row_shape, size_t row) {
    const size_t row_bytes = row_shape.elements() * size_of(output.type);
    return {output.type, row_shape, static_cast<const std::byte*>(output.bytes) + row * row_bytes};
}

}  // namespace

Converted BenchModel::convert(const InferRequest& request, size_t row) const {
    std::vector<TensorView> rows;
    for (size_t port = 0; port < compiled->outputs().size(); ++port)
        rows.push_back(row_of(request.output(port), compiled->outputs()[port].row_shape, row));
    Converted result;
    for (const Output& output : outputs) output.converter->convert(rows, output.threshold, result);
    return result;
}

Result<BenchModel> load_bench_model(const BenchOptions& options) {
    FACET_ASSIGN(std::optional<ModelInfo> info, find_info(options));
    std::optional<Extent2> open_size;
    if (info && info->input.width > 0 && info->input.height > 0)
        open_size = {info->input.height, info->input.width};
    FACET_ASSIGN(Graph graph, read_model(options.model, open_size));
    Result<BenchModel> model = make_model(std::move(graph), std::move(info), options);
    if (!model.ok()) return model.error().within(options.model);
    return model;
}

}  // namespace facet
