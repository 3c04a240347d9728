// SPDX-License-Identifier: MIT
// Op readers of OpenVINO layers that work element by element.
#include "engine/formats/openvino_ir_op.h"

namespace facet {

namespace {

using Activation = ActivationParams::Kind;
using Eltwise = EltwiseParams::Kind;

template <Activation kind>
Result<void> read_activation(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    return op.add(ActivationParams{kind});
}

template <Eltwise kind>
Result<void> read_eltwise(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_TRY(op.require_numpy_broadcast());
    return op.add(EltwiseParams{kind});
}

Result<void> read_elu(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float alpha, op.number("alpha"));
    return op.add(ActivationParams{Activation::kElu, alpha});
}

// Gelu-7 names its approximation; Gelu-2 is the exact one.
Result<void> read_gelu(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const std::string mode, op.word("approximation_mode", "ERF"));
    if (mode == "ERF" || mode == "erf") return op.add(ActivationParams{Activation::kGelu});
    if (mode == "TANH" || mode == "tanh") return op.add(ActivationParams{Activation::kGeluTanh});
    return op.unsupported("approximation_mode=" + mode, "ERF, TANH");
}

Result<void> read_selu(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    FACET_ASSIGN(const float alpha, op.constant_number(1, "alpha"));
    FACET_ASSIGN(const float lambda, op.constant_number(2, "lambda"));
    return op.add(ActivationParams{Activation::kSelu, alpha, lambda}, {op.input(0)});
}

template <CompareParams::Kind kind>
Result<void> read_compare(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_TRY(op.require_numpy_broadcast());
    return op.add(CompareParams{kind});
}

Result<void> read_select(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    FACET_TRY(op.require_numpy_broadcast());
    return op.add(SelectParams{});
}

Result<void> read_log_soft_max(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t axis, op.integer("axis", -1, -Shape::kMaxRank, Shape::kMaxRank));
    return op.add(SoftmaxParams{axis, false, true});
}

Result<void> read_local_response_norm(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const std::vector<int64_t> axes, op.constant_integers(1, "axes"));
    if (axes != std::vector<int64_t>{1})
        return op.unsupported("axes=[" + text_of(axes) + "]", "[1]");
    LocalResponseNormParams params;
    FACET_ASSIGN(params.size, op.integer("size", {}, 1, kMaxExtent));
    FACET_ASSIGN(params.alpha, op.number("alpha"));
    FACET_ASSIGN(params.beta, op.number("beta"));
    FACET_ASSIGN(params.bias, op.number("bias"));
    return op.add(params, {op.input(0)});
}

// x / sqrt(the sum of squares, with eps added or as its least value).
Result<void> read_normalize_l2(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    ReduceParams sum{ReduceParams::Kind::kSumOfSquares, {}};
    FACET_ASSIGN(sum.axes, op.constant_integers(1, "axes"));
    FACET_ASSIGN(const float eps, op.number("eps"));
    FACET_ASSIGN(const std::string mode, op.word("eps_mode"));
    if (mode != "add" && mode != "max") return op.unsupported("eps_mode=" + mode, "add, max");
    if (sum.axes.empty()) return op.unsupported("no axes", "one axis or more");
    const ValueId squares = op.add_value("squares");
    const ValueId stabilised = op.add_value("stabilised");
    const ValueId norm = op.add_value("norm");
    FACET_TRY(op.add(sum, {op.input(0)}, {squares}));
    FACET_TRY(op.add(EltwiseParams{mode == "add" ? Eltwise::kAdd : Eltwise::kMaximum},
                     {squares, op.add_number("eps", eps)}, {stabilised}));
    FACET_TRY(op.add(ActivationParams{Activation::kSqrt}, {stabilised}, {norm}));
    return op.add(EltwiseParams{Eltwise::kDivide}, {op.input(0), norm});
}

Result<void> read_clamp(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const float least, op.number("min"));
    FACET_ASSIGN(const float most, op.number("max"));
    if (!(least <= most)) return op.corrupt("min is above max");
    return op.add(ActivationParams{Activation::kClip, least, most});
}

Result<void> read_hard_sigmoid(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    FACET_ASSIGN(const float alpha, op.constant_number(1, "alpha"));
    FACET_ASSIGN(const float beta, op.constant_number(2, "beta"));
    return op.add(ActivationParams{Activation::kHardSigmoid, alpha, beta}, {op.input(0)});
}

// Swish-4 is x * sigmoid(beta x).
Result<void> read_swish(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 2));
    if (op.has_input(1)) {
        FACET_ASSIGN(const float beta, op.constant_number(1, "beta"));
        if (beta != 1.0f) return op.unsupported("beta=" + std::to_string(beta), "beta=1");
    }
    const ValueId sigmoid = op.add_value("sigmoid");
    FACET_TRY(op.add(ActivationParams{Activation::kSigmoid}, {op.input(0)}, {sigmoid}));
    return op.add(EltwiseParams{Eltwise::kMultiply}, {op.input(0), sigmoid});
}

// A slope of one axis belongs to the channels (axis 1 of x), not to the last axis.
Result<void> read_prelu(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    ValueId slope = op.input(1);
    if (op.stated_rank(1) == 1 && op.stated_rank(0) > 2) {
        FACET_ASSIGN(const Shape stated, op.stated_shape(1, "the slope"));
        Shape per_channel{stated[0]};
        while (per_channel.rank() + 1 < static_cast<int>(op.stated_rank(0)) &&
               per_channel.rank() < Shape::kMaxRank)
            per_channel.append(1);
        FACET_ASSIGN(slope, op.reshaped(slope, per_channel, "slope"));
    }
    return op.add(PReluParams{}, {op.input(0), slope});
}

Result<void> read_convert(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const std::string name, op.word("destination_type"));
    const auto type = ir_data_type(name);
    if (!type) return op.here(type.error());
    // Half precision is a way to store numbers: Facet computes in f32 throughout.
    return op.add(ConvertParams{*type == DataType::kF16 ? DataType::kF32 : *type});
}

Result<void> read_fake_quantize(IrOp& op) {
    FACET_TRY(op.require_inputs(5, 5));
    FACET_TRY(op.require_numpy_broadcast());
    FACET_ASSIGN(const int64_t levels, op.integer("levels", {}, 2, kMaxExtent));
    return op.add(FakeQuantizeParams{levels});
}

Result<void> read_soft_max(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t axis, op.integer("axis", 1, -Shape::kMaxRank, Shape::kMaxRank));
    return op.add(SoftmaxParams{axis});
}

// Data lies at input 0 since opset5; files of opset1 have it at input 2, behind gamma and beta, or
// at 0 as their specification says: it is the one with more than one axis.
Result<void> read_batch_norm(IrOp& op) {
    FACET_TRY(op.require_inputs(5, 5));
    const bool named_eps = op.has_attribute("eps");
    FACET_ASSIGN(const float epsilon, op.number(named_eps ? "eps" : "epsilon"));
    std::vector<ValueId> inputs = op.inputs();
    if (op.opset() < 5 && op.stated_rank(0) <= 1 && op.stated_rank(2) > 1)
        inputs = {op.input(2), op.input(0), op.input(1), op.input(3), op.input(4)};
    return op.add(BatchNormParams{epsilon}, std::move(inputs));
}

Result<void> read_mat_mul(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const bool transpose_a, op.flag("transpose_a", false));
    FACET_ASSIGN(const bool transpose_b, op.flag("transpose_b", false));
    return op.add(MatMulParams{transpose_a, transpose_b});
}

constexpr IrOpRow kRows[] = {
    {"Abs", 1, 8, read_activation<Activation::kAbs>},
    {"Acos", 1, 8, read_activation<Activation::kAcos>},
    {"Acosh", 4, 8, read_activation<Activation::kAcosh>},
    {"Add", 1, 8, read_eltwise<Eltwise::kAdd>},
    {"Asin", 1, 8, read_activation<Activation::kAsin>},
    {"Asinh", 4, 8, read_activation<Activation::kAsinh>},
    {"Atan", 1, 8, read_activation<Activation::kAtan>},
    {"Atanh", 4, 8, read_activation<Activation::kAtanh>},
    {"BatchNormInference", 1, 8, read_batch_norm},
    {"Ceiling", 1, 8, read_activation<Activation::kCeil>},
    {"Clamp", 1, 8, read_clamp},
    {"Convert", 1, 8, read_convert},
    {"Cos", 1, 8, read_activation<Activation::kCos>},
    {"Cosh", 1, 8, read_activation<Activation::kCosh>},
    {"Divide", 1, 8, read_eltwise<Eltwise::kDivide>},
    {"Elu", 1, 8, read_elu},
    {"Equal", 1, 8, read_compare<CompareParams::Kind::kEqual>},
    {"Erf", 1, 8, read_activation<Activation::kErf>},
    {"Exp", 1, 8, read_activation<Activation::kExp>},
    {"FakeQuantize", 1, 8, read_fake_quantize},
    {"Floor", 1, 8, read_activation<Activation::kFloor>},
    {"Gelu", 2, 8, read_gelu},
    {"Greater", 1, 8, read_compare<CompareParams::Kind::kGreater>},
    {"GreaterEqual", 1, 8, read_compare<CompareParams::Kind::kGreaterOrEqual>},
    {"HSwish", 4, 8, read_activation<Activation::kHardSwish>},
    {"HardSigmoid", 1, 8, read_hard_sigmoid},
    {"LRN", 1, 8, read_local_response_norm},
    {"Less", 1, 8, read_compare<CompareParams::Kind::kLess>},
    {"LessEqual", 1, 8, read_compare<CompareParams::Kind::kLessOrEqual>},
    {"Log", 1, 8, read_activation<Activation::kLog>},
    {"LogSoftmax", 5, 8, read_log_soft_max},
    {"LogicalAnd", 1, 8, read_compare<CompareParams::Kind::kAnd>},
    {"LogicalOr", 1, 8, read_compare<CompareParams::Kind::kOr>},
    {"LogicalXor", 1, 8, read_compare<CompareParams::Kind::kXor>},
    {"MatMul", 1, 8, read_mat_mul},
    {"Maximum", 1, 8, read_eltwise<Eltwise::kMaximum>},
    {"Minimum", 1, 8, read_eltwise<Eltwise::kMinimum>},
    {"Mish", 4, 8, read_activation<Activation::kMish>},
    {"Multiply", 1, 8, read_eltwise<Eltwise::kMultiply>},
    {"Negative", 1, 8, read_activation<Activation::kNegate>},
    {"NormalizeL2", 1, 8, read_normalize_l2},
    {"PReLU", 1, 8, read_prelu},
    {"Power", 1, 8, read_eltwise<Eltwise::kPower>},
    {"ReLU", 1, 8, read_activation<Activation::kRelu>},
    {"Select", 1, 8, read_select},
    {"Selu", 1, 8, read_selu},
    {"Sigmoid", 1, 8, read_activation<Activation::kSigmoid>},
    {"Sign", 1, 8, read_activation<Activation::kSign>},
    {"Sin", 1, 8, read_activation<Activation::kSin>},
    {"Sinh", 1, 8, read_activation<Activation::kSinh>},
    {"SoftMax", 1, 8, read_soft_max},
    {"SoftPlus", 4, 8, read_activation<Activation::kSoftplus>},
    {"Softmax", 8, 8, read_soft_max},
    {"Sqrt", 1, 8, read_activation<Activation::kSqrt>},
    {"Subtract", 1, 8, read_eltwise<Eltwise::kSubtract>},
    {"Swish", 4, 8, read_swish},
    {"Tan", 1, 8, read_activation<Activation::kTan>},
    {"Tanh", 1, 8, read_activation<Activation::kTanh>},
};

}  // namespace

std::span<const IrOpRow> ir_element_wise_ops() {
    return kRows;
}

}  // namespace facet
