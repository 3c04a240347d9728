// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that work element by element, and of matrix products.
#include <limits>

#include "engine/formats/onnx_op.h"
#include "engine/formats/onnx_tensor.h"

namespace facet {

namespace {

using Activation = ActivationParams::Kind;
using Eltwise = EltwiseParams::Kind;

template <Activation kind>
Result<void> read_activation(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    return op.add(ActivationParams{kind});
}

template <Eltwise kind>
Result<void> read_eltwise(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const ValueId operand, op.broadcast_operand());
    return op.add(EltwiseParams{kind}, {op.input(0), operand});
}

bool is_integer_constant(const Tensor* tensor) {
    return tensor != nullptr &&
           (tensor->type() == DataType::kI64 || tensor->type() == DataType::kI32);
}

// The exponent may be of another type than the base, which the result follows.
Result<void> read_power(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    const EltwiseParams power{Eltwise::kPower};
    const ConvertParams to_floats{DataType::kF32};
    const Tensor *base = op.constant(0), *exponent = op.constant(1);
    if (is_integer_constant(exponent) && !is_integer_constant(base)) {
        const ValueId floats = op.add_value("exponent");
        FACET_TRY(op.add(to_floats, {op.input(1)}, {floats}));
        return op.add(power, {op.input(0), floats});
    }
    if (is_integer_constant(base) && exponent != nullptr && exponent->type() == DataType::kF32) {
        const DataType type = base->type();  // before the graph grows and moves its constants
        const ValueId floats = op.add_value("base"), result = op.add_value("power");
        FACET_TRY(op.add(to_floats, {op.input(0)}, {floats}));
        FACET_TRY(op.add(power, {floats, op.input(1)}, {result}));
        return op.add(ConvertParams{type}, {result});
    }
    FACET_ASSIGN(const ValueId operand, op.broadcast_operand());
    return op.add(power, {op.input(0), operand});
}

// Max, Min and Sum take any number of inputs: a chain of binary nodes.
template <Eltwise kind>
Result<void> read_chain(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, SIZE_MAX));
    const size_t count = op.input_count();
    FACET_TRY(op.require_inputs(count, count));
    if (count == 1) return op.add(IdentityParams{});
    ValueId so_far = op.input(0);
    for (size_t i = 1; i + 1 < count; ++i) {
        const ValueId next = op.add_value("part" + std::to_string(i));
        FACET_TRY(op.add(EltwiseParams{kind}, {so_far, op.input(i)}, {next}));
        so_far = next;
    }
    return op.add(EltwiseParams{kind}, {so_far, op.input(count - 1)});
}

// The sum of all inputs, times 1 / their number.
Result<void> read_mean(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, SIZE_MAX));
    const size_t count = op.input_count();
    FACET_TRY(op.require_inputs(count, count));
    ValueId sum = op.input(0);
    for (size_t i = 1; i < count; ++i) {
        const ValueId next = op.add_value("part" + std::to_string(i));
        FACET_TRY(op.add(EltwiseParams{Eltwise::kAdd}, {sum, op.input(i)}, {next}));
        sum = next;
    }
    return op.add(EltwiseParams{Eltwise::kDivide},
                  {sum, op.add_number("count", static_cast<float>(count))});
}

Result<void> read_leaky_relu(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float alpha, op.number("alpha", 0.01f));
    return op.add(ActivationParams{Activation::kLeakyRelu, alpha});
}

Result<void> read_elu(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float alpha, op.number("alpha", 1.0f));
    return op.add(ActivationParams{Activation::kElu, alpha});
}

Result<void> read_hard_sigmoid(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float alpha, op.number("alpha", 0.2f));
    FACET_ASSIGN(const float beta, op.number("beta", 0.5f));
    return op.add(ActivationParams{Activation::kHardSigmoid, alpha, beta});
}

// Activations with one number, or two, as attributes of other names and defaults.
Result<void> read_selu(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    const bool rounded = op.opset() < 6;  // so are the defaults of the first version
    FACET_ASSIGN(const float alpha, op.number("alpha", rounded ? 1.6732f : 1.67326319f));
    FACET_ASSIGN(const float gamma, op.number("gamma", rounded ? 1.0507f : 1.05070102f));
    return op.add(ActivationParams{Activation::kSelu, alpha, gamma});
}

Result<void> read_celu(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float alpha, op.number("alpha", 1.0f));
    return op.add(ActivationParams{Activation::kCelu, alpha});
}

Result<void> read_thresholded_relu(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float alpha, op.number("alpha", 1.0f));
    return op.add(ActivationParams{Activation::kThresholdedRelu, alpha});
}

Result<void> read_shrink(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float lambda, op.number("lambd", 0.5f));
    FACET_ASSIGN(const float bias, op.number("bias", 0.0f));
    return op.add(ActivationParams{Activation::kShrink, lambda, bias});
}

// Below opset 7 a list of slopes is one per channel.
Result<void> read_prelu(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    const Tensor* slopes = op.constant(1);
    if (op.opset() >= 7 || (slopes != nullptr && slopes->shape().elements() == 1))
        return op.add(PReluParams{});
    FACET_ASSIGN(const ValueId by_channel, op.operand_from_axis(1));
    return op.add(PReluParams{}, {op.input(0), by_channel});
}

// Bounds are attributes below opset 11 and inputs from there on.
Result<void> read_clip(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, op.opset() < 11 ? 1 : 3));
    float least = std::numeric_limits<float>::lowest();
    float most = std::numeric_limits<float>::max();
    if (op.opset() < 11) {
        FACET_ASSIGN(least, op.number("min", least));
        FACET_ASSIGN(most, op.number("max", most));
    }
    if (op.has_input(1)) {
        FACET_ASSIGN(least, op.constant_number(1, "min"));
    }
    if (op.has_input(2)) {
        FACET_ASSIGN(most, op.constant_number(2, "max"));
    }
    return op.add(ActivationParams{Activation::kClip, least, most}, {op.input(0)});
}

Result<void> read_batch_norm(OnnxOp& op) {
    FACET_TRY(op.require_inputs(5, 5));
    FACET_ASSIGN(const float epsilon, op.number("epsilon", 1e-5f));
    FACET_ASSIGN(const bool training, op.flag("training_mode", false));
    if (training) return op.unsupported("training_mode=1", "inference");
    FACET_ASSIGN(const bool spatial, op.flag("spatial", true));
    if (!spatial) return op.unsupported("spatial=0", "one mean and variance per channel");
    return op.add(BatchNormParams{epsilon});
}

// From opset 13 on one axis is normalised; before, all axes from `axis` on together.
Result<void> read_softmax(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    const bool flatten = op.opset() < 13;
    FACET_ASSIGN(const int64_t axis, op.axis(flatten ? 1 : -1));
    return op.add(SoftmaxParams{axis, flatten});
}

Result<void> read_cast(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t to, op.integer("to", {}, 0, std::numeric_limits<int>::max()));
    const auto type = onnx_data_type(static_cast<int>(to));
    if (!type) return op.here(type.error());
    // Half precision is a way to store numbers: Facet computes in f32 throughout.
    return op.add(ConvertParams{*type == DataType::kF16 ? DataType::kF32 : *type});
}

// The axis, which says where several scales belong, came with opset 13.
template <typename Params>
Result<void> read_scaled_bytes(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    FACET_ASSIGN(const int64_t axis, op.axis(1));
    return op.add(Params{axis});
}

Result<void> read_identity(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    return op.add(IdentityParams{});
}

// The mask, a second output, is left without a writer: a graph that reads it is refused. Below
// opset 7 is_test=0, the default, means training; exporters left it so in models made for
// inference.
Result<void> read_dropout(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, op.opset() < 12 ? 1 : 3));
    if (op.has_input(2)) {
        const Tensor* training = op.constant(2);
        if (training == nullptr || training->type() != DataType::kBool ||
            training->shape().elements() != 1 || training->as<bool>()[0])
            return op.unsupported("training_mode is not the constant false", "inference");
    }
    FACET_TRY(op.add(IdentityParams{}, {op.input(0)}));
    constexpr int kFirstOfBoolMasks = 10;
    if (op.opset() < kFirstOfBoolMasks || op.output_count() < 2 || op.outputs()[1] == kNoValue)
        return {};
    // The mask of what is kept, which in inference is all of it.
    const ValueId compared = op.add_value("compared");
    FACET_TRY(
        op.add(CompareParams{CompareParams::Kind::kEqual}, {op.input(0), op.input(0)}, {compared}));
    return op.add(CompareParams{CompareParams::Kind::kOr},
                  {compared, op.add_constant("kept", Tensor::scalar(true))}, {op.outputs()[1]});
}

Result<void> read_mat_mul(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    return op.add(MatMulParams{});
}

// A value times a number, or the value itself when the number is one.
Result<ValueId> scaled(OnnxOp& op, ValueId value, float factor, std::string_view name) {
    if (factor == 1.0f) return value;
    const ValueId product = op.add_value(std::string(name) + "_scaled");
    const ValueId number = op.add_number(name, factor);
    FACET_TRY(op.add(EltwiseParams{Eltwise::kMultiply}, {value, number}, {product}));
    return product;
}

// alpha * A' * B' + beta * C.
Result<void> read_gemm(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    FACET_ASSIGN(const float alpha, op.number("alpha", 1.0f));
    FACET_ASSIGN(const float beta, op.number("beta", 1.0f));
    FACET_ASSIGN(const bool transpose_a, op.flag("transA", false));
    FACET_ASSIGN(const bool transpose_b, op.flag("transB", false));
    const MatMulParams params{transpose_a, transpose_b};
    const bool adds = op.has_input(2) && beta != 0.0f;
    if (!adds && alpha == 1.0f) return op.add(params, {op.input(0), op.input(1)});

    const ValueId product = op.add_value("product");
    FACET_TRY(op.add(params, {op.input(0), op.input(1)}, {product}));
    if (!adds)
        return op.add(EltwiseParams{Eltwise::kMultiply}, {product, op.add_number("alpha", alpha)});
    FACET_ASSIGN(const ValueId left, scaled(op, product, alpha, "alpha"));
    FACET_ASSIGN(const ValueId right, scaled(op, op.input(2), beta, "beta"));
    return op.add(EltwiseParams{Eltwise::kAdd}, {left, right});
}

constexpr OnnxOpRow kRows[] = {
    {"Abs", 1, 17, read_activation<Activation::kAbs>},
    {"Acos", 7, 17, read_activation<Activation::kAcos>},
    {"Acosh", 9, 17, read_activation<Activation::kAcosh>},
    {"Add", 1, 17, read_eltwise<Eltwise::kAdd>},
    {"Asin", 7, 17, read_activation<Activation::kAsin>},
    {"Asinh", 9, 17, read_activation<Activation::kAsinh>},
    {"Atan", 7, 17, read_activation<Activation::kAtan>},
    {"Atanh", 9, 17, read_activation<Activation::kAtanh>},
    {"BatchNormalization", 1, 17, read_batch_norm},
    {"Cast", 6, 17, read_cast},
    {"Ceil", 1, 17, read_activation<Activation::kCeil>},
    {"Celu", 12, 17, read_celu},
    {"Clip", 1, 17, read_clip},
    {"Cos", 7, 17, read_activation<Activation::kCos>},
    {"Cosh", 9, 17, read_activation<Activation::kCosh>},
    {"DequantizeLinear", 10, 17, read_scaled_bytes<DequantizeLinearParams>},
    {"Div", 1, 17, read_eltwise<Eltwise::kDivide>},
    {"Dropout", 1, 17, read_dropout},
    {"Elu", 1, 17, read_elu},
    {"Erf", 9, 17, read_activation<Activation::kErf>},
    {"Exp", 1, 17, read_activation<Activation::kExp>},
    {"Floor", 1, 17, read_activation<Activation::kFloor>},
    {"Gemm", 1, 17, read_gemm},
    {"HardSigmoid", 1, 17, read_hard_sigmoid},
    {"HardSwish", 14, 17, read_activation<Activation::kHardSwish>},
    {"Identity", 1, 17, read_identity},
    {"LeakyRelu", 1, 17, read_leaky_relu},
    {"Log", 1, 17, read_activation<Activation::kLog>},
    {"MatMul", 1, 17, read_mat_mul},
    {"Max", 1, 17, read_chain<Eltwise::kMaximum>},
    {"Mean", 1, 17, read_mean},
    {"Min", 1, 17, read_chain<Eltwise::kMinimum>},
    {"Mul", 1, 17, read_eltwise<Eltwise::kMultiply>},
    {"Neg", 1, 17, read_activation<Activation::kNegate>},
    {"PRelu", 1, 17, read_prelu},
    {"Pow", 1, 17, read_power},
    {"QuantizeLinear", 10, 17, read_scaled_bytes<QuantizeLinearParams>},
    {"Reciprocal", 1, 17, read_activation<Activation::kReciprocal>},
    {"Relu", 1, 17, read_activation<Activation::kRelu>},
    {"Round", 11, 17, read_activation<Activation::kRound>},
    {"Selu", 1, 17, read_selu},
    {"Shrink", 9, 17, read_shrink},
    {"Sigmoid", 1, 17, read_activation<Activation::kSigmoid>},
    {"Sign", 9, 17, read_activation<Activation::kSign>},
    {"Sin", 7, 17, read_activation<Activation::kSin>},
    {"Sinh", 9, 17, read_activation<Activation::kSinh>},
    {"Softmax", 1, 17, read_softmax},
    {"Softplus", 1, 17, read_activation<Activation::kSoftplus>},
    {"Softsign", 1, 17, read_activation<Activation::kSoftsign>},
    {"Sqrt", 1, 17, read_activation<Activation::kSqrt>},
    {"Sub", 1, 17, read_eltwise<Eltwise::kSubtract>},
    {"Sum", 1, 17, read_chain<Eltwise::kAdd>},
    {"Tan", 7, 17, read_activation<Activation::kTan>},
    {"Tanh", 1, 17, read_activation<Activation::kTanh>},
    {"ThresholdedRelu", 10, 17, read_thresholded_relu},
};

}  // namespace

std::span<const OnnxOpRow> onnx_element_wise_ops() {
    return kRows;
}

}  // namespace facet
