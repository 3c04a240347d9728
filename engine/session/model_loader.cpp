// SPDX-License-Identifier: MIT
// A model file and its model-info -> a model ready to run.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/graph/passes.h"
#include "engine/model/compile_model.h"
#include "engine/model/image_size_graph.h"
#include "engine/session/model_files.h"
#include "engine/session/session_internal.h"
#include "engine/vision/model_info.h"

namespace facet {

namespace {

Error unsupported(std::string message) {
    return {ErrorCode::kUnsupported, std::move(message)};
}

Result<ModelInfo> find_info(const ModelSettings& model, const SessionSettings& session) {
    std::optional<std::filesystem::path> explicit_path;
    if (!model.info.empty()) explicit_path = model.info;
    Result<ModelInfo> info = find_model_info(model.path, explicit_path, session.info_directories);
    if (!info.ok()) return info.error().within("setting 'info' of " + model.path.string());
    return info;
}

// The image input as an index into graph.inputs. A model with further inputs would need more than
// pixels.
Result<size_t> find_image_input(const Graph& graph, const ImageInputInfo& info) {
    std::string names;
    for (const ValueId id : graph.inputs)
        names += (names.empty() ? "'" : ", '") + graph.value(id).name + "'";
    if (graph.inputs.size() != 1)
        return unsupported(std::to_string(graph.inputs.size()) + " inputs (" + names +
                           "); supported: one image input");
    const std::string& name = graph.value(graph.inputs[0]).name;
    if (!info.name.empty() && info.name != name)
        return Error{ErrorCode::kInvalidArgument, "the model-info's input '" + info.name +
                                                      "' is not in the model, whose input is " +
                                                      names};
    return size_t{0};
}

Result<CropSpec> crop_spec(const Value& input, const ImageInputInfo& info, ImageSize asked) {
    const Shape& shape = input.shape;
    const std::string place = "input '" + input.name + "' " + shape.text();
    if (shape.rank() != 4 || shape[0] != 1)
        return unsupported(place + "; supported: [1,C,H,W], or [1,H,W,C] with channels-last");
    const int64_t channels = info.channels_last ? shape[3] : shape[1];
    if (channels != 1 && channels != 3)
        return unsupported(place + ": " + std::to_string(channels) +
                           " channels; supported: 1 (grey) and 3");
    if (channels == 3 && info.order == ColorOrder::kGray)
        return Error{ErrorCode::kInvalidArgument,
                     place + " takes three channels, but the model-info says grey"};
    CropSpec spec;
    spec.height = static_cast<int>(info.channels_last ? shape[1] : shape[2]);
    spec.width = static_cast<int>(info.channels_last ? shape[2] : shape[3]);
    spec.order = channels == 1 ? ColorOrder::kGray : info.order;
    const bool by_info = asked == ImageSize{};
    if (by_info && ((info.width != 0 && info.width != spec.width) ||
                    (info.height != 0 && info.height != spec.height)))
        return Error{ErrorCode::kInvalidArgument,
                     place + " has another size than the model-info's " +
                         std::to_string(info.width) + "x" + std::to_string(info.height)};
    return spec;
}

Result<std::vector<OutputPort>> converter_ports(const CompiledModel& compiled,
                                                const ModelInfo& info) {
    std::vector<OutputPort> ports;
    for (const Port& port : compiled.outputs()) {
        const bool read = std::ranges::any_of(info.outputs, [&](const OutputInfo& output) {
            return output.layers.empty() || std::ranges::count(output.layers, port.name) > 0;
        });
        if (read && port.type != DataType::kF32)
            return unsupported("output '" + port.name + "' is " +
                               std::string(to_string(port.type)) + "; supported: f32");
        ports.push_back({port.name, port.row_shape});
    }
    return ports;
}

Result<std::vector<SessionModel::Output>> make_outputs(const CompiledModel& compiled,
                                                       const ModelInfo& info, const CropSpec& crop,
                                                       std::optional<float> threshold) {
    FACET_ASSIGN(const std::vector<OutputPort> ports, converter_ports(compiled, info));
    std::vector<SessionModel::Output> outputs;
    for (const OutputInfo& output : info.outputs) {
        FACET_ASSIGN(std::unique_ptr<Converter> converter,
                     make_converter(info, output, ports, crop.width, crop.height));
        outputs.push_back({std::move(converter), threshold.value_or(output.threshold),
                           yields_attributes(output) ? Yield::kAttributes : Yield::kDetections});
    }
    return outputs;
}

Result<SessionModel> make_model(Graph graph, const std::filesystem::path& path,
                                const ModelInfo& info, const Backend& backend,
                                const SessionSettings& session) {
    FACET_ASSIGN(const size_t input, find_image_input(graph, info.input));
    FACET_ASSIGN(const CropSpec crop,
                 crop_spec(graph.value(graph.inputs[input]), info.input, session.image_size));
    FACET_TRY(accept_u8_pixels(graph, input, {info.input.mean, info.input.scale},
                               info.input.channels_last));
    FACET_ASSIGN(CompiledRows compiled,
                 compile_model(std::move(graph), {.backend = &backend,
                                                  .options = {.max_batch = session.max_batch,
                                                              .threads = session.threads,
                                                              .precision = session.precision},
                                                  .holder = constants_of_file(path)}));
    offer_constants(path, compiled.graph);
    FACET_ASSIGN(std::vector<SessionModel::Output> outputs,
                 make_outputs(*compiled.model, info, crop, session.threshold));
    return SessionModel{.name = info.name,
                        .device = std::string(backend.name()),
                        .crop = crop,
                        .compiled = std::move(compiled.model),
                        .graph = std::move(compiled.graph),
                        .outputs = std::move(outputs)};
}

std::optional<Extent2> open_size(const ModelInfo& info, ImageSize asked) {
    if (!(asked == ImageSize{})) return Extent2{asked.height, asked.width};
    if (info.input.width > 0 && info.input.height > 0)
        return Extent2{info.input.height, info.input.width};
    return {};
}

Result<SessionModel> read_and_make(const std::filesystem::path& path, const ModelInfo& info,
                                   const Backend& backend, const SessionSettings& session) {
    const bool sized = !(session.image_size == ImageSize{});
    FACET_ASSIGN(const std::shared_ptr<const Graph> read,
                 read_model_once(path, open_size(info, session.image_size), sized));
    Graph graph = *read;
    if (sized)
        if (const Result<void> set = set_image_size(graph, session.image_size); !set.ok())
            return set.error().within(path.string());
    Result<SessionModel> made = make_model(std::move(graph), path, info, backend, session);
    if (!made.ok()) return made.error().within(path.string());
    return made;
}

// Whether a refusal is the size's shows in what the same file says without one.
Error blamed(const Error& refusal, const std::filesystem::path& path, const ModelInfo& info,
             const Backend& backend, SessionSettings session) {
    const std::string asked = session.image_size.text();
    session.image_size = {};
    const Result<SessionModel> own = read_and_make(path, info, backend, session);
    if (!own.ok() && own.error().text() == refusal.text()) return refusal;
    Error error = refusal.within("setting 'image_size' " + asked);
    if (own.ok())
        error.message += "; the file's own size, " +
                         ImageSize{own->crop.width, own->crop.height}.text() + ", is supported";
    return error;
}

}  // namespace

Result<SessionModel> load_model(const ModelSettings& model, const SessionSettings& session) {
    FACET_ASSIGN(const Backend* const backend, find_device(session.device));
    FACET_ASSIGN(const ModelInfo info, find_info(model, session));
    Result<SessionModel> made = read_and_make(model.path, info, *backend, session);
    if (!made.ok() && !(session.image_size == ImageSize{}))
        return blamed(made.error(), model.path, info, *backend, session);
    return made;
}

}  // namespace facet
