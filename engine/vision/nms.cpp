// SPDX-License-Identifier: MIT
// Greedy suppression: quadratic in the boxes above the threshold, which are few.
#include "engine/vision/nms.h"

#include <algorithm>
#include <utility>

namespace facet {

void non_maximum_suppression(std::vector<Detection>& detections, float iou_threshold) {
    std::stable_sort(
        detections.begin(), detections.end(),
        [](const Detection& a, const Detection& b) { return a.confidence > b.confidence; });
    size_t kept = 0;
    for (size_t i = 0; i < detections.size(); ++i) {
        const Detection& candidate = detections[i];
        const bool suppressed = std::any_of(
            detections.begin(), detections.begin() + static_cast<ptrdiff_t>(kept),
            [&](const Detection& stronger) {
                return stronger.label_id == candidate.label_id &&
                       intersection_over_union(stronger.box, candidate.box) > iou_threshold;
            });
        if (suppressed) continue;
        if (kept != i) detections[kept] = std::move(detections[i]);
        ++kept;
    }
    detections.resize(kept);
}

}  // namespace facet
