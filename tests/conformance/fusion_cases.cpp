// SPDX-License-Identifier: MIT
// Chains that backends join into one kernel, and the forks that must keep them from it.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

using Kind = ActivationParams::Kind;

ConvolutionParams same3x3() {
    ConvolutionParams params;
    params.pads_begin = params.pads_end = {1, 1};
    return params;
}

ValueId body(CaseBuilder& b, ValueId x, int64_t channels) {
    return b.convolution(x, channels, {3, 3}, same3x3());
}

OpCase activated(const std::string& name, ActivationParams activation) {
    return make_case("convolution_then_" + name, [activation](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 7, 9, 11}), 17);
        return std::vector{b.node(activation, {y})};
    });
}

void append_residual_cases(OpCases& cases) {
    cases.push_back(make_case("convolution_add_relu", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 16, 7, 9});
        const ValueId sum = b.node(EltwiseParams{}, {body(b, x, 16), x});
        return std::vector{b.node(ActivationParams{}, {sum})};
    }));
    cases.push_back(make_case("relu_before_add", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 7, 9});
        const ValueId y = b.node(ActivationParams{}, {body(b, x, 7)});
        return std::vector{b.node(EltwiseParams{}, {y, x})};
    }));
    cases.push_back(make_case("sum_of_two_convolutions", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 8, 10});
        const ValueId sum = b.node(EltwiseParams{}, {body(b, x, 17), body(b, x, 17)});
        return std::vector{b.node(ActivationParams{}, {sum})};
    }));
    cases.push_back(make_case("residual_read_again_later", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 8, 6, 7});
        const ValueId left = body(b, x, 8);
        const ValueId right = body(b, x, 8);
        const ValueId sum = b.node(EltwiseParams{}, {left, right});
        const ValueId again = b.node(EltwiseParams{EltwiseParams::Kind::kMultiply}, {sum, right});
        return std::vector{again};
    }));
    cases.push_back(make_case("convolution_added_to_itself", [](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 5, 6, 7}), 8);
        return std::vector{b.node(EltwiseParams{}, {y, y})};
    }));
    cases.push_back(make_case("inner_value_is_an_output", [](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 5, 6, 7}), 8);
        return std::vector{y, b.node(ActivationParams{}, {y})};
    }));
}

void append_scale_cases(OpCases& cases) {
    cases.push_back(make_case("convolution_batch_norm_relu", [](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 7, 9, 5}), 17);
        const ValueId normalised =
            b.node(BatchNormParams{}, {y, b.weights({17}, 0.5f, 1.5f), b.weights({17}),
                                       b.weights({17}), b.weights({17}, 0.5f, 2.0f)});
        return std::vector{b.node(ActivationParams{}, {normalised})};
    }));
    cases.push_back(make_case("batch_norm_alone", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 7, 5, 3});
        const ValueId relu = b.node(ActivationParams{}, {x});
        return std::vector{
            b.node(BatchNormParams{1e-3f}, {relu, b.weights({7}, 0.5f, 1.5f), b.weights({7}),
                                            b.weights({7}), b.weights({7}, 0.5f, 2.0f)})};
    }));
    cases.push_back(make_case("scale_shift_before_padded_convolution", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 3, 9, 8});
        const EltwiseParams multiply{EltwiseParams::Kind::kMultiply};
        const ValueId scaled = b.node(multiply, {x, b.weights({1, 3, 1, 1}, 0.5f, 2.0f)});
        const ValueId shifted = b.node(EltwiseParams{}, {scaled, b.weights({1, 3, 1, 1})});
        return std::vector{body(b, shifted, 8)};
    }));
}

}  // namespace

void append_fusion_cases(OpCases& cases) {
    cases.push_back(activated("relu", {}));
    cases.push_back(activated("leaky_relu", {Kind::kLeakyRelu, 0.1f}));
    cases.push_back(activated("elu", {Kind::kElu, 0.7f}));
    cases.push_back(activated("clip", {Kind::kClip, 0.0f, 1.5f}));
    cases.push_back(activated("sigmoid", {Kind::kSigmoid}));
    cases.push_back(activated("hard_sigmoid", {Kind::kHardSigmoid, 0.2f, 0.5f}));
    cases.push_back(activated("hard_swish", {Kind::kHardSwish}));
    cases.push_back(activated("tanh", {Kind::kTanh}));
    cases.push_back(make_case("convolution_then_prelu", [](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 7, 9, 11}), 17);
        return std::vector{b.node(PReluParams{}, {y, b.weights({17, 1, 1}, 0.0f, 0.5f)})};
    }));
    // Channels in whole vectors, so that Winograd's algorithm can take them.
    cases.push_back(make_case("wide_convolution_then_prelu", [](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 16, 19, 21}), 48);
        return std::vector{b.node(PReluParams{}, {y, b.weights({48, 1, 1}, 0.0f, 0.5f)})};
    }));
    cases.push_back(make_case("wide_convolutions_with_a_residual", [](CaseBuilder& b) {
        const ValueId x = b.node(ActivationParams{}, {body(b, b.input({1, 16, 13, 11}), 32)});
        const ValueId y = body(b, b.node(ActivationParams{}, {body(b, x, 32)}), 32);
        const ValueId sum = b.node(EltwiseParams{EltwiseParams::Kind::kAdd}, {y, x});
        return std::vector{b.node(ActivationParams{}, {sum})};
    }));
    cases.push_back(make_case("convolution_then_max_pool", [](CaseBuilder& b) {
        const ValueId y = body(b, b.input({1, 3, 15, 17}), 16);
        PoolingParams pool;
        pool.kernel = {3, 3};
        pool.strides = {2, 2};
        pool.ceil_mode = true;
        return std::vector{b.node(pool, {b.node(ActivationParams{}, {y})})};
    }));
    cases.push_back(make_case("depthwise_then_pointwise", [](CaseBuilder& b) {
        ConvolutionParams depthwise = same3x3();
        depthwise.groups = 16;
        const ValueId x = b.input({1, 16, 9, 11});
        const ValueId spread = b.convolution(x, 16, {3, 3}, depthwise);
        const ValueId relu = b.node(ActivationParams{}, {spread});
        return std::vector{b.convolution(relu, 24, {1, 1})};
    }));
    cases.push_back(make_case("matmul_add_relu", [](CaseBuilder& b) {
        const ValueId product = b.node(MatMulParams{}, {b.input({1, 33}), b.weights({33, 9})});
        const ValueId sum = b.node(EltwiseParams{}, {product, b.weights({1, 9})});
        return std::vector{b.node(ActivationParams{}, {sum})};
    }));
    append_residual_cases(cases);
    append_scale_cases(cases);
}

}  // namespace facet::testing
