// SPDX-License-Identifier: MIT
// Shape rules of the SSD head: prior boxes and their decoding.
#include <cmath>
#include <set>

#include <algorithm>

#include "engine/graph/shape_rules.h"

namespace facet::shape_rules {

namespace {

constexpr double kMaxDensity = 1024;  // far above any real model; keeps the counts small

// The number of different aspect ratios: 1, the given ones and, with `flip`, their inverses, equal
// when they agree to six decimals (OpenVINO PriorBox-1).
int64_t aspect_ratio_count(const PriorBoxParams& params) {
    const auto rounded = [](double ratio) { return std::round(ratio * 1e6) / 1e6; };
    std::set<double> ratios{1.0};
    for (float ratio : params.aspect_ratio) {
        ratios.insert(rounded(ratio));
        if (params.flip) ratios.insert(rounded(1.0 / ratio));
    }
    return static_cast<int64_t>(ratios.size());
}

Result<int64_t> priors_per_cell(const PriorBoxParams& params) {
    for (float ratio : params.aspect_ratio) {
        if (!(ratio > 0.0f)) return corrupt("aspect_ratio=" + std::to_string(ratio));
    }
    const int64_t ratios = aspect_ratio_count(params);
    const auto min_sizes = static_cast<int64_t>(params.min_size.size());
    const auto max_sizes = static_cast<int64_t>(params.max_size.size());
    int64_t count =
        params.scale_all_sizes ? ratios * min_sizes + max_sizes : ratios + min_sizes - 1;
    if (!params.fixed_size.empty()) count = ratios * static_cast<int64_t>(params.fixed_size.size());
    for (float density : params.density) {
        if (!(density >= 1.0f && density <= kMaxDensity))
            return corrupt("density=" + std::to_string(density));
        const auto side = static_cast<int64_t>(density);
        const int64_t shifted = side * side - 1;  // boxes beyond the one at the cell's centre
        const auto fixed_ratios = static_cast<int64_t>(params.fixed_ratio.size());
        count += shifted * (params.fixed_ratio.empty() ? ratios : fixed_ratios);
    }
    return count;
}

Outputs prior_output(Inputs inputs, int64_t priors, size_t variances) {
    FACET_ASSIGN(const std::vector<int64_t> layer, constant_integers(inputs[0], "layer size"));
    FACET_ASSIGN(const std::vector<int64_t> image, constant_integers(inputs[1], "image size"));
    if (layer.size() != 2 || image.size() != 2)
        return corrupt("layer size and image size have " + std::to_string(layer.size()) + " and " +
                       std::to_string(image.size()) + " elements; expected: 2");
    FACET_TRY(require_at_least(layer, 1, "layer size"));
    FACET_TRY(require_at_least(image, 1, "image size"));
    if (variances > 1 && variances != 4)
        return corrupt("variance has " + std::to_string(variances) + " elements; expected: 1 or 4");
    // Checked as a product of small factors before it becomes one extent.
    FACET_ASSIGN(const Shape boxes, checked_shape(std::array{layer[0], layer[1], priors}));
    return one_output(DataType::kF32, Shape{2, boxes.elements() * 4});
}

}  // namespace

Outputs infer(const PriorBoxParams& params, Inputs inputs, size_t) {
    FACET_ASSIGN(const int64_t priors, priors_per_cell(params));
    if (priors < 1) return corrupt("min_size and fixed_size are both empty");
    return prior_output(inputs, priors, params.variance.size());
}

Outputs infer(const PriorBoxClusteredParams& params, Inputs inputs, size_t) {
    if (params.width.empty() || params.width.size() != params.height.size())
        return corrupt("width has " + std::to_string(params.width.size()) + " and height " +
                       std::to_string(params.height.size()) + " elements");
    return prior_output(inputs, static_cast<int64_t>(params.width.size()), params.variance.size());
}

Outputs infer(const DetectionOutputParams& params, Inputs inputs, size_t) {
    static constexpr std::string_view kFields[] = {"box logits", "class scores", "priors"};
    for (size_t i = 0; i < inputs.size(); ++i) {
        FACET_TRY(require_float(inputs[i], kFields[i]));
        FACET_TRY(require_rank(inputs[i], kFields[i], i == 2 ? 3 : 2));
    }
    FACET_TRY(require_at_least({&params.num_classes, 1}, 1, "num_classes"));
    FACET_TRY(require_at_least({&params.keep_top_k, 1}, 1, "keep_top_k"));
    const Shape& boxes = inputs[0].typed.shape;
    const Shape& scores = inputs[1].typed.shape;
    const Shape& priors = inputs[2].typed.shape;
    const int64_t prior_size = params.normalized ? 4 : 5;
    const int64_t count = priors[2] / prior_size;
    const int64_t box_classes = params.share_location ? 1 : params.num_classes;
    const int64_t blocks = params.variance_encoded_in_target ? 1 : 2;
    if (priors[0] != 1 || priors[1] != blocks || priors[2] % prior_size != 0)
        return corrupt("priors has the shape " + priors.text() + "; expected: [1," +
                       std::to_string(blocks) + ",priors*" + std::to_string(prior_size) + "]");
    // By division, as the products could overflow.
    const auto holds = [&](int64_t extent, int64_t each, int64_t classes) {
        return extent % each == 0 && extent / each % classes == 0 &&
               extent / each / classes == count;
    };
    if (boxes[0] != scores[0] || !holds(boxes[1], 4, box_classes) ||
        !holds(scores[1], 1, params.num_classes))
        return corrupt("box logits " + boxes.text() + " and class scores " + scores.text() +
                       " do not fit " + std::to_string(count) + " priors of " +
                       std::to_string(params.num_classes) + " classes");
    return one_output(inputs[0].typed.type, Shape{boxes[0], 1, params.keep_top_k, 7});
}

Outputs infer(const NonMaxSuppressionParams&, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "boxes"));
    FACET_TRY(require_float(inputs[1], "scores"));
    FACET_TRY(require_rank(inputs[0], "boxes", 3));
    FACET_TRY(require_rank(inputs[1], "scores", 3));
    const Shape& boxes = inputs[0].typed.shape;
    const Shape& scores = inputs[1].typed.shape;
    if (boxes[2] != 4 || boxes[0] != scores[0] || boxes[1] != scores[2])
        return corrupt("boxes " + boxes.text() + " and scores " + scores.text() +
                       " do not belong together");
    int64_t most = 0;
    if (is_present(inputs, 2)) {
        FACET_ASSIGN(const std::vector<int64_t> stated, constant_integers(inputs[2], "the most"));
        if (stated.size() != 1) return corrupt("the most per class is not one number");
        most = std::clamp<int64_t>(stated[0], 0, boxes[1]);
    }
    FACET_ASSIGN(const Shape lists, checked_shape(std::vector{scores[0], scores[1], most}));
    return one_output(DataType::kI64, Shape{lists.elements(), 3});
}

Outputs infer(const RoiPoolingParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_float(inputs[1], "regions"));
    FACET_TRY(require_rank(inputs[0], "x", 4));
    FACET_TRY(require_rank(inputs[1], "regions", 2));
    FACET_TRY(require_at_least(params.pooled, 1, "pooled"));
    const Shape& x = inputs[0].typed.shape;
    const Shape& regions = inputs[1].typed.shape;
    if (regions[1] != 5 || x.elements() == 0)
        return corrupt("x " + x.text() + " and regions " + regions.text() +
                       "; expected: regions [R,5] of an x that is not empty");
    return one_output(inputs[0].typed.type,
                      Shape{regions[0], x[1], params.pooled[0], params.pooled[1]});
}

}  // namespace facet::shape_rules
