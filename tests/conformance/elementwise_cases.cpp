// SPDX-License-Identifier: MIT
// Functions of one element, and arithmetic with every kind of broadcasting.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

using Unary = ActivationParams::Kind;
using Binary = EltwiseParams::Kind;

OpCase activation(const std::string& name, ActivationParams params, float low = -4.0f,
                  float high = 4.0f) {
    OpCase op_case = make_case("activation_" + name, [params](CaseBuilder& b) {
        return std::vector{b.node(params, {b.input({1, 7, 3, 5})})};
    });
    return with_range(std::move(op_case), low, high);
}

OpCase with_constant(const std::string& name, Binary kind, const Shape& shape) {
    return make_case("eltwise_" + name, [=](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 3, 5});
        // Behind a relu, so that nothing before it can absorb the constant.
        const ValueId relu = b.node(ActivationParams{}, {x});
        return std::vector{b.node(EltwiseParams{kind}, {relu, b.weights(shape, 0.5f, 2.0f)})};
    });
}

OpCase of_two_inputs(const std::string& name, Binary kind, const Shape& a, const Shape& c) {
    return make_case("eltwise_" + name, [=](CaseBuilder& b) {
        const ValueId left = b.input(a);
        const ValueId right = b.input(c);
        return std::vector{b.node(EltwiseParams{kind}, {left, right})};
    });
}

}  // namespace

void append_elementwise_cases(OpCases& cases) {
    cases.push_back(activation("relu", {}));
    cases.push_back(activation("leaky_relu", {Unary::kLeakyRelu, 0.01f}));
    cases.push_back(activation("elu", {Unary::kElu, 1.0f}));
    cases.push_back(activation("clip", {Unary::kClip, -1.0f, 2.0f}));
    cases.push_back(activation("sigmoid", {Unary::kSigmoid}));
    cases.push_back(activation("hard_sigmoid", {Unary::kHardSigmoid, 0.2f, 0.5f}));
    cases.push_back(activation("hard_swish", {Unary::kHardSwish}));
    cases.push_back(activation("tanh", {Unary::kTanh}));
    cases.push_back(activation("exp", {Unary::kExp}));
    cases.push_back(activation("log", {Unary::kLog}, 0.1f, 8.0f));
    cases.push_back(activation("sqrt", {Unary::kSqrt}, 0.1f, 8.0f));
    cases.push_back(activation("abs", {Unary::kAbs}));
    cases.push_back(activation("negate", {Unary::kNegate}));
    cases.push_back(activation("floor", {Unary::kFloor}));
    cases.push_back(activation("ceil", {Unary::kCeil}));
    cases.push_back(activation("reciprocal", {Unary::kReciprocal}, 0.5f, 4.0f));
    cases.push_back(activation("erf", {Unary::kErf}));
    cases.push_back(activation("softplus", {Unary::kSoftplus}));
    cases.push_back(activation("softsign", {Unary::kSoftsign}));
    cases.push_back(activation("sign", {Unary::kSign}));
    cases.push_back(activation("round", {Unary::kRound}));
    cases.push_back(activation("gelu", {Unary::kGelu}));
    cases.push_back(activation("gelu_tanh", {Unary::kGeluTanh}));
    cases.push_back(activation("mish", {Unary::kMish}));
    cases.push_back(activation("selu", {Unary::kSelu, 1.6732632f, 1.050701f}));
    cases.push_back(activation("celu", {Unary::kCelu, 2.0f}));
    cases.push_back(activation("thresholded_relu", {Unary::kThresholdedRelu, 1.0f}));
    cases.push_back(activation("shrink", {Unary::kShrink, 0.5f, 0.25f}));
    cases.push_back(activation("sin", {Unary::kSin}));
    cases.push_back(activation("atanh", {Unary::kAtanh}, -0.9f, 0.9f));
    cases.push_back(make_case("select_by_comparison", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 3, 5});
        const ValueId limit = b.weights({7, 1, 1});
        const ValueId above = b.node(CompareParams{CompareParams::Kind::kGreater}, {x, limit});
        return std::vector{b.node(SelectParams{}, {above, x, b.floats({}, {-2.0f})})};
    }));

    cases.push_back(with_constant("add_per_channel", Binary::kAdd, {1, 7, 1, 1}));
    cases.push_back(with_constant("multiply_scalar", Binary::kMultiply, {}));
    cases.push_back(with_constant("multiply_one_element", Binary::kMultiply, {1, 1, 1, 1}));
    cases.push_back(with_constant("subtract_per_column", Binary::kSubtract, {5}));
    cases.push_back(with_constant("divide_per_row", Binary::kDivide, {3, 1}));
    cases.push_back(with_constant("maximum_of_lower_rank", Binary::kMaximum, {7, 3, 5}));
    cases.push_back(with_constant("power_scalar", Binary::kPower, {1}));
    cases.push_back(with_constant("minimum_channel_and_column", Binary::kMinimum, {1, 7, 1, 5}));

    const Shape full{1, 7, 3, 5};
    cases.push_back(of_two_inputs("add_same_shape", Binary::kAdd, full, full));
    cases.push_back(of_two_inputs("multiply_same_shape", Binary::kMultiply, full, full));
    cases.push_back(of_two_inputs("subtract_same_shape", Binary::kSubtract, full, full));
    cases.push_back(of_two_inputs("maximum_same_shape", Binary::kMaximum, full, full));
    cases.push_back(of_two_inputs("minimum_same_shape", Binary::kMinimum, full, full));
    cases.push_back(of_two_inputs("gate_per_channel", Binary::kMultiply, full, {1, 7, 1, 1}));
    cases.push_back(of_two_inputs("outer_product", Binary::kMultiply, {1, 7, 1, 5}, {1, 1, 3, 1}));
    cases.push_back(of_two_inputs("small_minus_large", Binary::kSubtract, {1, 1, 3, 5}, full));
    cases.push_back(with_range(of_two_inputs("divide", Binary::kDivide, full, full), 0.5f, 2.0f));

    cases.push_back(make_case("prelu_per_channel", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 3, 5});
        return std::vector{b.node(PReluParams{}, {x, b.weights({7, 1, 1})})};
    }));
    cases.push_back(make_case("prelu_one_slope", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 3, 5});
        return std::vector{b.node(PReluParams{}, {x, b.weights({1})})};
    }));
    cases.push_back(make_case("prelu_per_element", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 4, 3, 5});
        return std::vector{b.node(PReluParams{}, {x, b.weights({4, 3, 5})})};
    }));
}

}  // namespace facet::testing
