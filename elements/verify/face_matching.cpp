// SPDX-License-Identifier: MIT
// Greedy matching by confidence, with excuses for faces that are hardly to be seen.
#include "elements/verify/face_matching.h"

#include <algorithm>
#include <numeric>

namespace facet {
namespace {

double shared_area(const TrueFace& truth, const Face& face) {
    const double width = std::min(truth.x + truth.width, static_cast<double>(face.x) + face.width) -
                         std::max(truth.x, static_cast<double>(face.x));
    const double height =
        std::min(truth.y + truth.height, static_cast<double>(face.y) + face.height) -
        std::max(truth.y, static_cast<double>(face.y));
    return width > 0 && height > 0 ? width * height : 0;
}

double area(const Face& face) {
    return static_cast<double>(face.width) * face.height;
}

double overlap(const TrueFace& truth, const Face& face) {
    const double shared = shared_area(truth, face);
    return shared > 0 ? shared / (truth.width * truth.height + area(face) - shared) : 0;
}

std::vector<size_t> by_falling_confidence(const std::vector<Face>& faces) {
    std::vector<size_t> order(faces.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return faces[a].confidence > faces[b].confidence; });
    return order;
}

}  // namespace

FaceMatching match_faces(const std::vector<TrueFace>& truths, const std::vector<Face>& faces,
                         double least_iou, double least_visible) {
    FaceMatching matching;
    std::vector<bool> counts(truths.size()), taken(truths.size());
    for (size_t t = 0; t < truths.size(); ++t) {
        counts[t] =
            truths[t].visible >= least_visible && truths[t].width > 0 && truths[t].height > 0;
        matching.excused_truths += counts[t] ? 0 : 1;
    }
    for (const size_t f : by_falling_confidence(faces)) {
        std::optional<size_t> best;
        double best_overlap = least_iou;
        bool excused = false;
        for (size_t t = 0; t < truths.size(); ++t) {
            if (!counts[t]) {
                const double shared = shared_area(truths[t], faces[f]);
                excused = excused || (shared > 0 && shared >= least_iou * area(faces[f]));
                continue;
            }
            const double found = overlap(truths[t], faces[f]);
            if (taken[t] || found <= 0 || found < best_overlap) continue;
            best = t;
            best_overlap = found;
        }
        if (best) {
            taken[*best] = true;
            matching.pairs.push_back({*best, f});
        } else if (excused) {
            ++matching.excused_faces;
        } else {
            matching.invented.push_back(f);
        }
    }
    for (size_t t = 0; t < truths.size(); ++t)
        if (counts[t] && !taken[t]) matching.missed.push_back(t);
    return matching;
}

}  // namespace facet
