// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that compare, choose and repeat elements.
#include "engine/formats/onnx_op.h"

namespace facet {

namespace {

using Compare = CompareParams::Kind;

template <Compare kind>
Result<void> read_compare(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const ValueId operand, op.broadcast_operand());
    return op.add(CompareParams{kind}, {op.input(0), operand});
}

Result<void> read_not(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    return op.add(CompareParams{Compare::kEqual},
                  {op.input(0), op.add_constant("false", Tensor::scalar(false))});
}

Result<void> read_where(OnnxOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    return op.add(SelectParams{});
}

Result<void> read_expand(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    return op.add(ExpandParams{});
}

Result<void> read_tile(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    return op.add(TileParams{});
}

template <ArgReduceParams::Kind kind>
Result<void> read_arg_reduce(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    ArgReduceParams params;
    params.kind = kind;
    FACET_ASSIGN(params.axis, op.axis(0));
    FACET_ASSIGN(params.keep_axis, op.flag("keepdims", true));
    FACET_ASSIGN(params.last_of_equals, op.flag("select_last_index", false));
    return op.add(params);
}

// k is an attribute below opset 10 and an input from there on. Sorted is one of the orders that
// sorted=0 allows.
Result<void> read_top_k(OnnxOp& op) {
    FACET_TRY(op.require_inputs(op.opset() < 10 ? 1 : 2, op.opset() < 10 ? 1 : 2));
    TopKParams params;
    FACET_ASSIGN(params.axis, op.axis(-1));
    FACET_ASSIGN(params.largest, op.flag("largest", true));
    ValueId count = op.input(1);
    if (op.opset() < 10) {
        FACET_ASSIGN(const int64_t k, op.integer("k", {}, 0, kMaxExtent));
        count = op.add_integers("k", std::vector{k});
    }
    std::vector<ValueId> outputs = op.outputs();
    for (ValueId& output : outputs)
        if (output == kNoValue) output = op.add_value("unused");
    return op.add(params, {op.input(0), count}, std::move(outputs));
}

Result<void> read_non_max_suppression(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 5));
    FACET_ASSIGN(const int64_t center_point_box, op.integer("center_point_box", 0, 0, 1));
    return op.add(NonMaxSuppressionParams{center_point_box != 0});
}

constexpr OnnxOpRow kRows[] = {
    {"And", 1, 17, read_compare<Compare::kAnd>},
    {"ArgMax", 1, 17, read_arg_reduce<ArgReduceParams::Kind::kMax>},
    {"ArgMin", 1, 17, read_arg_reduce<ArgReduceParams::Kind::kMin>},
    {"Equal", 1, 17, read_compare<Compare::kEqual>},
    {"Expand", 8, 17, read_expand},
    {"Greater", 1, 17, read_compare<Compare::kGreater>},
    {"GreaterOrEqual", 12, 17, read_compare<Compare::kGreaterOrEqual>},
    {"Less", 1, 17, read_compare<Compare::kLess>},
    {"LessOrEqual", 12, 17, read_compare<Compare::kLessOrEqual>},
    {"NonMaxSuppression", 10, 17, read_non_max_suppression},
    {"Not", 1, 17, read_not},
    {"Or", 1, 17, read_compare<Compare::kOr>},
    {"Tile", 6, 17, read_tile},
    {"TopK", 1, 17, read_top_k},
    {"Where", 9, 17, read_where},
    {"Xor", 1, 17, read_compare<Compare::kXor>},
};

}  // namespace

std::span<const OnnxOpRow> onnx_select_ops() {
    return kRows;
}

}  // namespace facet
