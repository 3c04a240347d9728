// SPDX-License-Identifier: MIT
// Convolutions and matrix products by themselves: shapes, strides, dilations, padding, groups.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

struct ConvolutionCase {
    const char* name;
    Shape x;
    int64_t out;
    Extent2 kernel;
    ConvolutionParams params;
    bool bias = true;
};

ConvolutionParams square(int64_t stride, int64_t pad, int64_t dilation = 1, int64_t groups = 1) {
    ConvolutionParams params;
    params.strides = {stride, stride};
    params.pads_begin = params.pads_end = {pad, pad};
    params.dilations = {dilation, dilation};
    params.groups = groups;
    return params;
}

ConvolutionParams padded(AutoPad mode, int64_t stride) {
    ConvolutionParams params = square(stride, 0);
    params.auto_pad = mode;
    return params;
}

ConvolutionParams uneven() {
    ConvolutionParams params;
    params.strides = {2, 1};
    params.dilations = {1, 2};
    params.pads_begin = {0, 2};
    params.pads_end = {1, 1};
    return params;
}

OpCase convolution_case(const ConvolutionCase& c) {
    return make_case(std::string("convolution_") + c.name, [c](CaseBuilder& b) {
        const ValueId x = b.input(c.x);
        return std::vector{b.convolution(x, c.out, c.kernel, c.params, c.bias)};
    });
}

OpCase matmul_case(const std::string& name, const Shape& a, const Shape& b_shape,
                   MatMulParams params) {
    return make_case("matmul_" + name, [=](CaseBuilder& b) {
        const ValueId x = b.input(a);
        return std::vector{b.node(params, {x, b.weights(b_shape)})};
    });
}

}  // namespace

void append_convolution_cases(OpCases& cases) {
    const ConvolutionCase table[] = {
        {"1x1", {1, 7, 3, 5}, 17, {1, 1}, square(1, 0)},
        {"1x1_no_bias", {1, 16, 9, 9}, 32, {1, 1}, square(1, 0), false},
        {"1x1_on_one_pixel", {1, 17, 1, 1}, 7, {1, 1}, square(1, 0)},
        {"1x1_stride2", {1, 7, 5, 7}, 9, {1, 1}, square(2, 0)},
        {"3x3_pixels", {1, 3, 62, 62}, 16, {3, 3}, square(2, 1)},
        {"3x3_valid", {1, 7, 11, 13}, 17, {3, 3}, square(1, 0)},
        {"3x3_pad1", {1, 17, 9, 7}, 7, {3, 3}, square(1, 1)},
        {"3x3_wide", {1, 64, 12, 12}, 64, {3, 3}, square(1, 1)},
        {"3x3_dilated", {1, 7, 13, 11}, 8, {3, 3}, square(1, 2, 2)},
        {"3x3_pad_larger_than_input", {1, 5, 2, 2}, 4, {3, 3}, square(1, 2)},
        {"3x5_uneven", {1, 3, 14, 15}, 5, {3, 5}, uneven()},
        {"5x5_stride3", {1, 4, 17, 19}, 6, {5, 5}, square(3, 2)},
        {"7x7_stride2", {1, 3, 31, 33}, 8, {7, 7}, square(2, 3)},
        {"1x3_row", {1, 6, 4, 9}, 5, {1, 3}, square(1, 0)},
        {"whole_image", {1, 17, 4, 6}, 9, {4, 6}, square(1, 0)},
        {"same_upper", {1, 7, 10, 11}, 5, {3, 3}, padded(AutoPad::kSameUpper, 2)},
        {"same_lower", {1, 7, 10, 11}, 5, {4, 4}, padded(AutoPad::kSameLower, 2)},
        {"auto_valid", {1, 7, 10, 11}, 5, {3, 3}, padded(AutoPad::kValid, 2)},
        {"grouped", {1, 12, 7, 9}, 18, {3, 3}, square(1, 1, 1, 3)},
        {"grouped_odd", {1, 21, 5, 6}, 14, {1, 1}, square(1, 0, 1, 7)},
        {"depthwise", {1, 17, 11, 10}, 17, {3, 3}, square(1, 1, 1, 17)},
        {"depthwise_stride2", {1, 32, 13, 15}, 32, {3, 3}, square(2, 1, 1, 32)},
        {"depthwise_dilated", {1, 8, 12, 12}, 8, {3, 3}, square(1, 2, 2, 8)},
        {"depthwise_multiplier", {1, 5, 8, 8}, 10, {3, 3}, square(1, 1, 1, 5)},
    };
    for (const ConvolutionCase& c : table) cases.push_back(convolution_case(c));

    const auto transposed = [&](const std::string& name, const Shape& x, int64_t outputs,
                                Extent2 kernel, TransposedConvolutionParams params, bool bias) {
        cases.push_back(make_case("transposed_convolution_" + name, [=](CaseBuilder& b) {
            const Shape filter{x[1], outputs / params.groups, kernel[0], kernel[1]};
            std::vector<ValueId> inputs{b.input(x), b.weights(filter)};
            if (bias) inputs.push_back(b.weights({outputs}));
            return std::vector{b.node(params, inputs)};
        }));
    };
    TransposedConvolutionParams twice;
    twice.strides = {2, 2};
    transposed("2x2_stride2", {1, 17, 5, 7}, 8, {2, 2}, twice, true);
    twice.pads_begin = {1, 0};
    twice.pads_end = {0, 1};
    twice.output_padding = {1, 0};
    transposed("3x3_padded", {1, 7, 5, 4}, 16, {3, 3}, twice, false);
    twice.groups = 7;
    transposed("depthwise", {1, 7, 5, 4}, 7, {4, 4}, twice, true);
    TransposedConvolutionParams dilated;
    dilated.dilations = {2, 1};
    dilated.groups = 2;
    transposed("grouped_dilated", {1, 6, 5, 4}, 10, {3, 2}, dilated, true);

    VolumeConvolutionParams volume;
    volume.strides = {1, 2, 1};
    volume.dilations = {1, 1, 2};
    volume.pads_begin = {1, 0, 2};
    volume.pads_end = {1, 1, 0};
    volume.groups = 2;
    cases.push_back(make_case("convolution_of_volumes", [volume](CaseBuilder& b) {
        return std::vector{
            b.node(volume, {b.input({1, 6, 4, 7, 9}), b.weights({4, 3, 3, 2, 3}), b.weights({4})})};
    }));
    VolumeTransposedConvolutionParams spread;
    spread.strides = {2, 1, 2};
    spread.pads_begin = {0, 1, 0};
    spread.output_padding = {1, 0, 0};
    cases.push_back(make_case("transposed_convolution_of_volumes", [spread](CaseBuilder& b) {
        return std::vector{b.node(spread, {b.input({1, 3, 2, 4, 3}), b.weights({3, 5, 2, 3, 2})})};
    }));

    cases.push_back(matmul_case("plain", {1, 17}, {17, 7}, {}));
    cases.push_back(matmul_case("transposed_weights", {1, 64}, {10, 64}, {false, true}));
    cases.push_back(matmul_case("three_axes", {1, 5, 17}, {17, 3}, {}));
    cases.push_back(matmul_case("broadcast_stack", {1, 3, 5, 4}, {3, 4, 6}, {}));
    cases.push_back(matmul_case("transposed_input", {1, 4, 5}, {4, 3}, {true, false}));
    cases.push_back(make_case("matmul_of_two_inputs", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 3, 5});
        const ValueId y = b.input({1, 7, 5});
        return std::vector{b.node(MatMulParams{false, true}, {x, y})};
    }));
}

}  // namespace facet::testing
