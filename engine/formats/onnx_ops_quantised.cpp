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
    FACET_ASSIGN(const ConvolutionParams params, read_onnx_convolution(op, 3));
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
    FACET_ASSIGN(const ConvolutionParams params, read_onnx_convolution(op, 1));
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

// Adds an operation on a value and a number; the name is the result's.
Result<ValueId> with_number(OnnxOp& op, Eltwise kind, ValueId value, float number,
                            const std::string& name) {
    const ValueId result = op.add_value(name);
    FACET_TRY(
        op.add(EltwiseParams{kind}, {value, op.add_number(name + "_number", number)}, {result}));
    return result;
}

// The least or greatest element of x and of 0, which must be among the numbers a byte stands for.
Result<ValueId> extreme(OnnxOp& op, ReduceParams::Kind kind, Eltwise with_zero,
                        const std::string& name) {
    const ValueId of_x = op.add_value(name + "_of_x");
    FACET_TRY(
        op.add(ReduceParams{.kind = kind, .axes = {}, .keep_axes = false}, {op.input(0)}, {of_x}));
    return with_number(op, with_zero, of_x, 0.0f, name);
}

// x -> bytes, their scale and zero point, from the range of x itself: from 0 to 255.
Result<void> read_dynamic_quantize(OnnxOp& op) {
    constexpr float kMostByte = 255.0f;
    FACET_TRY(op.require_inputs(1, 1));
    std::vector<ValueId> outputs = op.outputs();
    outputs.resize(3, kNoValue);
    for (ValueId& output : outputs)
        if (output == kNoValue) output = op.add_value("unused");
    using Reduce = ReduceParams::Kind;
    FACET_ASSIGN(const ValueId most, extreme(op, Reduce::kMax, Eltwise::kMaximum, "most"));
    FACET_ASSIGN(const ValueId least, extreme(op, Reduce::kMin, Eltwise::kMinimum, "least"));
    const ValueId range = op.add_value("range"), zero = op.add_value("zero");
    FACET_TRY(op.add(EltwiseParams{Eltwise::kSubtract}, {most, least}, {range}));
    FACET_ASSIGN(const ValueId step, with_number(op, Eltwise::kDivide, range, kMostByte, "step"));
    // Of nothing but zeros any scale will do; this one can be divided by.
    FACET_TRY(op.add(EltwiseParams{Eltwise::kMaximum},
                     {step, op.add_number("least_scale", std::numeric_limits<float>::min())},
                     {outputs[1]}));
    FACET_TRY(op.add(EltwiseParams{Eltwise::kDivide}, {least, outputs[1]}, {zero}));
    FACET_ASSIGN(const ValueId above, with_number(op, Eltwise::kMultiply, zero, -1.0f, "above"));
    const ValueId rounded = op.add_value("rounded"), clipped = op.add_value("clipped");
    using Activation = ActivationParams::Kind;
    FACET_TRY(op.add(ActivationParams{Activation::kRound}, {above}, {rounded}));
    FACET_TRY(op.add(ActivationParams{Activation::kClip, 0.0f, kMostByte}, {rounded}, {clipped}));
    FACET_TRY(op.add(ConvertParams{DataType::kU8}, {clipped}, {outputs[2]}));
    return op.add(QuantizeLinearParams{}, {op.input(0), outputs[1], outputs[2]}, {outputs[0]});
}

constexpr OnnxOpRow kRows[] = {
    {"ConvInteger", 10, 17, read_integer_convolution},
    {"DynamicQuantizeLinear", 11, 17, read_dynamic_quantize},
    {"MatMulInteger", 10, 17, read_integer_mat_mul},
    {"QLinearConv", 10, 17, read_quantised_convolution},
    {"QLinearMatMul", 10, 17, read_quantised_mat_mul},
};

}  // namespace

std::span<const OnnxOpRow> onnx_quantised_ops() {
    return kRows;
}

}  // namespace facet
