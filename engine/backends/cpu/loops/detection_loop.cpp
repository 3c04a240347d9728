// SPDX-License-Identifier: MIT
// Candidates above the threshold, the best of them decoded, and each compared with all kept boxes
// at once.
#include "engine/backends/cpu/loops/detection_loop.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "engine/base/multiversion.h"

namespace facet::cpu {
namespace {

// Source: OpenVINO DetectionOutput-8.
constexpr int64_t kFieldCount = 7;
// Kept boxes that are compared together.
constexpr size_t kBlock = 8;
// The end of a box that nothing overlaps: what fills a block up.
constexpr double kNowhere = -1e300;

struct Candidate {
    float score = 0;
    int64_t prior = 0;
};
bool before(const Candidate& a, const Candidate& b) {
    return a.score > b.score || (a.score == b.score && a.prior < b.prior);
}

struct Box {
    double x_min = 0, y_min = 0, x_max = 0, y_max = 0;

    [[nodiscard]] double area() const {
        return std::max(x_max - x_min, 0.0) * std::max(y_max - y_min, 0.0);
    }
    [[nodiscard]] Box clipped() const {
        return {std::clamp(x_min, 0.0, 1.0), std::clamp(y_min, 0.0, 1.0),
                std::clamp(x_max, 0.0, 1.0), std::clamp(y_max, 0.0, 1.0)};
    }
};

struct Detection {
    Candidate candidate;
    int64_t label = 0;
    Box box;
};
bool in_list_order(const Detection& a, const Detection& b) {
    if (a.label != b.label) return a.label < b.label;
    return before(a.candidate, b.candidate);
}
bool better(const Detection& a, const Detection& b) {
    if (before(a.candidate, b.candidate)) return true;
    return !before(b.candidate, a.candidate) && a.label < b.label;
}

// Kept boxes, a field of all of them side by side. Invariant: the number of elements is a multiple
// of kBlock, and those from size() on overlap nothing.
class KeptBoxes {
  public:
    void clear() {
        size_ = 0;
        for (std::vector<double>& field : fields_) field.clear();
    }
    void add(const Box& box) {
        if (size_ % kBlock == 0) {
            for (std::vector<double>& field : fields_) field.resize(size_ + kBlock, 0.0);
            for (const Field end : {kXMax, kYMax})
                std::fill(fields_[end].end() - kBlock, fields_[end].end(), kNowhere);
        }
        const double values[kFields] = {box.x_min, box.y_min, box.x_max, box.y_max, box.area()};
        for (int field = 0; field < kFields; ++field) fields_[field][size_] = values[field];
        ++size_;
    }
    [[nodiscard]] size_t size() const { return size_; }
    // Whether `box` has an intersection over union above `threshold` with any of them.
    [[nodiscard]] bool cover(const Box& box, double threshold) const {
        return overlaps(fields_[kXMin].data(), fields_[kYMin].data(), fields_[kXMax].data(),
                        fields_[kYMax].data(), fields_[kArea].data(), fields_[kArea].size(), box,
                        threshold);
    }

  private:
    enum Field { kXMin, kYMin, kXMax, kYMax, kArea, kFields };

    FACET_MULTIVERSION
    static bool overlaps(const double* x_min, const double* y_min, const double* x_max,
                         const double* y_max, const double* areas, size_t count, const Box& box,
                         double threshold) {
        const Box own = box;
        const double area = own.area();
        for (size_t block = 0; block < count; block += kBlock) {
            int64_t found = 0;
            for (size_t i = block; i < block + kBlock; ++i) {
                const double width = std::min(x_max[i], own.x_max) - std::max(x_min[i], own.x_min);
                const double height = std::min(y_max[i], own.y_max) - std::max(y_min[i], own.y_min);
                const double shared = std::max(width, 0.0) * std::max(height, 0.0);
                found |= shared > threshold * (areas[i] + area - shared) ? 1 : 0;
            }
            if (found != 0) return true;
        }
        return false;
    }

    size_t size_ = 0;
    std::array<std::vector<double>, kFields> fields_;
};

Box decode(const DetectionOutputParams& params, const float* logits, const float* prior,
           const float* variances) {
    double shift[4];
    for (int i = 0; i < 4; ++i)
        shift[i] = logits[i] * (params.variance_encoded_in_target ? 1.0 : double{variances[i]});
    const Box p{prior[0], prior[1], prior[2], prior[3]};
    Box box;
    if (params.code_type == DetectionOutputParams::CodeType::kCorner) {
        box = {p.x_min + shift[0], p.y_min + shift[1], p.x_max + shift[2], p.y_max + shift[3]};
    } else {
        const double width = p.x_max - p.x_min, height = p.y_max - p.y_min;
        const double x = (p.x_min + p.x_max) / 2 + shift[0] * width;
        const double y = (p.y_min + p.y_max) / 2 + shift[1] * height;
        const double half_width = std::exp(shift[2]) * width / 2;
        const double half_height = std::exp(shift[3]) * height / 2;
        box = {x - half_width, y - half_height, x + half_width, y + half_height};
    }
    return params.clip_before_nms ? box.clipped() : box;
}

}  // namespace

struct DetectionLoop::Scratch {
    std::vector<Candidate> candidates;
    KeptBoxes kept;
    std::vector<Detection> detections;
};

void DetectionLoop::detect(int64_t label, const float* logits, const float* scores,
                           const float* priors, Scratch& scratch) const {
    std::vector<Candidate>& candidates = scratch.candidates;
    candidates.clear();
    for (int64_t prior = 0; prior < extents_.priors; ++prior) {
        const float score = scores[prior * params_.num_classes + label];
        if (score > params_.confidence_threshold) candidates.push_back({score, prior});
    }
    const size_t most = params_.top_k >= 0 ? static_cast<size_t>(params_.top_k) : candidates.size();
    if (candidates.size() > most) {
        std::ranges::nth_element(candidates, candidates.begin() + static_cast<ptrdiff_t>(most),
                                 before);
        candidates.resize(most);
    }
    std::ranges::sort(candidates, before);

    const int64_t box_classes = params_.share_location ? 1 : params_.num_classes;
    const int64_t box_class = params_.share_location ? 0 : label;
    scratch.kept.clear();
    for (const Candidate& candidate : candidates) {
        // What comes later is worse than a whole list.
        if (static_cast<int64_t>(scratch.kept.size()) == extents_.capacity) return;
        const int64_t at = candidate.prior;
        const Box box = decode(params_, logits + (at * box_classes + box_class) * 4,
                               priors + at * 4, priors + (extents_.priors + at) * 4);
        if (scratch.kept.cover(box, params_.nms_threshold)) continue;
        scratch.kept.add(box);
        scratch.detections.push_back({candidate, label, box});
    }
}

void DetectionLoop::run(int64_t index, const float* logits, const float* scores,
                        const float* priors, float* list) const {
    thread_local Scratch scratch;
    std::vector<Detection>& detections = scratch.detections;
    detections.clear();
    for (int64_t label = 0; label < params_.num_classes; ++label)
        if (label != params_.background_label)
            detect(label, logits, scores, priors + index * extents_.prior_step, scratch);
    const auto capacity = static_cast<size_t>(extents_.capacity);
    if (detections.size() > capacity) {
        std::ranges::sort(detections, better);
        detections.resize(capacity);
        std::ranges::sort(detections, in_list_order);
    }
    std::fill_n(list, capacity * kFieldCount, 0.0f);
    for (size_t i = 0; i < capacity; ++i) {
        float* fields = list + i * kFieldCount;
        fields[0] = -1.0f;
        if (i >= detections.size()) continue;
        const Detection& detection = detections[i];
        const Box box = params_.clip_after_nms ? detection.box.clipped() : detection.box;
        const float values[kFieldCount] = {
            static_cast<float>(index),     static_cast<float>(detection.label),
            detection.candidate.score,     static_cast<float>(box.x_min),
            static_cast<float>(box.y_min), static_cast<float>(box.x_max),
            static_cast<float>(box.y_max)};
        std::ranges::copy(values, fields);
    }
}

}  // namespace facet::cpu
