// SPDX-License-Identifier: MIT
// Op readers of OpenVINO's SSD layers.
#include "engine/formats/openvino_ir_op.h"

namespace facet {

namespace {

std::vector<float> none() {
    return {};
}

Result<void> read_prior_box(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    PriorBoxParams params;
    FACET_ASSIGN(params.min_size, op.numbers("min_size", none()));
    FACET_ASSIGN(params.max_size, op.numbers("max_size", none()));
    FACET_ASSIGN(params.aspect_ratio, op.numbers("aspect_ratio", none()));
    FACET_ASSIGN(params.density, op.numbers("density", none()));
    FACET_ASSIGN(params.fixed_ratio, op.numbers("fixed_ratio", none()));
    FACET_ASSIGN(params.fixed_size, op.numbers("fixed_size", none()));
    FACET_ASSIGN(params.variance, op.numbers("variance", none()));
    FACET_ASSIGN(params.clip, op.flag("clip", false));
    FACET_ASSIGN(params.flip, op.flag("flip", false));
    FACET_ASSIGN(params.scale_all_sizes, op.flag("scale_all_sizes", true));
    FACET_ASSIGN(params.step, op.number("step", 0.0f));
    FACET_ASSIGN(params.offset, op.number("offset"));
    FACET_ASSIGN(const bool usual_order, op.flag("min_max_aspect_ratios_order", true));
    if (!usual_order) return op.unsupported("min_max_aspect_ratios_order=false", "true");
    return op.add(std::move(params));
}

Result<void> read_prior_box_clustered(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    PriorBoxClusteredParams params;
    FACET_ASSIGN(params.width, op.numbers("width", std::vector<float>{1.0f}));
    FACET_ASSIGN(params.height, op.numbers("height", std::vector<float>{1.0f}));
    if (params.width.size() != params.height.size())
        return op.corrupt("width and height differ in length");
    FACET_ASSIGN(params.variance, op.numbers("variance", none()));
    FACET_ASSIGN(params.clip, op.flag("clip", true));
    FACET_ASSIGN(params.step, op.number("step", 0.0f));
    FACET_ASSIGN(params.step_width, op.number("step_w", 0.0f));
    FACET_ASSIGN(params.step_height, op.number("step_h", 0.0f));
    FACET_ASSIGN(params.offset, op.number("offset"));
    return op.add(std::move(params));
}

// opset8 leaves num_classes out: scores hold that many numbers for each prior.
Result<int64_t> class_count(const IrOp& op, bool normalized) {
    if (op.has_attribute("num_classes")) return op.integer("num_classes", {}, 1, kMaxExtent);
    FACET_ASSIGN(const Shape scores, op.stated_shape(1, "the number of classes"));
    FACET_ASSIGN(const Shape priors, op.stated_shape(2, "the number of classes"));
    const int64_t prior_size = normalized ? 4 : 5;
    const int64_t prior_count = priors.rank() == 3 ? priors[2] / prior_size : 0;
    if (scores.rank() != 2 || prior_count == 0 || scores[1] < prior_count ||
        scores[1] % prior_count != 0) {
        return op.corrupt("class scores of shape " + scores.text() + " do not fit priors of " +
                          priors.text());
    }
    return scores[1] / prior_count;
}

Result<DetectionOutputParams::CodeType> code_type(const IrOp& op) {
    FACET_ASSIGN(const std::string name, op.word("code_type", "caffe.priorboxparameter.corner"));
    if (name == "caffe.priorboxparameter.corner") return DetectionOutputParams::CodeType::kCorner;
    if (name == "caffe.priorboxparameter.center_size")
        return DetectionOutputParams::CodeType::kCenterSize;
    return op.unsupported("code_type=" + name,
                          "caffe.PriorBoxParameter.CORNER, caffe.PriorBoxParameter.CENTER_SIZE");
}

Result<void> read_detection_output(IrOp& op) {
    if (op.input_count() == 5)
        return op.unsupported("five inputs (refined boxes)", "three: boxes, scores, priors");
    FACET_TRY(op.require_inputs(3, 3));
    DetectionOutputParams params;
    FACET_ASSIGN(params.normalized, op.flag("normalized", false));
    FACET_ASSIGN(params.num_classes, class_count(op, params.normalized));
    FACET_ASSIGN(params.background_label, op.integer("background_label_id", 0, -1, kMaxExtent));
    FACET_ASSIGN(params.top_k, op.integer("top_k", -1, -1, kMaxExtent));
    FACET_ASSIGN(const std::vector<int64_t> keep, op.integers("keep_top_k"));
    if (keep.size() != 1 || keep[0] < 1 || keep[0] > kMaxExtent)
        return op.unsupported("keep_top_k=" + text_of(keep), "one positive number");
    params.keep_top_k = keep[0];
    FACET_ASSIGN(params.share_location, op.flag("share_location", true));
    FACET_ASSIGN(params.variance_encoded_in_target, op.flag("variance_encoded_in_target", false));
    FACET_ASSIGN(params.clip_before_nms, op.flag("clip_before_nms", false));
    FACET_ASSIGN(params.clip_after_nms, op.flag("clip_after_nms", false));
    FACET_ASSIGN(params.decrease_label_id, op.flag("decrease_label_id", false));
    FACET_ASSIGN(params.input_height, op.integer("input_height", 1, 1, kMaxExtent));
    FACET_ASSIGN(params.input_width, op.integer("input_width", 1, 1, kMaxExtent));
    FACET_ASSIGN(params.nms_threshold, op.number("nms_threshold"));
    FACET_ASSIGN(params.confidence_threshold, op.number("confidence_threshold", 0.0f));
    FACET_ASSIGN(params.code_type, code_type(op));
    return op.add(params);
}

constexpr IrOpRow kRows[] = {
    {"DetectionOutput", 1, 8, read_detection_output},
    {"PriorBox", 1, 8, read_prior_box},
    {"PriorBoxClustered", 1, 8, read_prior_box_clustered},
};

}  // namespace

std::span<const IrOpRow> ir_detection_ops() {
    return kRows;
}

}  // namespace facet
