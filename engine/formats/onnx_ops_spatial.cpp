// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that know height and width: global pooling, padding, resizing.
#include <algorithm>

#include "engine/formats/onnx_op.h"

namespace facet {

namespace {

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
    if (mode == "cubic" && op.opset() >= 11) return ResizeParams::Mode::kCubic;
    return op.unsupported("mode=" + mode,
                          op.opset() < 11 ? "nearest, linear" : "nearest, linear, cubic");
}

// Upsample-7 has its scales as an attribute; Upsample-9 and Resize-10: asymmetric coordinates,
// nearest rounds down. Below a scale of one implementations of Resize-10 disagree about that
// rounding.
Result<void> read_upsample(OnnxOp& op) {
    const bool attribute = op.opset() < 9;
    FACET_TRY(op.require_inputs(attribute ? 1 : 2, attribute ? 1 : 2));
    ResizeParams params;
    FACET_ASSIGN(params.mode, read_resize_mode(op));
    params.coordinates = ResizeParams::Coordinates::kAsymmetric;
    params.rounding = ResizeParams::Rounding::kFloor;
    params.by_scales = true;
    if (attribute) {
        FACET_ASSIGN(const std::vector<float> factors, op.numbers("scales"));
        const Shape shape{static_cast<int64_t>(factors.size())};
        return op.add(params,
                      {op.input(0), op.add_constant("scales", Tensor::of<float>(shape, factors))});
    }
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
    if (rule == "tf_half_pixel_for_nn") return Coordinates::kTfHalfPixelForNn;
    if (rule == "tf_crop_and_resize") return Coordinates::kCropAndResize;
    return op.unsupported("coordinate_transformation_mode=" + rule,
                          "half_pixel, pytorch_half_pixel, align_corners, asymmetric, "
                          "tf_half_pixel_for_nn, tf_crop_and_resize");
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

Result<void> read_region(const OnnxOp& op, ResizeParams& params) {
    const Tensor* region = op.constant(1);
    if (region == nullptr || region->type() != DataType::kF32)
        return op.unsupported("a roi that is no f32 constant", "a constant");
    params.region.assign(region->as<float>().begin(), region->as<float>().end());
    FACET_ASSIGN(params.outside, op.number("extrapolation_value", 0.0f));
    return {};
}

// x, roi (of tf_crop_and_resize alone), scales, sizes; exporters write an empty tensor for the
// one of the last two that they do not use.
Result<void> read_resize(OnnxOp& op) {
    if (op.opset() < 11) return read_upsample(op);
    FACET_TRY(op.require_inputs(1, 4));
    ResizeParams params;
    FACET_ASSIGN(params.mode, read_resize_mode(op));
    FACET_ASSIGN(params.coordinates, read_coordinates(op));
    FACET_ASSIGN(params.rounding, read_rounding(op));
    FACET_ASSIGN(params.cubic_a, op.number("cubic_coeff_a", params.cubic_a));
    FACET_ASSIGN(params.exclude_outside, op.flag("exclude_outside", false));
    if (params.exclude_outside && params.mode != ResizeParams::Mode::kCubic)
        return op.unsupported("exclude_outside=1 without mode=cubic", "exclude_outside=0");
    if (params.coordinates == ResizeParams::Coordinates::kCropAndResize)
        FACET_TRY(read_region(op, params));
    if (has_elements(op, 3)) return op.add(params, {op.input(0), op.input(3)});
    if (!has_elements(op, 2)) return op.corrupt("has neither scales nor sizes");
    params.by_scales = true;
    return op.add(params, {op.input(0), op.input(2)});
}

constexpr OnnxOpRow kRows[] = {
    {"DepthToSpace", 1, 17, read_depth_to_space},
    {"GlobalAveragePool", 1, 17, read_global_pool<ReduceParams::Kind::kMean>},
    {"GlobalLpPool", 2, 17, read_global_lp_pool},
    {"GlobalMaxPool", 1, 17, read_global_pool<ReduceParams::Kind::kMax>},
    {"MaxRoiPool", 1, 17, read_max_roi_pool},
    {"Pad", 2, 17, read_pad},
    {"Resize", 10, 17, read_resize},
    {"SpaceToDepth", 1, 17, read_space_to_depth},
    {"Upsample", 7, 9, read_upsample},
};

}  // namespace

std::span<const OnnxOpRow> onnx_spatial_ops() {
    return kRows;
}

}  // namespace facet
