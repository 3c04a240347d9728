// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that move, cut, join, reduce or make elements.
#include <algorithm>
#include <limits>

#include "engine/formats/file_shape.h"
#include "engine/formats/onnx_op.h"

namespace facet {

namespace {

Result<void> read_concat(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, SIZE_MAX));
    FACET_TRY(op.require_inputs(op.input_count(), op.input_count()));
    std::optional<int64_t> fallback;
    if (op.opset() < 4) fallback = 1;
    FACET_ASSIGN(const int64_t axis, op.axis(fallback));
    return op.add(ConcatParams{axis});
}

// Sizes are an attribute below opset 13 and an input from there on.
Result<void> read_split(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, op.opset() < 13 ? 1 : 2));
    FACET_ASSIGN(const int64_t axis, op.axis(0));
    FACET_ASSIGN(const ValueId sizes, op.input_or_attribute(1, "split"));
    std::vector<ValueId> inputs{op.input(0)};
    if (sizes != kNoValue) inputs.push_back(sizes);
    std::vector<ValueId> outputs = op.outputs();
    for (ValueId& output : outputs)
        if (output == kNoValue) output = op.add_value("unused");
    return op.add(SplitParams{axis}, std::move(inputs), std::move(outputs));
}

Result<void> read_transpose(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    TransposeParams params;
    FACET_ASSIGN(params.order, op.integers("perm", std::vector<int64_t>{}));
    for (int64_t axis : params.order)
        if (axis < 0 || axis >= static_cast<int64_t>(params.order.size()))
            return op.corrupt("perm is [" + text_of(params.order) + "]");
    return op.add(std::move(params));
}

Result<void> read_reshape(OnnxOp& op) {
    // The shape is an attribute below opset 5 and an input from there on.
    FACET_TRY(op.require_inputs(op.opset() < 5 ? 1 : 2, op.opset() < 5 ? 1 : 2));
    FACET_ASSIGN(const bool allow_zero, op.flag("allowzero", false));
    FACET_ASSIGN(const ValueId shape, op.input_or_attribute(1, "shape"));
    if (shape == kNoValue) return op.corrupt("lacks a shape");
    return op.add(ReshapeParams{.zero_copies = !allow_zero}, {op.input(0), shape});
}

// Axes are an attribute below opset 13 and an input from there on.
Result<void> read_squeeze(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, op.opset() < 13 ? 1 : 2));
    FACET_ASSIGN(const ValueId axes, op.input_or_attribute(1, "axes"));
    if (axes == kNoValue) return op.add(SqueezeParams{}, {op.input(0)});
    return op.add(SqueezeParams{}, {op.input(0), axes});
}

Result<void> read_unsqueeze(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, op.opset() < 13 ? 1 : 2));
    FACET_ASSIGN(const ValueId axes, op.input_or_attribute(1, "axes"));
    if (axes == kNoValue) return op.corrupt("lacks axes");
    return op.add(UnsqueezeParams{}, {op.input(0), axes});
}

Result<void> read_flatten(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t axis, op.axis(1));
    return op.add(FlattenParams{axis});
}

// Bounds are attributes below opset 10 and inputs from there on.
Result<void> read_slice(OnnxOp& op) {
    FACET_TRY(op.require_inputs(op.opset() < 10 ? 1 : 3, op.opset() < 10 ? 1 : 5));
    if (op.opset() >= 10) return op.add(SliceParams{});
    FACET_ASSIGN(const ValueId starts, op.input_or_attribute(1, "starts"));
    FACET_ASSIGN(const ValueId ends, op.input_or_attribute(2, "ends"));
    FACET_ASSIGN(const ValueId axes, op.input_or_attribute(3, "axes"));
    if (starts == kNoValue || ends == kNoValue) return op.corrupt("lacks starts or ends");
    std::vector<ValueId> inputs{op.input(0), starts, ends};
    if (axes != kNoValue) inputs.push_back(axes);
    return op.add(SliceParams{}, std::move(inputs));
}

Result<void> read_gather(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const int64_t axis, op.axis(0));
    return op.add(GatherParams{axis});
}

Result<void> read_gather_elements(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const int64_t axis, op.axis(0));
    return op.add(GatherElementsParams{axis});
}

Result<void> read_gather_nd(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const int64_t batch_axes, op.integer("batch_dims", 0, 0, Shape::kMaxRank));
    return op.add(GatherNdParams{batch_axes});
}

Result<void> read_shape(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    if (!op.has_attribute("start") && !op.has_attribute("end")) return op.add(ShapeOfParams{});
    FACET_ASSIGN(const int64_t start, op.integer("start", 0));
    FACET_ASSIGN(const int64_t end, op.integer("end", std::numeric_limits<int64_t>::max()));
    const ValueId whole = op.add_value("whole");
    FACET_TRY(op.add(ShapeOfParams{}, {op.input(0)}, {whole}));
    return op.add(SliceParams{}, {whole, op.add_integers("start", std::vector{start}),
                                  op.add_integers("end", std::vector{end})});
}

Result<void> read_size(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    const ValueId shape = op.add_value("shape");
    FACET_TRY(op.add(ShapeOfParams{}, {op.input(0)}, {shape}));
    return op.add(ReduceParams{ReduceParams::Kind::kProduct, {}, false}, {shape});
}

// Only ReduceSum takes its axes as an input within these opsets, from 13 on.
template <ReduceParams::Kind kind>
Result<void> read_reduce(OnnxOp& op) {
    const bool axes_are_input = kind == ReduceParams::Kind::kSum && op.opset() >= 13;
    FACET_TRY(op.require_inputs(1, axes_are_input ? 2 : 1));
    ReduceParams params;
    params.kind = kind;
    FACET_ASSIGN(params.keep_axes, op.flag("keepdims", true));
    if (op.has_input(1)) {
        FACET_ASSIGN(params.axes, op.constant_integers(1, "axes"));
    } else {
        FACET_ASSIGN(params.axes, op.integers("axes", std::vector<int64_t>{}));
    }
    FACET_ASSIGN(const bool noop, op.flag("noop_with_empty_axes", false));
    if (params.axes.empty() && noop) return op.add(IdentityParams{}, {op.input(0)});
    for (int64_t axis : params.axes)
        if (axis < -Shape::kMaxRank || axis >= Shape::kMaxRank)
            return op.corrupt("axes are [" + text_of(params.axes) + "]");
    return op.add(std::move(params), {op.input(0)});
}

Result<void> read_constant(OnnxOp& op) {
    FACET_TRY(op.require_inputs(0, 0));
    if (op.has_attribute("value_float")) {
        FACET_ASSIGN(const float value, op.number("value_float"));
        op.set_constant(Tensor::scalar(value));
    } else if (op.has_attribute("value_int")) {
        FACET_ASSIGN(const int64_t value, op.integer("value_int"));
        op.set_constant(Tensor::scalar(value));
    } else if (op.has_attribute("value_floats")) {
        FACET_ASSIGN(const std::vector<float> values, op.numbers("value_floats"));
        const Shape shape{static_cast<int64_t>(values.size())};
        op.set_constant(Tensor::of<float>(shape, values));
    } else if (op.has_attribute("value_ints")) {
        FACET_ASSIGN(const std::vector<int64_t> values, op.integers("value_ints"));
        const Shape shape{static_cast<int64_t>(values.size())};
        op.set_constant(Tensor::of<int64_t>(shape, values));
    } else if (op.has_attribute("value")) {
        FACET_ASSIGN(Tensor value, op.tensor("value"));
        op.set_constant(std::move(value));
    } else {
        return op.unsupported("no value it knows",
                              "value, value_float, value_floats, value_int, value_ints");
    }
    return {};
}

constexpr int64_t kMaxFilledElements = int64_t{1} << 22;

// A tensor of a given shape, filled with one element of any type.
Result<void> read_constant_of_shape(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    Tensor element = Tensor::scalar(0.0f);
    if (op.has_attribute("value")) {
        FACET_ASSIGN(element, op.tensor("value"));
    }
    if (element.shape().elements() != 1) return op.corrupt("value is not one element");
    // A shape that other nodes compute is known once they are folded.
    if (op.constant(0) == nullptr) {
        const ValueId value = op.add_constant("value", element.reshaped(Shape{}));
        return op.add(ExpandParams{}, {value, op.input(0)});
    }
    FACET_ASSIGN(const std::vector<int64_t> extents, op.constant_integers(0, "shape"));
    const auto checked = shape_from_file(extents);
    if (!checked) return op.here(checked.error());
    const Shape shape = *checked;
    if (shape.elements() > kMaxFilledElements) {
        return op.unsupported("shape " + shape.text(),
                              "up to " + std::to_string(kMaxFilledElements) + " elements");
    }
    Tensor filled = Tensor::allocate(element.type(), shape);
    const auto* source = static_cast<const std::byte*>(element.view().bytes);
    auto* target = static_cast<std::byte*>(filled.mutable_view().bytes);
    const size_t size = size_of(element.type());
    for (int64_t i = 0; i < shape.elements(); ++i) std::copy_n(source, size, target + i * size);
    op.set_constant(std::move(filled));
    return {};
}

constexpr OnnxOpRow kRows[] = {
    {"Concat", 1, 17, read_concat},
    {"Flatten", 1, 17, read_flatten},
    {"Gather", 1, 17, read_gather},
    {"GatherElements", 11, 17, read_gather_elements},
    {"GatherND", 11, 17, read_gather_nd},
    {"ReduceL1", 1, 17, read_reduce<ReduceParams::Kind::kL1>},
    {"ReduceL2", 1, 17, read_reduce<ReduceParams::Kind::kL2>},
    {"ReduceLogSum", 1, 17, read_reduce<ReduceParams::Kind::kLogSum>},
    {"ReduceLogSumExp", 1, 17, read_reduce<ReduceParams::Kind::kLogSumExp>},
    {"ReduceMax", 1, 17, read_reduce<ReduceParams::Kind::kMax>},
    {"ReduceMean", 1, 17, read_reduce<ReduceParams::Kind::kMean>},
    {"ReduceMin", 1, 17, read_reduce<ReduceParams::Kind::kMin>},
    {"ReduceProd", 1, 17, read_reduce<ReduceParams::Kind::kProduct>},
    {"ReduceSum", 1, 17, read_reduce<ReduceParams::Kind::kSum>},
    {"ReduceSumSquare", 1, 17, read_reduce<ReduceParams::Kind::kSumOfSquares>},
    {"Reshape", 1, 17, read_reshape},
    {"Shape", 1, 17, read_shape},
    {"Size", 1, 17, read_size},
    {"Slice", 1, 17, read_slice},
    {"Split", 2, 17, read_split},
    {"Squeeze", 1, 17, read_squeeze},
    {"Transpose", 1, 17, read_transpose},
    {"Unsqueeze", 1, 17, read_unsqueeze},
};

constexpr OnnxOpRow kConstantRows[] = {
    {"Constant", 1, 17, read_constant},
    {"ConstantOfShape", 9, 17, read_constant_of_shape},
};

}  // namespace

std::span<const OnnxOpRow> onnx_shape_ops() {
    return kRows;
}

std::span<const OnnxOpRow> onnx_constant_ops() {
    return kConstantRows;
}

}  // namespace facet
