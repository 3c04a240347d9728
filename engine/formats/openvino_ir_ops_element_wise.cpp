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
    {"Add", 1, 8, read_eltwise<Eltwise::kAdd>},
    {"BatchNormInference", 1, 8, read_batch_norm},
    {"Ceiling", 1, 8, read_activation<Activation::kCeil>},
    {"Clamp", 1, 8, read_clamp},
    {"Convert", 1, 8, read_convert},
    {"Divide", 1, 8, read_eltwise<Eltwise::kDivide>},
    {"Elu", 1, 8, read_elu},
    {"Erf", 1, 8, read_activation<Activation::kErf>},
    {"Exp", 1, 8, read_activation<Activation::kExp>},
    {"FakeQuantize", 1, 8, read_fake_quantize},
    {"Floor", 1, 8, read_activation<Activation::kFloor>},
    {"HSwish", 4, 8, read_activation<Activation::kHardSwish>},
    {"HardSigmoid", 1, 8, read_hard_sigmoid},
    {"Log", 1, 8, read_activation<Activation::kLog>},
    {"MatMul", 1, 8, read_mat_mul},
    {"Maximum", 1, 8, read_eltwise<Eltwise::kMaximum>},
    {"Minimum", 1, 8, read_eltwise<Eltwise::kMinimum>},
    {"Multiply", 1, 8, read_eltwise<Eltwise::kMultiply>},
    {"Negative", 1, 8, read_activation<Activation::kNegate>},
    {"PReLU", 1, 8, read_prelu},
    {"Power", 1, 8, read_eltwise<Eltwise::kPower>},
    {"ReLU", 1, 8, read_activation<Activation::kRelu>},
    {"Sigmoid", 1, 8, read_activation<Activation::kSigmoid>},
    {"SoftMax", 1, 8, read_soft_max},
    {"Softmax", 8, 8, read_soft_max},
    {"SoftPlus", 4, 8, read_activation<Activation::kSoftplus>},
    {"Sqrt", 1, 8, read_activation<Activation::kSqrt>},
    {"Subtract", 1, 8, read_eltwise<Eltwise::kSubtract>},
    {"Swish", 4, 8, read_swish},
    {"Tanh", 1, 8, read_activation<Activation::kTanh>},
};

}  // namespace

std::span<const IrOpRow> ir_element_wise_ops() {
    return kRows;
}

}  // namespace facet
