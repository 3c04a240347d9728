// SPDX-License-Identifier: MIT
// make_converter(): the table, one row per converter.
#include "engine/vision/converters/converter_kinds.h"

#include <algorithm>

namespace facet {

const std::vector<ConverterKind>& converter_kinds() {
    static const std::vector<ConverterKind> kinds{
        {"boxes-scores",
         false,
         {"labels", "threshold", "nms_threshold", "decoded", "strides", "min_sizes", "variances"},
         make_boxes_scores},
        {"detection-output", false, {"labels", "threshold"}, make_detection_output},
        {"label", true, {"attribute", "labels", "softmax"}, make_label},
        {"landmarks", true, {"attribute"}, make_landmarks},
        {"number", true, {"attribute", "factor", "unit"}, make_number},
        {"values", true, {"attribute", "unit"}, make_values},
        {"yunet", false, {"labels", "threshold", "nms_threshold", "strides"}, make_yunet},
    };
    return kinds;
}

const ConverterKind* find_converter_kind(std::string_view name) {
    for (const ConverterKind& kind : converter_kinds())
        if (kind.name == name) return &kind;
    return nullptr;
}

std::string converter_names() {
    std::string names;
    for (const ConverterKind& kind : converter_kinds())
        names.append(names.empty() ? "" : ", ").append(kind.name);
    return names;
}

std::string label_at(const OutputInfo& output, int label_id) {
    const auto index = static_cast<size_t>(label_id);
    return label_id >= 0 && index < output.labels.size() ? output.labels[index] : std::string();
}

Attribute attribute_of(const ConverterContext& context, size_t port) {
    Attribute attribute;
    attribute.name = context.output.attribute;
    attribute.model_name = context.model.name;
    attribute.layer_name = context.ports[port].name;
    return attribute;
}

Error ConverterContext::error(ErrorCode code, const std::string& key,
                              const std::string& what) const {
    return {code, "model '" + model.name + "', converter '" + output.converter + "': key '" + key +
                      "': " + what};
}

Error ConverterContext::shape_error(size_t port, const std::string& wanted) const {
    return error(ErrorCode::kUnsupported, "layers",
                 "output '" + ports[port].name + "' has shape " + ports[port].row_shape.text() +
                     "; supported: " + wanted);
}

Result<std::vector<size_t>> ConverterContext::find_layers(size_t count) const {
    if (output.layers.empty() && count == 1 && ports.size() == 1) return std::vector<size_t>{0};
    std::string present;
    for (const OutputPort& port : ports)
        present.append(present.empty() ? "" : ", ").append(port.name);
    if (output.layers.size() != count)
        return error(ErrorCode::kInvalidArgument, "layers",
                     std::to_string(output.layers.size()) + " given, " + std::to_string(count) +
                         " needed; the model has: " + present);
    std::vector<size_t> found;
    for (const std::string& layer : output.layers) {
        const auto port =
            std::find_if(ports.begin(), ports.end(),
                         [&](const OutputPort& candidate) { return candidate.name == layer; });
        if (port == ports.end())
            return error(ErrorCode::kNotFound, "layers",
                         "no output '" + layer + "'; the model has: " + present);
        found.push_back(static_cast<size_t>(port - ports.begin()));
    }
    return found;
}

bool yields_attributes(const OutputInfo& output) {
    const ConverterKind* kind = find_converter_kind(output.converter);
    return kind != nullptr && kind->yields_attribute;
}

Result<std::unique_ptr<Converter>> make_converter(const ModelInfo& model, const OutputInfo& output,
                                                  std::span<const OutputPort> ports,
                                                  int input_width, int input_height) {
    const ConverterContext context{model, output, ports, input_width, input_height};
    const ConverterKind* kind = find_converter_kind(output.converter);
    if (kind == nullptr)
        return context.error(ErrorCode::kUnsupported, "converter",
                             "unknown; supported: " + converter_names());
    return kind->make(context);
}

}  // namespace facet
