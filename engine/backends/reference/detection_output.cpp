// SPDX-License-Identifier: MIT
// Reference DetectionOutput: OpenVINO DetectionOutput-1 and -8, one list per row.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

struct Box {
    double x_min = 0, y_min = 0, x_max = 0, y_max = 0;
};

struct Candidate {
    float score = 0;
    int64_t label = 0;
    int64_t prior = 0;
};

bool before(const Candidate& a, const Candidate& b) {
    return a.score > b.score || (a.score == b.score && a.prior < b.prior);
}

// One row of the batch: its logits, its scores and the priors they refer to.
struct Row {
    const float* logits;
    const float* scores;
    const float* priors;
    int64_t prior_count;
    int64_t prior_size;  // numbers per prior: 4, or 5 with a leading one that is not a coordinate
    int64_t box_classes;
};

Box clipped(const Box& box) {
    return {std::clamp(box.x_min, 0.0, 1.0), std::clamp(box.y_min, 0.0, 1.0),
            std::clamp(box.x_max, 0.0, 1.0), std::clamp(box.y_max, 0.0, 1.0)};
}

double area(const Box& box) {
    return std::max(box.x_max - box.x_min, 0.0) * std::max(box.y_max - box.y_min, 0.0);
}

double overlap(const Box& a, const Box& b) {
    const double shared = area({std::max(a.x_min, b.x_min), std::max(a.y_min, b.y_min),
                                std::min(a.x_max, b.x_max), std::min(a.y_max, b.y_max)});
    return shared > 0 ? shared / (area(a) + area(b) - shared) : 0.0;
}

Box prior_box(const DetectionOutputParams& params, const Row& row, int64_t prior) {
    const float* p = row.priors + prior * row.prior_size + (row.prior_size - 4);
    if (params.normalized) return {p[0], p[1], p[2], p[3]};
    const auto width = static_cast<double>(params.input_width);
    const auto height = static_cast<double>(params.input_height);
    return {p[0] / width, p[1] / height, p[2] / width, p[3] / height};
}

Box decode(const DetectionOutputParams& params, const Row& row, int64_t prior, int64_t label) {
    const int64_t box_class = params.share_location ? 0 : label;
    const float* logits = row.logits + (prior * row.box_classes + box_class) * 4;
    const float* variances = row.priors + row.prior_count * row.prior_size + prior * 4;
    double t[4];
    for (int i = 0; i < 4; ++i)
        t[i] = logits[i] * (params.variance_encoded_in_target ? 1.0 : double{variances[i]});
    const Box p = prior_box(params, row, prior);
    Box box;
    if (params.code_type == DetectionOutputParams::CodeType::kCorner) {
        box = {p.x_min + t[0], p.y_min + t[1], p.x_max + t[2], p.y_max + t[3]};
    } else {
        const double width = p.x_max - p.x_min;
        const double height = p.y_max - p.y_min;
        const double x = (p.x_min + p.x_max) / 2 + t[0] * width;
        const double y = (p.y_min + p.y_max) / 2 + t[1] * height;
        const double half_width = std::exp(t[2]) * width / 2;
        const double half_height = std::exp(t[3]) * height / 2;
        box = {x - half_width, y - half_height, x + half_width, y + half_height};
    }
    return params.clip_before_nms ? clipped(box) : box;
}

struct Detection {
    Candidate candidate;
    Box box;
};

// Sorts, keeps the best `top_k` and of those each that no better one of its label covers.
void suppress(const DetectionOutputParams& params, const Row& row,
              std::vector<Candidate> candidates, std::vector<Detection>& kept) {
    std::ranges::sort(candidates, before);
    if (params.top_k >= 0 && candidates.size() > static_cast<size_t>(params.top_k))
        candidates.resize(params.top_k);
    for (const Candidate& candidate : candidates) {
        const Box box = decode(params, row, candidate.prior, candidate.label);
        const bool covered = std::ranges::any_of(kept, [&](const Detection& other) {
            return other.candidate.label == candidate.label &&
                   overlap(other.box, box) > params.nms_threshold;
        });
        if (!covered) kept.push_back({candidate, box});
    }
}

// Caffe's way: every class competes by itself.
std::vector<Detection> detect_per_class(const DetectionOutputParams& params, const Row& row) {
    std::vector<Detection> kept;
    for (int64_t label = 0; label < params.num_classes; ++label) {
        if (label == params.background_label) continue;
        std::vector<Candidate> candidates;
        for (int64_t prior = 0; prior < row.prior_count; ++prior) {
            const float score = row.scores[prior * params.num_classes + label];
            if (score > params.confidence_threshold) candidates.push_back({score, label, prior});
        }
        suppress(params, row, std::move(candidates), kept);
    }
    return kept;
}

// MXNet's way (decrease_label_id): a prior stands for its best class alone.
std::vector<Detection> detect_best_class(const DetectionOutputParams& params, const Row& row) {
    std::vector<Candidate> candidates;
    for (int64_t prior = 0; prior < row.prior_count; ++prior) {
        Candidate best{-1.0f, 0, prior};
        for (int64_t label = 1; label < params.num_classes; ++label) {
            const float score = row.scores[prior * params.num_classes + label];
            if (label != params.background_label && score > best.score)
                best = {score, label, prior};
        }
        if (best.label > 0 && best.score >= params.confidence_threshold) candidates.push_back(best);
    }
    std::vector<Detection> kept;
    suppress(params, row, std::move(candidates), kept);
    return kept;
}

void write(const DetectionOutputParams& params, std::vector<Detection> detections, int64_t image,
           int64_t capacity, float* y) {
    const auto better = [](const Detection& a, const Detection& b) {
        return before(a.candidate, b.candidate);
    };
    if (detections.size() > static_cast<size_t>(capacity)) {
        std::ranges::stable_sort(detections, better);
        detections.resize(capacity);
    }
    // Labels in ascending order, within a label the best first.
    std::ranges::stable_sort(detections, [&](const Detection& a, const Detection& b) {
        if (a.candidate.label != b.candidate.label) return a.candidate.label < b.candidate.label;
        return better(a, b);
    });
    std::fill(y, y + capacity * 7, 0.0f);
    for (int64_t i = 0; i < capacity; ++i, y += 7) {
        y[0] = -1.0f;
        if (i >= static_cast<int64_t>(detections.size())) continue;
        const auto& [candidate, raw] = detections[i];
        const Box box = params.clip_after_nms ? clipped(raw) : raw;
        y[0] = static_cast<float>(image);
        y[1] = static_cast<float>(candidate.label - (params.decrease_label_id ? 1 : 0));
        y[2] = candidate.score;
        y[3] = static_cast<float>(box.x_min);
        y[4] = static_cast<float>(box.y_min);
        y[5] = static_cast<float>(box.x_max);
        y[6] = static_cast<float>(box.y_max);
    }
}

}  // namespace

Result<void> run_op(const DetectionOutputParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    if (inputs.size() > 3)
        return Error{ErrorCode::kUnsupported,
                     "auxiliary class and box inputs; supported: logits, scores and priors"};
    const Shape& priors = inputs[2].shape;
    Row row{};
    row.prior_size = params.normalized ? 4 : 5;
    row.prior_count = priors[2] / row.prior_size;
    row.box_classes = params.share_location ? 1 : params.num_classes;
    const int64_t logits_per_row = row.prior_count * row.box_classes * 4;
    const int64_t scores_per_row = row.prior_count * params.num_classes;
    const int64_t priors_per_row = priors[0] == 1 ? 0 : priors[1] * priors[2];
    const Shape& result = outputs[0].shape;
    if (inputs[0].shape.elements() != result[0] * logits_per_row ||
        inputs[1].shape.elements() != result[0] * scores_per_row)
        return Error{ErrorCode::kCorrupt, "box logits " + inputs[0].shape.text() + " and scores " +
                                              inputs[1].shape.text() + " do not fit " +
                                              std::to_string(row.prior_count) + " priors"};
    const int64_t capacity = result[2];
    float* y = outputs[0].as<float>().data();
    for (int64_t n = 0; n < result[0]; ++n) {
        row.logits = inputs[0].as<float>().data() + n * logits_per_row;
        row.scores = inputs[1].as<float>().data() + n * scores_per_row;
        row.priors = inputs[2].as<float>().data() + n * priors_per_row;
        std::vector<Detection> detections = params.decrease_label_id
                                                ? detect_best_class(params, row)
                                                : detect_per_class(params, row);
        write(params, std::move(detections), n, capacity, y + n * capacity * 7);
    }
    return {};
}

}  // namespace facet::reference
