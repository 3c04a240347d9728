// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that know height and width: convolution, pooling, padding, resizing.
#include <algorithm>

#include "engine/formats/onnx_op.h"

namespace facet {

namespace {

Result<AutoPad> read_auto_pad(const OnnxOp& op) {
    FACET_ASSIGN(const std::string rule, op.word("auto_pad", "NOTSET"));
    if (rule == "NOTSET" || rule.empty()) return AutoPad::kExplicit;
    if (rule == "VALID") return AutoPad::kValid;
    if (rule == "SAME_UPPER") return AutoPad::kSameUpper;
    if (rule == "SAME_LOWER") return AutoPad::kSameLower;
    return op.unsupported("auto_pad=" + rule, "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
}

// Strides, dilations and pads [top, left, bottom, right], which convolutions and poolings share.
template <typename Params>
Result<void> read_window(const OnnxOp& op, Params& params) {
    FACET_ASSIGN(params.auto_pad, read_auto_pad(op));
    FACET_ASSIGN(params.strides, op.extent("strides", 1, Extent2{1, 1}));
    FACET_ASSIGN(params.dilations, op.extent("dilations", 1, Extent2{1, 1}));
    if (params.auto_pad != AutoPad::kExplicit || !op.has_attribute("pads")) return {};
    FACET_ASSIGN(const std::vector<int64_t> pads, op.integers("pads"));
    if (pads.size() != 4) {
        return op.unsupported("pads of " + std::to_string(pads.size() / 2) + " axes",
                              "two-dimensional operations");
    }
    if (std::ranges::any_of(pads, [](int64_t pad) { return pad < 0 || pad > kMaxExtent; }))
        return op.corrupt("pads=[" + text_of(pads) + "] is not a sane value");
    params.pads_begin = {pads[0], pads[1]};
    params.pads_end = {pads[2], pads[3]};
    return {};
}

Result<void> read_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    ConvolutionParams params;
    FACET_TRY(read_window(op, params));
    FACET_ASSIGN(params.groups, op.integer("group", 1, 1, kMaxExtent));
    const Tensor* weights = op.constant(1);
    if (weights != nullptr && weights->shape().rank() != 4) {
        return op.unsupported("weights of shape " + weights->shape().text(),
                              "two-dimensional convolution");
    }
    if (op.has_attribute("kernel_shape")) {
        FACET_ASSIGN(const Extent2 kernel, op.extent("kernel_shape", 1));
        if (weights != nullptr &&
            (weights->shape()[2] != kernel[0] || weights->shape()[3] != kernel[1]))
            return op.corrupt("kernel_shape differs from the weights");
    }
    return op.add(params);
}

Result<void> read_transposed_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    TransposedConvolutionParams params;
    FACET_TRY(read_window(op, params));
    FACET_ASSIGN(params.groups, op.integer("group", 1, 1, kMaxExtent));
    FACET_ASSIGN(params.output_padding, op.extent("output_padding", 0, Extent2{0, 0}));
    if (op.has_attribute("output_shape")) {
        FACET_ASSIGN(params.output_size, op.extent("output_shape", 1));
    }
    return op.add(params);
}

// DCR: depth, column, row; CRD: column, row, depth.
Result<void> read_depth_to_space(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t block, op.integer("blocksize", {}, 1, kMaxExtent));
    FACET_ASSIGN(const std::string mode, op.word("mode", "DCR"));
    if (mode != "DCR" && mode != "CRD") return op.unsupported("mode=" + mode, "DCR, CRD");
    return op.add(DepthToSpaceParams{block, mode == "CRD"});
}

Result<void> read_space_to_depth(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t block, op.integer("blocksize", {}, 1, kMaxExtent));
    return op.add(SpaceToDepthParams{block});
}

Result<void> read_max_roi_pool(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    RoiPoolingParams params;
    FACET_ASSIGN(params.pooled, op.extent("pooled_shape", 1));
    FACET_ASSIGN(params.spatial_scale, op.number("spatial_scale", 1.0f));
    return op.add(params);
}

Result<PoolingParams> read_pooling(const OnnxOp& op, PoolingParams::Kind kind) {
    FACET_TRY(op.require_inputs(1, 1));
    PoolingParams params;
    params.kind = kind;
    FACET_TRY(read_window(op, params));
    FACET_ASSIGN(params.kernel, op.extent("kernel_shape", 1));
    FACET_ASSIGN(params.ceil_mode, op.flag("ceil_mode", false));
    return params;
}

// The second output, the indices, is left without a writer: a graph that reads it is refused.
Result<void> read_max_pool(OnnxOp& op) {
    FACET_ASSIGN(const PoolingParams params, read_pooling(op, PoolingParams::Kind::kMax));
    return op.add(params);
}

Result<void> read_average_pool(OnnxOp& op) {
    FACET_ASSIGN(PoolingParams params, read_pooling(op, PoolingParams::Kind::kAverage));
    FACET_ASSIGN(params.count_include_pad, op.flag("count_include_pad", false));
    return op.add(params);
}

template <ReduceParams::Kind kind>
Result<void> read_global_pool(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    return op.add(ReduceParams{.kind = kind, .axes = {}, .keep_axes = true, .spatial = true});
}

Result<void> read_global_lp_pool(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t p, op.integer("p", 2));
    if (p != 1 && p != 2) return op.unsupported("p=" + std::to_string(p), "1, 2");
    const auto kind = p == 1 ? ReduceParams::Kind::kL1 : ReduceParams::Kind::kL2;
    return op.add(ReduceParams{.kind = kind, .axes = {}, .keep_axes = true, .spatial = true});
}

// Pads and value are attributes below opset 11 and inputs from there on.
Result<void> read_pad(OnnxOp& op) {
    FACET_TRY(op.require_inputs(op.opset() < 11 ? 1 : 2, op.opset() < 11 ? 1 : 3));
    FACET_ASSIGN(const std::string mode, op.word("mode", "constant"));
    PadParams params;
    if (mode == "constant") {
        params.mode = PadParams::Mode::kConstant;
    } else if (mode == "edge") {
        params.mode = PadParams::Mode::kEdge;
    } else if (mode == "reflect") {
        params.mode = PadParams::Mode::kReflect;
    } else {
        return op.unsupported("mode=" + mode, "constant, edge, reflect");
    }
    FACET_ASSIGN(const ValueId pads, op.input_or_attribute(1, "pads"));
    if (pads == kNoValue) return op.corrupt("lacks pads");
    std::vector<ValueId> inputs{op.input(0), pads};
    if (op.opset() < 11 && op.has_attribute("value")) {
        FACET_ASSIGN(const float value, op.number("value"));
        inputs.push_back(op.add_number("value", value));
    } else if (op.has_input(2)) {
        inputs.push_back(op.input(2));
    }
    return op.add(params, std::move(inputs));
}

Result<ResizeParams::Mode> read_resize_mode(const OnnxOp& op) {
    FACET_ASSIGN(const std::string mode, op.word("mode", "nearest"));
    if (mode == "nearest") return ResizeParams::Mode::kNearest;
    if (mode == "linear") return ResizeParams::Mode::kLinear;
    return op.unsupported("mode=" + mode, "nearest, linear");
}

// Upsample-9 and Resize-10: asymmetric coordinates, nearest rounds down. Below a scale of one
// implementations of Resize-10 disagree about that rounding.
Result<void> read_upsample(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    ResizeParams params;
    FACET_ASSIGN(params.mode, read_resize_mode(op));
    params.coordinates = ResizeParams::Coordinates::kAsymmetric;
    params.rounding = ResizeParams::Rounding::kFloor;
    params.by_scales = true;
    const Tensor* scales = op.constant(1);
    if (scales != nullptr && scales->type() == DataType::kF32 &&
        params.mode == ResizeParams::Mode::kNearest &&
        std::ranges::any_of(scales->as<float>(), [](float scale) { return scale < 1.0f; }))
        return op.unsupported("a nearest scale below 1", "scales of 1 and more, or opset 11");
    return op.add(params);
}

Result<ResizeParams::Coordinates> read_coordinates(const OnnxOp& op) {
    using Coordinates = ResizeParams::Coordinates;
    FACET_ASSIGN(const std::string rule, op.word("coordinate_transformation_mode", "half_pixel"));
    if (rule == "half_pixel") return Coordinates::kHalfPixel;
    if (rule == "pytorch_half_pixel") return Coordinates::kPytorchHalfPixel;
    if (rule == "align_corners") return Coordinates::kAlignCorners;
    if (rule == "asymmetric") return Coordinates::kAsymmetric;
    return op.unsupported("coordinate_transformation_mode=" + rule,
                          "half_pixel, pytorch_half_pixel, align_corners, asymmetric");
}

Result<ResizeParams::Rounding> read_rounding(const OnnxOp& op) {
    using Rounding = ResizeParams::Rounding;
    FACET_ASSIGN(const std::string rule, op.word("nearest_mode", "round_prefer_floor"));
    if (rule == "round_prefer_floor") return Rounding::kRoundPreferFloor;
    if (rule == "round_prefer_ceil") return Rounding::kRoundPreferCeil;
    if (rule == "floor") return Rounding::kFloor;
    if (rule == "ceil") return Rounding::kCeil;
    return op.unsupported("nearest_mode=" + rule,
                          "round_prefer_floor, round_prefer_ceil, floor, ceil");
}

bool has_elements(const OnnxOp& op, size_t index) {
    const Tensor* tensor = op.constant(index);
    return op.has_input(index) && (tensor == nullptr || tensor->shape().elements() > 0);
}

// x, roi (unused by the supported modes), scales, sizes; exporters write an empty tensor for the
// one of the last two that they do not use.
Result<void> read_resize(OnnxOp& op) {
    if (op.opset() < 11) return read_upsample(op);
    FACET_TRY(op.require_inputs(1, 4));
    ResizeParams params;
    FACET_ASSIGN(params.mode, read_resize_mode(op));
    FACET_ASSIGN(params.coordinates, read_coordinates(op));
    FACET_ASSIGN(params.rounding, read_rounding(op));
    if (has_elements(op, 3)) return op.add(params, {op.input(0), op.input(3)});
    if (!has_elements(op, 2)) return op.corrupt("has neither scales nor sizes");
    params.by_scales = true;
    return op.add(params, {op.input(0), op.input(2)});
}

constexpr OnnxOpRow kRows[] = {
    {"AveragePool", 9, 17, read_average_pool},
    {"Conv", 9, 17, read_convolution},
    {"ConvTranspose", 9, 17, read_transposed_convolution},
    {"DepthToSpace", 9, 17, read_depth_to_space},
    {"GlobalAveragePool", 9, 17, read_global_pool<ReduceParams::Kind::kMean>},
    {"GlobalLpPool", 9, 17, read_global_lp_pool},
    {"GlobalMaxPool", 9, 17, read_global_pool<ReduceParams::Kind::kMax>},
    {"MaxPool", 9, 17, read_max_pool},
    {"MaxRoiPool", 9, 17, read_max_roi_pool},
    {"Pad", 9, 17, read_pad},
    {"Resize", 10, 17, read_resize},
    {"SpaceToDepth", 9, 17, read_space_to_depth},
    {"Upsample", 9, 9, read_upsample},
};

}  // namespace

std::span<const OnnxOpRow> onnx_spatial_ops() {
    return kRows;
}

}  // namespace facet
