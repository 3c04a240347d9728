// SPDX-License-Identifier: MIT
// Converter: one row of a model's outputs -> detections or attributes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/tensor.h"
#include "engine/vision/detection.h"
#include "engine/vision/model_info.h"

namespace facet {

// An output of the model as a converter is told of it when it is made.
struct OutputPort {
    std::string name;
    Shape row_shape;  // f32, axis 0 = 1
};

struct Converted {
    std::vector<Detection> detections;
    std::vector<Attribute> attributes;
};

// Immutable once made; thread-safe. One small file per kind, one row in converter_kinds().
class Converter {
  public:
    virtual ~Converter() = default;
    // `outputs`: one row of every output of the model, in the model's order. `threshold`: as
    // OutputInfo::threshold, from the caller. Appends to `result`. Values that are not finite are
    // dropped, not passed on, and so is an attribute that would be made of one.
    virtual void convert(std::span<const TensorView> outputs, float threshold,
                         Converted& result) const = 0;
};

// Whether that output's converter makes attributes; else it makes detections.
[[nodiscard]] bool yields_attributes(const OutputInfo& output);

// Checks that the layers exist and have shapes the converter understands; errors name model, layer
// and key. `input_width`, `input_height`: the model's input size, for priors.
[[nodiscard]] Result<std::unique_ptr<Converter>> make_converter(const ModelInfo& model,
                                                                const OutputInfo& output,
                                                                std::span<const OutputPort> ports,
                                                                int input_width, int input_height);

}  // namespace facet
