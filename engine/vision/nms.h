// SPDX-License-Identifier: MIT
// Greedy non-maximum suppression.
#pragma once

#include <vector>

#include "engine/vision/detection.h"

namespace facet {

// Sorts by confidence, strongest first (ties keep their order), and drops each detection whose IoU
// with a stronger kept one of the same label exceeds `iou_threshold` (0..1). Reentrant.
void non_maximum_suppression(std::vector<Detection>& detections, float iou_threshold);

}  // namespace facet
