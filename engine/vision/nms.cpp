// SPDX-License-Identifier: MIT
// Greedy suppression: quadratic in the boxes above the threshold, which are few.
#include "engine/vision/nms.h"

#include <algorithm>

namespace facet {

void non_maximum_suppression(std::vector<BoxCandidate>& candidates, float iou_threshold) {
    std::ranges::sort(candidates, [](const BoxCandidate& a, const BoxCandidate& b) {
        if (a.confidence != b.confidence) return a.confidence > b.confidence;
        return a.source < b.source;
    });
    auto kept = candidates.begin();
    for (const BoxCandidate& candidate : candidates) {
        const bool suppressed =
            std::any_of(candidates.begin(), kept, [&](const BoxCandidate& stronger) {
                return stronger.label_id == candidate.label_id &&
                       intersection_over_union(stronger.box, candidate.box) > iou_threshold;
            });
        if (!suppressed) *kept++ = candidate;
    }
    candidates.erase(kept, candidates.end());
}

}  // namespace facet
