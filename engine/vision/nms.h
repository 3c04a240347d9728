// SPDX-License-Identifier: MIT
// Greedy non-maximum suppression.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/vision/image_view.h"

namespace facet {

// A box before anybody knows whether it is kept.
struct BoxCandidate {
    Rect box;
    float confidence = 0;
    int label_id = 0;
    size_t source = 0;  // the caller's, e.g. an index into the model's output
};

// Sorts by confidence, strongest first (ties by source), and drops each candidate whose IoU with a
// stronger kept one of the same label exceeds `iou_threshold` (0..1). Allocates nothing. Reentrant.
void non_maximum_suppression(std::vector<BoxCandidate>& candidates, float iou_threshold);

}  // namespace facet
