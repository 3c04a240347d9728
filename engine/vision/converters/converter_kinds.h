// SPDX-License-Identifier: MIT
// The table of converters and what they share. Private to vision.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/vision/converters/converter.h"

namespace facet {

// What make_converter() was given.
struct ConverterContext {
    const ModelInfo& model;
    const OutputInfo& output;
    std::span<const OutputPort> ports;
    int input_width, input_height;

    // The index among `ports` of each of the output's layers: exactly `count` of them. No layers at
    // all stand for the model's only output. Errors name model, converter and layer.
    [[nodiscard]] Result<std::vector<size_t>> find_layers(size_t count) const;
    // "model 'yunet', converter 'yunet': key 'layers': ..."
    [[nodiscard]] Error error(ErrorCode code, const std::string& key,
                              const std::string& what) const;
    // The layer's shape is not what the converter reads; `wanted` says what it is.
    [[nodiscard]] Error shape_error(size_t port, const std::string& wanted) const;
};

using MadeConverter = Result<std::unique_ptr<Converter>>;

struct ConverterKind {
    std::string_view name;
    bool yields_attribute;               // then the key "attribute" is required
    std::vector<std::string_view> keys;  // of OutputInfo, beyond "converter" and "layers"
    MadeConverter (*make)(const ConverterContext&);
};

[[nodiscard]] const std::vector<ConverterKind>& converter_kinds();
// Null when there is none of that name.
[[nodiscard]] const ConverterKind* find_converter_kind(std::string_view name);
// "boxes-scores, detection-output, ..."
[[nodiscard]] std::string converter_names();

// By label id; empty beyond the labels.
[[nodiscard]] std::string label_at(const OutputInfo& output, int label_id);
// An attribute of this output, read from its layer `port`.
[[nodiscard]] Attribute attribute_of(const ConverterContext& context, size_t port);

[[nodiscard]] MadeConverter make_boxes_scores(const ConverterContext& context);
[[nodiscard]] MadeConverter make_detection_output(const ConverterContext& context);
[[nodiscard]] MadeConverter make_label(const ConverterContext& context);
[[nodiscard]] MadeConverter make_landmarks(const ConverterContext& context);
[[nodiscard]] MadeConverter make_number(const ConverterContext& context);
[[nodiscard]] MadeConverter make_values(const ConverterContext& context);
[[nodiscard]] MadeConverter make_yunet(const ConverterContext& context);

}  // namespace facet
