// SPDX-License-Identifier: MIT
// Op readers of ONNX operators that normalise.
#include "engine/formats/onnx_op.h"

namespace facet {

namespace {

using Activation = ActivationParams::Kind;
using Eltwise = EltwiseParams::Kind;

Result<void> read_local_response_norm(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    LocalResponseNormParams params;
    FACET_ASSIGN(params.size, op.integer("size", {}, 1, kMaxExtent));
    FACET_ASSIGN(params.alpha, op.number("alpha", 1e-4f));
    FACET_ASSIGN(params.beta, op.number("beta", 0.75f));
    FACET_ASSIGN(params.bias, op.number("bias", 1.0f));
    return op.add(params);
}

Result<void> read_instance_norm(OnnxOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    FACET_ASSIGN(const float epsilon, op.number("epsilon", 1e-5f));
    return op.add(InstanceNormParams{epsilon});
}

Result<void> read_log_softmax(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    const bool flatten = op.opset() < 13;
    FACET_ASSIGN(const int64_t axis, op.axis(flatten ? 1 : -1));
    return op.add(SoftmaxParams{axis, flatten, true});
}

Result<void> read_lp_normalization(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t axis, op.axis(-1));
    FACET_ASSIGN(const int64_t p, op.integer("p", 2));
    if (p != 1 && p != 2) return op.unsupported("p=" + std::to_string(p), "1, 2");
    const auto kind = p == 1 ? ReduceParams::Kind::kL1 : ReduceParams::Kind::kL2;
    const ValueId norm = op.add_value("norm");
    FACET_TRY(op.add(ReduceParams{kind, {axis}}, {op.input(0)}, {norm}));
    return op.add(EltwiseParams{Eltwise::kDivide}, {op.input(0), norm});
}

struct Moments {
    ValueId mean = kNoValue, centred = kNoValue, variance = kNoValue;
};

Result<Moments> add_moments(OnnxOp& op, const std::vector<int64_t>& axes, ValueId mean) {
    const Moments moments{mean, op.add_value("centred"), op.add_value("variance")};
    const ReduceParams average{ReduceParams::Kind::kMean, axes};
    FACET_TRY(op.add(average, {op.input(0)}, {mean}));
    FACET_TRY(op.add(EltwiseParams{Eltwise::kSubtract}, {op.input(0), mean}, {moments.centred}));
    const ValueId squares = op.add_value("squares");
    FACET_TRY(
        op.add(EltwiseParams{Eltwise::kMultiply}, {moments.centred, moments.centred}, {squares}));
    FACET_TRY(op.add(average, {squares}, {moments.variance}));
    return moments;
}

// The epsilon is that of the operator's definition as a function.
Result<void> read_mean_variance_normalization(OnnxOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const std::vector<int64_t> axes,
                 op.integers("axes", std::vector<int64_t>{0, 2, 3}));
    FACET_ASSIGN(const Moments moments, add_moments(op, axes, op.add_value("mean")));
    const ValueId deviation = op.add_value("deviation");
    const ValueId divisor = op.add_value("divisor");
    FACET_TRY(op.add(ActivationParams{Activation::kSqrt}, {moments.variance}, {deviation}));
    FACET_TRY(op.add(EltwiseParams{Eltwise::kAdd}, {deviation, op.add_number("epsilon", 1e-9f)},
                     {divisor}));
    return op.add(EltwiseParams{Eltwise::kDivide}, {moments.centred, divisor});
}

// The axes are as many of the last ones as the scale has.
Result<void> read_layer_normalization(OnnxOp& op) {
    FACET_TRY(op.require_inputs(2, 3));
    FACET_ASSIGN(const float epsilon, op.number("epsilon", 1e-5f));
    const Tensor* scale = op.constant(1);
    if (scale == nullptr) return op.unsupported("the scale is not a constant", "a constant");
    std::vector<int64_t> axes;
    for (int i = scale->shape().rank(); i > 0; --i) axes.push_back(-i);
    if (axes.empty()) return op.unsupported("a scale without axes", "one axis or more");

    const auto optional_output = [&](size_t index, std::string_view name) {
        const bool asked = index < op.output_count() && op.outputs()[index] != kNoValue;
        return asked ? op.outputs()[index] : op.add_value(name);
    };
    FACET_ASSIGN(const Moments moments, add_moments(op, axes, optional_output(1, "mean")));
    const ValueId stabilised = op.add_value("stabilised");
    const ValueId deviation = op.add_value("deviation");
    const ValueId inverse = optional_output(2, "inverse");
    const ValueId normal = op.add_value("normal");
    FACET_TRY(op.add(EltwiseParams{Eltwise::kAdd},
                     {moments.variance, op.add_number("epsilon", epsilon)}, {stabilised}));
    FACET_TRY(op.add(ActivationParams{Activation::kSqrt}, {stabilised}, {deviation}));
    FACET_TRY(op.add(ActivationParams{Activation::kReciprocal}, {deviation}, {inverse}));
    FACET_TRY(op.add(EltwiseParams{Eltwise::kMultiply}, {moments.centred, inverse}, {normal}));
    if (!op.has_input(2)) return op.add(EltwiseParams{Eltwise::kMultiply}, {normal, op.input(1)});
    const ValueId scaled = op.add_value("scaled");
    FACET_TRY(op.add(EltwiseParams{Eltwise::kMultiply}, {normal, op.input(1)}, {scaled}));
    return op.add(EltwiseParams{Eltwise::kAdd}, {scaled, op.input(2)});
}

constexpr OnnxOpRow kRows[] = {
    {"InstanceNormalization", 1, 17, read_instance_norm},
    {"LRN", 1, 17, read_local_response_norm},
    {"LayerNormalization", 17, 17, read_layer_normalization},
    {"LogSoftmax", 1, 17, read_log_softmax},
    {"LpNormalization", 1, 17, read_lp_normalization},
    {"MeanVarianceNormalization", 9, 17, read_mean_variance_normalization},
};

}  // namespace

std::span<const OnnxOpRow> onnx_normalize_ops() {
    return kRows;
}

}  // namespace facet
