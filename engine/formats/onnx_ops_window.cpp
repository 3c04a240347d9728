// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that slide a window over lines, images and volumes.
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

// Over how many axes the window slides: 1, 2 or 3. One over a line is one over two axes, of which
// the first has the extent 1.
Result<size_t> window_axes(const OnnxOp& op) {
    std::optional<size_t> axes;
    if (const Tensor* weights = op.constant(1); weights != nullptr)
        axes = static_cast<size_t>(std::max(weights->shape().rank() - 2, 0));
    for (const char* name : {"kernel_shape", "strides", "dilations"}) {
        FACET_ASSIGN(const std::vector<int64_t> extents, op.integers(name, std::vector<int64_t>{}));
        if (!axes && !extents.empty()) axes = extents.size();
    }
    if (!axes || (*axes >= 1 && *axes <= 3)) return axes.value_or(2);
    return op.unsupported("a window over " + std::to_string(*axes) + " axes",
                          "lines, images and volumes");
}

// `axes` of the file's numbers; along a line behind a first one of `least`.
template <size_t kAxes>
Result<Extents<kAxes>> window_extent(const OnnxOp& op, std::string_view name, size_t axes,
                                     int64_t least, std::optional<int64_t> fallback = {}) {
    if (!op.has_attribute(name) && fallback) return every_axis<kAxes>(*fallback);
    FACET_ASSIGN(const std::vector<int64_t> values, op.integers(name));
    if (values.size() != axes)
        return op.unsupported(std::string(name) + " of " + std::to_string(values.size()) + " axes",
                              "as many as the window has, " + std::to_string(axes));
    if (std::ranges::any_of(values,
                            [least](int64_t value) { return value < least || value > kMaxExtent; }))
        return op.corrupt(std::string(name) + "=[" + text_of(values) + "] is not a sane value");
    Extents<kAxes> extents = every_axis<kAxes>(least);
    std::ranges::copy(values, extents.end() - static_cast<std::ptrdiff_t>(axes));
    return extents;
}

// Strides, dilations and pads (first all begins, then all ends), which convolutions and poolings
// share.
template <size_t kAxes, typename Params>
Result<void> read_window(const OnnxOp& op, size_t axes, Params& params) {
    FACET_ASSIGN(params.auto_pad, read_auto_pad(op));
    FACET_ASSIGN(params.strides, window_extent<kAxes>(op, "strides", axes, 1, 1));
    FACET_ASSIGN(params.dilations, window_extent<kAxes>(op, "dilations", axes, 1, 1));
    if (params.auto_pad != AutoPad::kExplicit || !op.has_attribute("pads")) return {};
    FACET_ASSIGN(const std::vector<int64_t> pads, op.integers("pads"));
    if (pads.size() != 2 * axes) {
        return op.unsupported("pads of " + std::to_string(pads.size() / 2) + " axes",
                              "as many as the window has, " + std::to_string(axes));
    }
    if (std::ranges::any_of(pads, [](int64_t pad) { return pad < 0 || pad > kMaxExtent; }))
        return op.corrupt("pads=[" + text_of(pads) + "] is not a sane value");
    const auto middle = pads.begin() + static_cast<std::ptrdiff_t>(axes);
    std::copy_backward(pads.begin(), middle, params.pads_begin.end());
    std::copy_backward(middle, pads.end(), params.pads_end.end());
    return {};
}

// Adds the node; along a line between nodes that insert and remove the axis of extent 1.
Result<void> add_window(OnnxOp& op, OpParams params, size_t axes, ValueId output) {
    if (axes != 1) return op.add(std::move(params), op.inputs(), {output});
    const ValueId axis = op.add_integers("line", std::vector<int64_t>{2});
    std::vector<ValueId> inputs = op.inputs();
    for (size_t i = 0; i < std::min<size_t>(inputs.size(), 2); ++i) {
        const ValueId plane = op.add_value("plane" + std::to_string(i));
        FACET_TRY(op.add(UnsqueezeParams{}, {inputs[i], axis}, {plane}));
        inputs[i] = plane;
    }
    const ValueId result = op.add_value("plane");
    FACET_TRY(op.add(std::move(params), std::move(inputs), {result}));
    return op.add(SqueezeParams{}, {result, axis}, {output});
}

template <size_t kAxes>
Result<ConvolutionOver<kAxes>> convolution_params(const OnnxOp& op, size_t weights, size_t axes) {
    ConvolutionOver<kAxes> params;
    FACET_TRY((read_window<kAxes>(op, axes, params)));
    FACET_ASSIGN(params.groups, op.integer("group", 1, 1, kMaxExtent));
    const Tensor* constant = op.constant(weights);
    if (constant != nullptr && constant->shape().rank() != static_cast<int>(axes) + 2)
        return op.unsupported("weights of shape " + constant->shape().text(),
                              std::to_string(axes + 2) + " axes, as of its window");
    if (!op.has_attribute("kernel_shape")) return params;
    FACET_ASSIGN(const Extents<kAxes> kernel, window_extent<kAxes>(op, "kernel_shape", axes, 1));
    if (constant == nullptr) return params;
    const auto behind = constant->shape().extents().subspan(2);
    if (!std::equal(behind.begin(), behind.end(), kernel.end() - static_cast<std::ptrdiff_t>(axes)))
        return op.corrupt("kernel_shape differs from the weights");
    return params;
}

Result<void> read_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    FACET_ASSIGN(const size_t axes, window_axes(op));
    if (axes == 3) {
        FACET_ASSIGN(const VolumeConvolutionParams params, convolution_params<3>(op, 1, axes));
        return op.add(params);
    }
    FACET_ASSIGN(const ConvolutionParams params, convolution_params<2>(op, 1, axes));
    return add_window(op, params, axes, op.outputs()[0]);
}

template <size_t kAxes>
Result<void> read_transposed_over(OnnxOp& op, size_t axes) {
    TransposedConvolutionOver<kAxes> params;
    FACET_TRY((read_window<kAxes>(op, axes, params)));
    FACET_ASSIGN(params.groups, op.integer("group", 1, 1, kMaxExtent));
    FACET_ASSIGN(params.output_padding, window_extent<kAxes>(op, "output_padding", axes, 0, 0));
    if (op.has_attribute("output_shape")) {
        FACET_ASSIGN(params.output_size, window_extent<kAxes>(op, "output_shape", axes, 1));
    }
    return add_window(op, params, axes, op.outputs()[0]);
}

Result<void> read_transposed_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    FACET_ASSIGN(const size_t axes, window_axes(op));
    return axes == 3 ? read_transposed_over<3>(op, axes) : read_transposed_over<2>(op, axes);
}

// The node, and of a maximum one more for the indices where the file wants them.
template <size_t kAxes>
Result<void> read_pooling_over(OnnxOp& op, PoolingKind kind, size_t axes) {
    PoolingOver<kAxes> params;
    params.kind = kind;
    FACET_TRY((read_window<kAxes>(op, axes, params)));
    FACET_ASSIGN(params.kernel, window_extent<kAxes>(op, "kernel_shape", axes, 1));
    FACET_ASSIGN(params.ceil_mode, op.flag("ceil_mode", false));
    FACET_ASSIGN(params.count_include_pad, op.flag("count_include_pad", false));
    FACET_TRY(add_window(op, params, axes, op.outputs()[0]));
    if (kind != PoolingKind::kMax || op.output_count() < 2 || op.outputs()[1] == kNoValue)
        return {};
    params.kind = PoolingKind::kMaxIndex;
    FACET_ASSIGN(params.column_major, op.flag("storage_order", false));
    return add_window(op, params, axes, op.outputs()[1]);
}

template <PoolingKind kind>
Result<void> read_pooling(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const size_t axes, window_axes(op));
    return axes == 3 ? read_pooling_over<3>(op, kind, axes) : read_pooling_over<2>(op, kind, axes);
}

constexpr OnnxOpRow kRows[] = {
    {"AveragePool", 1, 17, read_pooling<PoolingKind::kAverage>},
    {"Conv", 1, 17, read_convolution},
    {"ConvTranspose", 1, 17, read_transposed_convolution},
    {"MaxPool", 1, 17, read_pooling<PoolingKind::kMax>},
};

}  // namespace

Result<ConvolutionParams> read_onnx_convolution(const OnnxOp& op, size_t weights) {
    return convolution_params<2>(op, weights, 2);
}

std::span<const OnnxOpRow> onnx_window_ops() {
    return kRows;
}

}  // namespace facet
