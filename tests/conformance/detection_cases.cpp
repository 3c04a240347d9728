// SPDX-License-Identifier: MIT
// DetectionOutput alone and behind the heads of a single-shot detector.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

// `count` random boxes, and a second row of variances unless the logits hold them already.
ValueId priors(CaseBuilder& b, int64_t count, bool variances = true) {
    Random random("priors");
    std::vector<float> values;
    for (int64_t i = 0; i < count; ++i) {
        const float x = random.uniform(0.0f, 0.8f);
        const float y = random.uniform(0.0f, 0.8f);
        const float width = random.uniform(0.1f, 0.4f);
        const float height = random.uniform(0.1f, 0.4f);
        values.insert(values.end(), {x, y, x + width, y + height});
    }
    for (int64_t i = 0; variances && i < count; ++i)
        values.insert(values.end(), {0.1f, 0.1f, 0.2f, 0.2f});
    return b.floats({1, variances ? 2 : 1, count * 4}, values);
}

DetectionOutputParams face_detector() {
    DetectionOutputParams params;
    params.code_type = DetectionOutputParams::CodeType::kCenterSize;
    params.top_k = 20;
    params.keep_top_k = 10;
    params.confidence_threshold = 0.2f;
    return params;
}

OpCase detection_case(const std::string& name, int64_t count, DetectionOutputParams params) {
    return make_case("detection_" + name, [=](CaseBuilder& b) {
        const int64_t boxes = params.share_location ? 1 : params.num_classes;
        const ValueId logits = b.input({1, count * boxes * 4});
        const ValueId scores = b.input({1, count * params.num_classes});
        return std::vector{
            b.node(params, {logits, scores, priors(b, count, !params.variance_encoded_in_target)})};
    });
}

// [1, C, H, W] -> [1, C * H * W] with the channels of one pixel side by side.
ValueId per_pixel(CaseBuilder& b, ValueId x) {
    const ValueId last = b.node(TransposeParams{{0, 2, 3, 1}}, {x});
    return b.node(FlattenParams{1}, {last});
}

std::vector<ValueId> detector(CaseBuilder& b) {
    ConvolutionParams stride2;
    stride2.strides = {2, 2};
    stride2.pads_begin = stride2.pads_end = {1, 1};
    const ValueId x = b.input({1, 3, 24, 32});
    const ValueId fine = b.node(ActivationParams{}, {b.convolution(x, 16, {3, 3}, stride2)});
    const ValueId coarse = b.node(ActivationParams{}, {b.convolution(fine, 16, {3, 3}, stride2)});
    const ValueId logits = per_pixel(b, b.convolution(coarse, 12, {1, 1}));
    const ValueId raw = per_pixel(b, b.convolution(coarse, 6, {1, 1}));
    const ValueId pairs = b.node(ReshapeParams{}, {raw, b.integers({0, -1, 2})});
    const ValueId scores = b.node(FlattenParams{1}, {b.node(SoftmaxParams{2}, {pairs})});

    PriorBoxClusteredParams clustered;
    clustered.width = {3.0f, 9.0f, 14.0f};
    clustered.height = {4.0f, 11.0f, 12.0f};
    clustered.variance = {0.1f, 0.1f, 0.2f, 0.2f};
    clustered.step = 4.0f;
    clustered.offset = 0.5f;
    const ValueId grid = b.node(clustered, {b.integers({6, 8}), b.integers({24, 32})});
    const ValueId boxes = b.node(UnsqueezeParams{}, {grid, b.integers({0})});
    return {b.node(face_detector(), {logits, scores, boxes})};
}

}  // namespace

void append_detection_cases(OpCases& cases) {
    cases.push_back(detection_case("two_classes", 40, face_detector()));
    DetectionOutputParams params = face_detector();
    params.num_classes = 4;
    params.background_label = 1;
    cases.push_back(detection_case("four_classes", 24, params));
    params.share_location = false;
    params.code_type = DetectionOutputParams::CodeType::kCorner;
    cases.push_back(detection_case("a_box_per_class", 17, params));
    params = face_detector();
    params.clip_before_nms = params.clip_after_nms = true;
    params.variance_encoded_in_target = true;
    cases.push_back(detection_case("clipped", 24, params));
    params = face_detector();
    params.decrease_label_id = true;
    params.num_classes = 3;
    cases.push_back(detection_case("best_class_only", 24, params));
    params = face_detector();
    params.confidence_threshold = 2.0f;
    cases.push_back(detection_case("none_found", 8, params));
    params = face_detector();
    params.top_k = 150;
    params.keep_top_k = 60;
    params.confidence_threshold = 0.01f;
    cases.push_back(detection_case("crowd", 400, params));
    cases.push_back(make_case("detector_with_heads", detector));
}

}  // namespace facet::testing
