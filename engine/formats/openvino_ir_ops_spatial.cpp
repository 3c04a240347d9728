// SPDX-License-Identifier: MIT
// Op readers of OpenVINO layers that know height and width: convolution, pooling, padding,
// resizing.
#include <algorithm>

#include "engine/formats/openvino_ir_op.h"

namespace facet {

namespace {

Result<AutoPad> read_auto_pad(const IrOp& op) {
    FACET_ASSIGN(const std::string rule, op.word("auto_pad", "explicit"));
    if (rule == "explicit" || rule == "notset") return AutoPad::kExplicit;
    if (rule == "valid") return AutoPad::kValid;
    if (rule == "same_upper") return AutoPad::kSameUpper;
    if (rule == "same_lower") return AutoPad::kSameLower;
    return op.unsupported("auto_pad=" + rule, "explicit, valid, same_upper, same_lower");
}

// Strides and pads, which convolutions and poolings share.
template <typename Params>
Result<void> read_window(const IrOp& op, Params& params) {
    FACET_ASSIGN(params.auto_pad, read_auto_pad(op));
    FACET_ASSIGN(params.strides, op.extent("strides", 1, Extent2{1, 1}));
    FACET_ASSIGN(params.dilations, op.extent("dilations", 1, Extent2{1, 1}));
    if (params.auto_pad != AutoPad::kExplicit) return {};
    FACET_ASSIGN(params.pads_begin, op.extent("pads_begin", 0, Extent2{0, 0}));
    FACET_ASSIGN(params.pads_end, op.extent("pads_end", 0, Extent2{0, 0}));
    return {};
}

Result<void> read_convolution(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    ConvolutionParams params;
    FACET_TRY(read_window(op, params));
    return op.add(params);
}

// Weights [G, O/G, I/G, kH, kW] become [O, I/G, kH, kW].
Result<void> read_group_convolution(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    ConvolutionParams params;
    FACET_TRY(read_window(op, params));
    FACET_ASSIGN(const Shape grouped, op.stated_shape(1, "merging the group axis"));
    if (grouped.rank() != 5)
        return op.unsupported("weights of shape " + grouped.text(), "[G, O/G, I/G, kH, kW]");
    params.groups = grouped[0];
    if (params.groups < 1) return op.corrupt("weights of shape " + grouped.text());
    const Shape merged{grouped[0] * grouped[1], grouped[2], grouped[3], grouped[4]};
    FACET_ASSIGN(const ValueId weights, op.reshaped(op.input(1), merged, "weights"));
    return op.add(params, {op.input(0), weights});
}

Result<TransposedConvolutionParams> read_transposed_window(const IrOp& op) {
    TransposedConvolutionParams params;
    FACET_TRY(read_window(op, params));
    FACET_ASSIGN(params.output_padding, op.extent("output_padding", 0, Extent2{0, 0}));
    return params;
}

Result<void> read_transposed_convolution(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const TransposedConvolutionParams params, read_transposed_window(op));
    return op.add(params);
}

// Weights [G, C/G, O/G, kH, kW] become [C, O/G, kH, kW].
Result<void> read_transposed_group_convolution(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(TransposedConvolutionParams params, read_transposed_window(op));
    FACET_ASSIGN(const Shape grouped, op.stated_shape(1, "merging the group axis"));
    if (grouped.rank() != 5)
        return op.unsupported("weights of shape " + grouped.text(), "[G, C/G, O/G, kH, kW]");
    params.groups = grouped[0];
    if (params.groups < 1) return op.corrupt("weights of shape " + grouped.text());
    const Shape merged{grouped[0] * grouped[1], grouped[2], grouped[3], grouped[4]};
    FACET_ASSIGN(const ValueId weights, op.reshaped(op.input(1), merged, "weights"));
    return op.add(params, {op.input(0), weights});
}

template <typename Params>
Result<void> read_space_depth(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t block, op.integer("block_size", 1, 1, kMaxExtent));
    FACET_ASSIGN(const std::string mode, op.word("mode"));
    if (mode != "blocks_first" && mode != "depth_first")
        return op.unsupported("mode=" + mode, "blocks_first, depth_first");
    return op.add(Params{block, mode == "depth_first"});
}

Result<void> read_roi_pooling(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const std::string method, op.word("method", "max"));
    if (method != "max") return op.unsupported("method=" + method, "max");
    RoiPoolingParams params;
    FACET_ASSIGN(params.pooled[0], op.integer("pooled_h", {}, 1, kMaxExtent));
    FACET_ASSIGN(params.pooled[1], op.integer("pooled_w", {}, 1, kMaxExtent));
    FACET_ASSIGN(params.spatial_scale, op.number("spatial_scale"));
    return op.add(params);
}

Result<PoolingParams> read_pooling(const IrOp& op, PoolingParams::Kind kind) {
    PoolingParams params;
    params.kind = kind;
    FACET_TRY(read_window(op, params));
    FACET_ASSIGN(params.kernel, op.extent("kernel", 1));
    FACET_ASSIGN(const std::string rounding, op.word("rounding_type", "floor"));
    if (rounding != "floor" && rounding != "ceil")
        return op.unsupported("rounding_type=" + rounding, "floor, ceil");
    params.ceil_mode = rounding == "ceil";
    return params;
}

// The second output of MaxPool-8, the indices, is left without a writer: a graph that reads it is
// refused.
Result<void> read_max_pool(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const PoolingParams params, read_pooling(op, PoolingParams::Kind::kMax));
    return op.add(params);
}

Result<void> read_average_pool(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(PoolingParams params, read_pooling(op, PoolingParams::Kind::kAverage));
    FACET_ASSIGN(const bool exclude_pad, op.flag("exclude-pad"));
    params.count_include_pad = !exclude_pad;
    return op.add(params);
}

Result<void> read_pad(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 4));
    FACET_ASSIGN(const std::string mode, op.word("pad_mode"));
    PadParams params;
    if (mode == "constant") {
        params.mode = PadParams::Mode::kConstant;
    } else if (mode == "edge") {
        params.mode = PadParams::Mode::kEdge;
    } else if (mode == "reflect") {
        params.mode = PadParams::Mode::kReflect;
    } else if (mode == "symmetric") {
        params.mode = PadParams::Mode::kSymmetric;
    } else {
        return op.unsupported("pad_mode=" + mode, "constant, edge, reflect, symmetric");
    }
    FACET_ASSIGN(std::vector<int64_t> pads, op.constant_integers(1, "pads_begin"));
    FACET_ASSIGN(const std::vector<int64_t> pads_end, op.constant_integers(2, "pads_end"));
    if (pads.size() != pads_end.size())
        return op.corrupt("pads_begin and pads_end differ in length");
    pads.insert(pads.end(), pads_end.begin(), pads_end.end());
    std::vector<ValueId> inputs{op.input(0), op.add_integers("pads", pads)};
    if (op.has_input(3)) inputs.push_back(op.input(3));
    return op.add(params, std::move(inputs));
}

Result<ResizeParams> read_interpolate_mode(const IrOp& op) {
    ResizeParams params;
    FACET_ASSIGN(const std::string mode, op.word("mode"));
    // Without antialiasing "linear" weighs the same two neighbours per axis as "linear_onnx".
    if (mode != "nearest" && mode != "linear" && mode != "linear_onnx")
        return op.unsupported("mode=" + mode, "nearest, linear, linear_onnx");
    params.mode = mode == "nearest" ? ResizeParams::Mode::kNearest : ResizeParams::Mode::kLinear;

    using Coordinates = ResizeParams::Coordinates;
    FACET_ASSIGN(const std::string rule, op.word("coordinate_transformation_mode", "half_pixel"));
    if (rule == "half_pixel") {
        params.coordinates = Coordinates::kHalfPixel;
    } else if (rule == "pytorch_half_pixel") {
        params.coordinates = Coordinates::kPytorchHalfPixel;
    } else if (rule == "align_corners") {
        params.coordinates = Coordinates::kAlignCorners;
    } else if (rule == "asymmetric") {
        params.coordinates = Coordinates::kAsymmetric;
    } else {
        return op.unsupported("coordinate_transformation_mode=" + rule,
                              "half_pixel, pytorch_half_pixel, align_corners, asymmetric");
    }

    using Rounding = ResizeParams::Rounding;
    FACET_ASSIGN(const std::string rounding, op.word("nearest_mode", "round_prefer_floor"));
    if (rounding == "round_prefer_floor") {
        params.rounding = Rounding::kRoundPreferFloor;
    } else if (rounding == "round_prefer_ceil") {
        params.rounding = Rounding::kRoundPreferCeil;
    } else if (rounding == "floor") {
        params.rounding = Rounding::kFloor;
    } else if (rounding == "ceil") {
        params.rounding = Rounding::kCeil;
    } else if (params.mode == ResizeParams::Mode::kNearest) {
        return op.unsupported("nearest_mode=" + rounding,
                              "round_prefer_floor, round_prefer_ceil, floor, ceil");
    }
    return params;
}

Result<void> refuse_antialias_and_pads(const IrOp& op) {
    FACET_ASSIGN(const bool antialias, op.flag("antialias", false));
    if (antialias) return op.unsupported("antialias=true", "antialias=false");
    for (const char* name : {"pads_begin", "pads_end"}) {
        FACET_ASSIGN(const std::vector<int64_t> pads, op.integers(name, std::vector<int64_t>{}));
        if (std::ranges::any_of(pads, [](int64_t pad) { return pad != 0; }))
            return op.unsupported(std::string(name) + "=" + text_of(pads), "0");
    }
    return {};
}

// True: `axes` are all four; false: just height and width.
Result<bool> resizes_all_axes(const IrOp& op) {
    if (!op.has_input(3)) return true;
    FACET_ASSIGN(const std::vector<int64_t> axes, op.constant_integers(3, "axes"));
    if (axes == std::vector<int64_t>{0, 1, 2, 3}) return true;
    if (axes == std::vector<int64_t>{2, 3}) return false;
    return op.unsupported("axes=[" + text_of(axes) + "]", "[2, 3] or all four");
}

// Sizes of height and width alone get the extents of the other axes in front.
Result<ValueId> sizes_of_all_axes(IrOp& op) {
    FACET_ASSIGN(const Shape stated, op.stated_shape(0, "the size of every axis"));
    if (stated.rank() != 4) return op.unsupported("input of shape " + stated.text(), "four axes");
    const ValueId leading = op.add_integers("leading_sizes", stated.extents().first(2));
    const ValueId sizes = op.add_value("spatial_sizes");
    FACET_TRY(op.add(ConvertParams{DataType::kI64}, {op.input(1)}, {sizes}));
    const ValueId joined = op.add_value("sizes");
    FACET_TRY(op.add(ConcatParams{0}, {leading, sizes}, {joined}));
    return joined;
}

Result<ValueId> scales_of_all_axes(IrOp& op) {
    const ValueId leading = op.add_number("leading_scale", 1.0f);
    FACET_ASSIGN(const ValueId leading_list, op.reshaped(leading, Shape{1}, "leading_scales"));
    const ValueId scales = op.add_value("spatial_scales");
    FACET_TRY(op.add(ConvertParams{DataType::kF32}, {op.input(2)}, {scales}));
    const ValueId joined = op.add_value("scales");
    FACET_TRY(op.add(ConcatParams{0}, {leading_list, leading_list, scales}, {joined}));
    return joined;
}

Result<void> read_interpolate(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 4));
    FACET_ASSIGN(ResizeParams params, read_interpolate_mode(op));
    FACET_TRY(refuse_antialias_and_pads(op));
    FACET_ASSIGN(const std::string rule, op.word("shape_calculation_mode"));
    if (rule != "sizes" && rule != "scales")
        return op.unsupported("shape_calculation_mode=" + rule, "sizes, scales");
    params.by_scales = rule == "scales";
    FACET_ASSIGN(const bool all_axes, resizes_all_axes(op));
    ValueId target = op.input(params.by_scales ? 2 : 1);
    if (!all_axes) {
        FACET_ASSIGN(target, params.by_scales ? scales_of_all_axes(op) : sizes_of_all_axes(op));
    }
    return op.add(params, {op.input(0), target});
}

constexpr IrOpRow kRows[] = {
    {"AvgPool", 1, 8, read_average_pool},
    {"Convolution", 1, 8, read_convolution},
    {"ConvolutionBackpropData", 1, 8, read_transposed_convolution},
    {"DepthToSpace", 1, 8, read_space_depth<DepthToSpaceParams>},
    {"GroupConvolution", 1, 8, read_group_convolution},
    {"GroupConvolutionBackpropData", 1, 8, read_transposed_group_convolution},
    {"Interpolate", 4, 8, read_interpolate},
    {"MaxPool", 1, 8, read_max_pool},
    {"Pad", 1, 8, read_pad},
    {"ROIPooling", 1, 8, read_roi_pooling},
    {"SpaceToDepth", 1, 8, read_space_depth<SpaceToDepthParams>},
};

}  // namespace

std::span<const IrOpRow> ir_spatial_ops() {
    return kRows;
}

}  // namespace facet
