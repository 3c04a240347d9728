// SPDX-License-Identifier: MIT
// ModelInfo: what a model file does not say of itself; read from a JSON file beside it or
// installed.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/vision/crop.h"

namespace facet {

// How the image input is fed. Values of a channel: (pixel - mean) / scale, pixels 0..255.
struct ImageInputInfo {
    std::string name;  // of the graph's input; empty: its only one
    ColorOrder order = ColorOrder::kBgr;
    bool channels_last = false;          // NHWC
    std::array<float, 3> mean{0, 0, 0};  // in the model's channel order; kGray: the first
    std::array<float, 3> scale{1, 1, 1};
    int width = 0, height = 0;  // for a model that leaves its size open; 0: the model's own
};

// One converter and what it is told. Which fields matter is the converter's business and documented
// in its file and in docs/models.md; keys that do not matter to it are refused when read.
struct OutputInfo {
    std::string converter;            // "detection-output", "boxes-scores", "label", "number", ...
    std::vector<std::string> layers;  // the outputs it reads, in the converter's order; empty: the
                                      // model's only one
    std::string attribute;            // the name of what it yields: "gender"
    std::vector<std::string> labels;  // by label id
    bool softmax = false;             // label: the outputs are logits
    float factor = 1;                 // number: multiplied by (age: 100)
    std::string unit;                 // number, values: "years"
    float threshold = 0.5f;           // detections below are dropped, unless the caller says other
    float nms_threshold = 0.3f;       // IoU beyond which the weaker of two boxes goes
    bool decoded = true;              // boxes-scores: false = offsets to priors
    std::vector<int> strides;         // priors, per level
    std::vector<std::vector<float>> min_sizes;   // priors, per level, in input pixels
    std::array<float, 2> variances{0.1f, 0.2f};  // centre, size
};

struct ModelInfo {
    std::string name;         // "age-gender-recognition-retail-0013"
    std::string description;  // one line
    ImageInputInfo input;
    std::vector<OutputInfo> outputs;
};

// Schema "facet-model/1"; unknown keys, wrong types and values out of range are kInvalidArgument
// naming file and key; a missing file is kNotFound. Comments are allowed. docs/models.md describes
// every key. Reentrant.
[[nodiscard]] Result<ModelInfo> read_model_info(const std::filesystem::path& path);

// The info for a model file: `explicit_path` if given; else "<model stem>.json" beside the model;
// else <dir>/<stem>.json in each of `directories` in order (for IR also the name of the folder two
// up, for Open Model Zoo layouts). kNotFound lists every place looked at.
[[nodiscard]] Result<ModelInfo> find_model_info(
    const std::filesystem::path& model, const std::optional<std::filesystem::path>& explicit_path,
    const std::vector<std::filesystem::path>& directories);

}  // namespace facet
