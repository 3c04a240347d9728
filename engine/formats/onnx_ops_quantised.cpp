// SPDX-License-Identifier: MIT
// Op readers of ONNX operators on quantised operands: each as dequantise, compute, quantise, which
// the passes and the devices know.
#include "engine/formats/onnx_op.h"

namespace facet {

namespace {

using Eltwise = EltwiseParams::Kind;

// Where a quantised operand, its scale and its zero point are among the inputs.
struct QuantisedOperand {
    size_t value = 0, scale = 0, zero_point = 0;
    int64_t axis = 0;  // that several scales belong to
    std::string_view name;
};

Result<ValueId> dequantised(OnnxOp& op, const QuantisedOperand& operand) {
    const ValueId result = op.add_value(operand.name);
    FACET_TRY(
        op.add(DequantizeLinearParams{operand.axis},
               {op.input(operand.value), op.input(operand.scale), op.input(operand.zero_point)},
               {result}));
    return result;
}

// The i32 bias of a quantised convolution is in units of the operands' scales.
Result<ValueId> dequantised_bias(OnnxOp& op, size_t bias, size_t scale, size_t weight_scale) {
    const ValueId unit = op.add_value("bias_unit"), floats = op.add_value("bias_floats");
    const ValueId result = op.add_value("bias");
    const EltwiseParams multiply{Eltwise::kMultiply};
    FACET_TRY(op.add(multiply, {op.input(scale), op.input(weight_scale)}, {unit}));
    FACET_TRY(op.add(ConvertParams{DataType::kF32}, {op.input(bias)}, {floats}));
    FACET_TRY(op.add(multiply, {floats, unit}, {result}));
    return result;
}

// x, its scale and zero point, w, its scale and zero point, y's scale and zero point, bias.
Result<void> read_quantised_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(8, 9));
    FACET_ASSIGN(const ConvolutionParams params, read_onnx_convolution(op, 3, false));
    FACET_ASSIGN(const ValueId x, dequantised(op, {0, 1, 2, 1, "x"}));
    FACET_ASSIGN(const ValueId w, dequantised(op, {3, 4, 5, 0, "w"}));
    std::vector<ValueId> inputs{x, w};
    if (op.has_input(8)) {
        FACET_ASSIGN(const ValueId bias, dequantised_bias(op, 8, 1, 4));
        inputs.push_back(bias);
    }
    const ValueId sums = op.add_value("sums");
    FACET_TRY(op.add(params, std::move(inputs), {sums}));
    return op.add(QuantizeLinearParams{1}, {sums, op.input(6), op.input(7)});
}

// a, its scale and zero point, b, its scale and zero point, y's scale and zero point.
Result<void> read_quantised_mat_mul(OnnxOp& op) {
    FACET_TRY(op.require_inputs(8, 8));
    FACET_ASSIGN(const ValueId a, dequantised(op, {0, 1, 2, -2, "a"}));
    FACET_ASSIGN(const ValueId b, dequantised(op, {3, 4, 5, -1, "b"}));
    const ValueId sums = op.add_value("sums");
    FACET_TRY(op.add(MatMulParams{}, {a, b}, {sums}));
    return op.add(QuantizeLinearParams{1}, {sums, op.input(6), op.input(7)});
}

// An integer operand less its zero point, as floats; sums of such products are exact below 2^24.
// `axes` are appended to several zero points.
Result<ValueId> shifted(OnnxOp& op, size_t value, size_t zero_point,
                        const std::vector<int64_t>& axes, const std::string& name) {
    const ValueId floats = op.add_value(name + "_floats");
    FACET_TRY(op.add(ConvertParams{DataType::kF32}, {op.input(value)}, {floats}));
    if (!op.has_input(zero_point)) return floats;
    ValueId zero = op.input(zero_point);
    const Tensor* constant = op.constant(zero_point);
    if (!axes.empty() && (constant == nullptr || constant->shape().elements() != 1)) {
        const ValueId several = op.add_value(name + "_zeros");
        FACET_TRY(
            op.add(UnsqueezeParams{}, {zero, op.add_integers(name + "_axes", axes)}, {several}));
        zero = several;
    }
    const ValueId zero_floats = op.add_value(name + "_zero"), result = op.add_value(name);
    FACET_TRY(op.add(ConvertParams{DataType::kF32}, {zero}, {zero_floats}));
    FACET_TRY(op.add(EltwiseParams{Eltwise::kSubtract}, {floats, zero_floats}, {result}));
    return result;
}

// x, w, zero points of x and w; sums as i32.
Result<void> read_integer_convolution(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 4));
    FACET_ASSIGN(const ConvolutionParams params, read_onnx_convolution(op, 1, false));
    FACET_ASSIGN(const ValueId x, shifted(op, 0, 2, {}, "x"));
    FACET_ASSIGN(const ValueId w, shifted(op, 1, 3, {1, 2, 3}, "w"));
    const ValueId sums = op.add_value("sums");
    FACET_TRY(op.add(params, {x, w}, {sums}));
    return op.add(ConvertParams{DataType::kI32}, {sums});
}

// a, b, zero points of a (of all or per row) and b (of all or per column); sums as i32.
Result<void> read_integer_mat_mul(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 4));
    FACET_ASSIGN(const ValueId a, shifted(op, 0, 2, {1}, "a"));
    FACET_ASSIGN(const ValueId b, shifted(op, 1, 3, {}, "b"));
    const ValueId sums = op.add_value("sums");
    FACET_TRY(op.add(MatMulParams{}, {a, b}, {sums}));
    return op.add(ConvertParams{DataType::kI32}, {sums});
}

constexpr OnnxOpRow kRows[] = {
    {"ConvInteger", 10, 17, read_integer_convolution},
    {"MatMulInteger", 10, 17, read_integer_mat_mul},
    {"QLinearConv", 10, 17, read_quantised_convolution},
    {"QLinearMatMul", 10, 17, read_quantised_mat_mul},
};

}  // namespace

std::span<const OnnxOpRow> onnx_quantised_ops() {
    return kRows;
}

}  // namespace facet
