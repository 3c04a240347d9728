// SPDX-License-Identifier: MIT
// Which detection found which true face of a frame, and which found none.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "gst/face_meta.h"
#include "gst/ground_truth_meta.h"

namespace facet {

struct FaceMatching {
    struct Pair {
        size_t truth = 0, face = 0;  // indexes into what was compared
    };
    std::vector<Pair> pairs;       // each true face and each detection at most once
    std::vector<size_t> missed;    // true faces that count and that nobody found
    std::vector<size_t> invented;  // detections where no true face is
    size_t excused_truths = 0;     // hidden or outside: nobody's miss
    size_t excused_faces = 0;      // detections of those: neither right nor wrong
};

// Detections choose in the order of falling confidence; each takes the true face it overlaps most,
// if by `least_iou` or more and if nobody has it yet (the rule of PASCAL VOC). True faces of which
// less than `least_visible` is to be seen are excused, and so is a detection that lies within one
// of them by that share of its own area (COCO's rule for regions to ignore). Reentrant.
[[nodiscard]] FaceMatching match_faces(const std::vector<TrueFace>& truths,
                                       const std::vector<Face>& faces, double least_iou,
                                       double least_visible);

}  // namespace facet
