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

// A window over one axis is one over two, of which the first has the extent 1.
Result<bool> slides_along_line(const OnnxOp& op) {
    if (const Tensor* weights = op.constant(1); weights != nullptr)
        return weights->shape().rank() == 3;
    for (const char* name : {"kernel_shape", "strides", "dilations"}) {
        FACET_ASSIGN(const std::vector<int64_t> extents, op.integers(name, std::vector<int64_t>{}));
        if (!extents.empty()) return extents.size() == 1;
    }
    return false;
}

Result<Extent2> window_extent(const OnnxOp& op, std::string_view name, bool line, int64_t least,
                              std::optional<Extent2> fallback = {}) {
    if (!line) return op.extent(name, least, fallback);
    if (!op.has_attribute(name) && fallback) return *fallback;
    FACET_ASSIGN(const std::vector<int64_t> values, op.integers(name));
    if (values.size() != 1 || values[0] < least || values[0] > kMaxExtent)
        return op.corrupt(std::string(name) + "=[" + text_of(values) + "] is not a sane value");
    return Extent2{least, values[0]};
}

// Strides, dilations and pads [top, left, bottom, right], which convolutions and poolings share.
template <typename Params>
Result<void> read_window(const OnnxOp& op, bool line, Params& params) {
    FACET_ASSIGN(params.auto_pad, read_auto_pad(op));
    FACET_ASSIGN(params.strides, window_extent(op, "strides", line, 1, Extent2{1, 1}));
    FACET_ASSIGN(params.dilations, window_extent(op, "dilations", line, 1, Extent2{1, 1}));
    if (params.auto_pad != AutoPad::kExplicit || !op.has_attribute("pads")) return {};
    FACET_ASSIGN(std::vector<int64_t> pads, op.integers("pads"));
    if (line && pads.size() == 2) pads = {0, pads[0], 0, pads[1]};
    if (pads.size() != 4) {
        return op.unsupported("pads of " + std::to_string(pads.size() / 2) + " axes",
                              "windows over one and two axes");
    }
    if (std::ranges::any_of(pads, [](int64_t pad) { return pad < 0 || pad > kMaxExtent; }))
        return op.corrupt("pads=[" + text_of(pads) + "] is not a sane value");
    params.pads_begin = {pads[0], pads[1]};
    params.pads_end = {pads[2], pads[3]};
    return {};
}

// Adds the node; along a line between nodes that insert and remove the axis of extent 1.
Result<void> add_window(OnnxOp& op, OpParams params, bool line) {
    if (!line) return op.add(std::move(params));
    const ValueId axis = op.add_integers("line", std::vector<int64_t>{2});
    std::vector<ValueId> inputs = op.inputs();
    for (size_t i = 0; i < std::min<size_t>(inputs.size(), 2); ++i) {
        const ValueId plane = op.add_value("plane" + std::to_string(i));
        FACET_TRY(op.add(UnsqueezeParams{}, {inputs[i], axis}, {plane}));
        inputs[i] = plane;
    }
    const ValueId result = op.add_value("plane");
    FACET_TRY(op.add(std::move(params), std::move(inputs), {result}));
    return op.add(SqueezeParams{}, {result, axis});
}

Result<void> read_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    FACET_ASSIGN(const bool line, slides_along_line(op));
    FACET_ASSIGN(const ConvolutionParams params, read_onnx_convolution(op, 1, line));
    return add_window(op, params, line);
}

Result<void> read_transposed_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    TransposedConvolutionParams params;
    FACET_ASSIGN(const bool line, slides_along_line(op));
    FACET_TRY(read_window(op, line, params));
    FACET_ASSIGN(params.groups, op.integer("group", 1, 1, kMaxExtent));
    FACET_ASSIGN(params.output_padding,
                 window_extent(op, "output_padding", line, 0, Extent2{0, 0}));
    if (op.has_attribute("output_shape")) {
        FACET_ASSIGN(params.output_size, window_extent(op, "output_shape", line, 1));
    }
    return add_window(op, params, line);
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

Result<PoolingParams> read_pooling(const OnnxOp& op, PoolingParams::Kind kind, bool line) {
    FACET_TRY(op.require_inputs(1, 1));
    PoolingParams params;
    params.kind = kind;
    FACET_TRY(read_window(op, line, params));
    FACET_ASSIGN(params.kernel, window_extent(op, "kernel_shape", line, 1));
    FACET_ASSIGN(params.ceil_mode, op.flag("ceil_mode", false));
    return params;
}

// The second output, the indices, is left without a writer: a graph that reads it is refused.
Result<void> read_max_pool(OnnxOp& op) {
    FACET_ASSIGN(const bool line, slides_along_line(op));
    FACET_ASSIGN(const PoolingParams params, read_pooling(op, PoolingParams::Kind::kMax, line));
    return add_window(op, params, line);
}

Result<void> read_average_pool(OnnxOp& op) {
    FACET_ASSIGN(const bool line, slides_along_line(op));
    FACET_ASSIGN(PoolingParams params, read_pooling(op, PoolingParams::Kind::kAverage, line));
    FACET_ASSIGN(params.count_include_pad, op.flag("count_include_pad", false));
    return add_window(op, params, line);
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
    return op.unsupported(
        "coordinate_transformation_mode=" + rule,
        "half_pixel, pytorch_half_pixel, align_corners, asymmetric, tf_half_pixel_for_nn");
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
    FACET_ASSIGN(params.cubic_a, op.number("cubic_coeff_a", params.cubic_a));
    FACET_ASSIGN(params.exclude_outside, op.flag("exclude_outside", false));
    if (params.exclude_outside && params.mode != ResizeParams::Mode::kCubic)
        return op.unsupported("exclude_outside=1 without mode=cubic", "exclude_outside=0");
    if (has_elements(op, 3)) return op.add(params, {op.input(0), op.input(3)});
    if (!has_elements(op, 2)) return op.corrupt("has neither scales nor sizes");
    params.by_scales = true;
    return op.add(params, {op.input(0), op.input(2)});
}

constexpr OnnxOpRow kRows[] = {
    {"AveragePool", 1, 17, read_average_pool},
    {"Conv", 1, 17, read_convolution},
    {"ConvTranspose", 1, 17, read_transposed_convolution},
    {"DepthToSpace", 1, 17, read_depth_to_space},
    {"GlobalAveragePool", 1, 17, read_global_pool<ReduceParams::Kind::kMean>},
    {"GlobalLpPool", 2, 17, read_global_lp_pool},
    {"GlobalMaxPool", 1, 17, read_global_pool<ReduceParams::Kind::kMax>},
    {"MaxPool", 1, 17, read_max_pool},
    {"MaxRoiPool", 1, 17, read_max_roi_pool},
    {"Pad", 2, 17, read_pad},
    {"Resize", 10, 17, read_resize},
    {"SpaceToDepth", 1, 17, read_space_to_depth},
    {"Upsample", 7, 9, read_upsample},
};

}  // namespace

Result<ConvolutionParams> read_onnx_convolution(const OnnxOp& op, size_t weights, bool line) {
    ConvolutionParams params;
    FACET_TRY(read_window(op, line, params));
    FACET_ASSIGN(params.groups, op.integer("group", 1, 1, kMaxExtent));
    const Tensor* constant = op.constant(weights);
    if (constant != nullptr && constant->shape().rank() != (line ? 3 : 4))
        return op.unsupported("weights of shape " + constant->shape().text(),
                              "one- and two-dimensional convolution");
    if (!op.has_attribute("kernel_shape")) return params;
    FACET_ASSIGN(const Extent2 kernel, window_extent(op, "kernel_shape", line, 1));
    if (constant == nullptr) return params;
    const Shape& shape = constant->shape();
    if (shape[shape.rank() - 1] != kernel[1] || (!line && shape[2] != kernel[0]))
        return op.corrupt("kernel_shape differs from the weights");
    return params;
}

std::span<const OnnxOpRow> onnx_spatial_ops() {
    return kRows;
}

}  // namespace facet
