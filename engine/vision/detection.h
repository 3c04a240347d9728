// SPDX-License-Identifier: MIT
// What models say: detections on a frame, attributes of a crop.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "engine/vision/image_view.h"

namespace facet {

struct Point {
    float x = 0, y = 0;
};

struct Detection {
    Rect box;              // as fractions of the input image, 0..1; may reach a little beyond
    float confidence = 0;  // 0..1
    int label_id = 0;
    std::string label;             // "face"
    std::vector<Point> landmarks;  // fractions of the input image; empty when the model has none
};

// One fact about a crop. `attribute` and `model` outlive nothing: plain copies.
struct Attribute {
    std::string name;            // "age", "gender", "mood", ...
    std::optional<float> value;  // a number with a unit: age in years
    std::vector<float> values;   // several numbers: landmarks, head-pose angles
    std::string label;           // "female"; for a number its rounded text
    int label_id = -1;           // index among the labels, or -1
    float confidence = 1;        // 0..1; 1 where the model gives none
    std::string model_name;
    std::string layer_name;  // the output it was read from
};

}  // namespace facet
