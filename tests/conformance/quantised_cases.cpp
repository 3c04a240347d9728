// SPDX-License-Identifier: MIT
// FakeQuantize by itself and in the chains of INT8 models, and u8 pixels as input.
#include "tests/conformance/case_lists.h"

namespace facet::testing {

namespace {

// A value next to a rounding boundary may fall on either side of it when the sums before it differ
// in their last bit, and then moves what follows by a step.
constexpr double kOneStep = 5e-3;

ValueId quantise(CaseBuilder& b, ValueId x, float low, float high, int64_t levels = 256) {
    const ValueId bottom = b.floats({1, 1, 1, 1}, {low});
    const ValueId top = b.floats({1, 1, 1, 1}, {high});
    return b.node(FakeQuantizeParams{levels}, {x, bottom, top, bottom, top});
}

// i8 -> Convert -> Subtract -> Multiply: the newer encoding of INT8 weights, one scale per channel.
ValueId scaled_bytes(CaseBuilder& b, const Shape& shape) {
    const Shape per_channel{shape[0], 1, 1, 1};
    const ValueId wide = b.node(ConvertParams{DataType::kF32}, {b.byte_weights(shape)});
    const ValueId zero = b.floats({1, 1, 1, 1}, {0.0f});
    const ValueId centred = b.node(EltwiseParams{EltwiseParams::Kind::kSubtract}, {wide, zero});
    return b.node(EltwiseParams{EltwiseParams::Kind::kMultiply},
                  {centred, b.weights(per_channel, 0.001f, 0.004f)});
}

// i8 -> Convert -> FakeQuantize of 255 levels: the older encoding.
ValueId quantised_bytes(CaseBuilder& b, const Shape& shape) {
    const Shape per_channel{shape[0], 1, 1, 1};
    const ValueId wide = b.node(ConvertParams{DataType::kF32}, {b.byte_weights(shape)});
    const ValueId low = b.floats({1, 1, 1, 1}, {-127.0f});
    const ValueId high = b.floats({1, 1, 1, 1}, {127.0f});
    std::vector<float> lows, highs;
    for (int64_t i = 0; i < shape[0]; ++i) {
        highs.push_back(0.2f + 0.05f * static_cast<float>(i % 5));
        lows.push_back(-highs.back());
    }
    return b.node(FakeQuantizeParams{255},
                  {wide, low, high, b.floats(per_channel, lows), b.floats(per_channel, highs)});
}

ConvolutionParams same(int64_t stride, int64_t groups = 1) {
    ConvolutionParams params;
    params.strides = {stride, stride};
    params.pads_begin = params.pads_end = {1, 1};
    params.groups = groups;
    return params;
}

void append_single_cases(OpCases& cases) {
    const auto single = [&](const std::string& name, float low, float high, int64_t levels) {
        cases.push_back(make_case("fake_quantize_" + name, [=](CaseBuilder& b) {
            return std::vector{quantise(b, b.input({1, 7, 3, 5}), low, high, levels)};
        }));
    };
    single("unsigned", 0.0f, 0.8f, 256);
    single("signed", -0.75f, 0.744140625f, 256);
    single("narrow", -0.5f, 0.5f, 255);
    single("two_levels", -0.25f, 0.5f, 2);
    cases.push_back(make_case("fake_quantize_per_channel", [](CaseBuilder& b) {
        const Shape channels{1, 3, 1, 1};
        const ValueId low = b.floats(channels, {0.0f, -0.5f, -1.0f});
        const ValueId high = b.floats(channels, {0.7f, 0.3f, 0.9f});
        const ValueId x = b.input({1, 3, 5, 7});
        return std::vector{b.node(FakeQuantizeParams{256}, {x, low, high, low, high})};
    }));
    cases.push_back(make_case("fake_quantize_to_other_range", [](CaseBuilder& b) {
        const auto bound = [&b](float value) { return b.floats({}, {value}); };
        const ValueId x = b.input({1, 3, 5, 7});
        return std::vector{b.node(FakeQuantizeParams{16},
                                  {x, bound(-0.6f), bound(0.7f), bound(5.0f), bound(-3.0f)})};
    }));
}

// ONNX's way to say the same, and bytes that leave the model.
void append_linear_cases(OpCases& cases) {
    const auto byte = [](CaseBuilder& b, uint8_t value) {
        return b.constant(Tensor::scalar(value));
    };
    cases.push_back(make_case("quantize_linear_pair", [=](CaseBuilder& b) {
        const ValueId scale = b.floats({}, {0.0078125f});
        const ValueId bytes =
            b.node(QuantizeLinearParams{}, {b.input({1, 7, 3, 5}), scale, byte(b, 127)});
        return std::vector{b.node(DequantizeLinearParams{}, {bytes, scale, byte(b, 127)})};
    }));
    cases.push_back(make_case("quantize_linear_per_channel", [](CaseBuilder& b) {
        const ValueId scale = b.floats({3}, {0.01f, 0.02f, 0.003f});
        const ValueId bytes = b.node(QuantizeLinearParams{}, {b.input({1, 3, 5, 7}), scale});
        return std::vector{b.node(DequantizeLinearParams{}, {bytes, scale})};
    }));
    cases.push_back(make_case("quantize_linear_alone", [=](CaseBuilder& b) {
        const ValueId scale = b.floats({}, {0.0078125f});
        const ValueId bytes =
            b.node(QuantizeLinearParams{}, {b.input({1, 7, 3, 5}), scale, byte(b, 127)});
        return std::vector{b.node(ConvertParams{DataType::kF32}, {bytes})};
    }));
    cases.push_back(make_case("dequantize_linear_of_pixels", [=](CaseBuilder& b) {
        const ValueId x = b.input({1, 3, 5, 7}, DataType::kU8);
        const ValueId scale = b.floats({}, {0.00390625f});
        return std::vector{b.node(DequantizeLinearParams{}, {x, scale, byte(b, 128)})};
    }));
}

void append_chain_cases(OpCases& cases) {
    const auto chain = [&](const std::string& name, auto write) {
        cases.push_back(with_tolerance(make_case("int8_" + name, write), kOneStep));
    };
    chain("relu_quantise_convolution", [](CaseBuilder& b) {
        const ValueId relu = b.node(ActivationParams{}, {b.input({1, 7, 9, 11})});
        const ValueId x = quantise(b, relu, 0.0f, 0.95f);
        const ValueId w = scaled_bytes(b, {17, 7, 3, 3});
        return std::vector{b.node(same(1), {x, w, b.weights({17})})};
    });
    chain("two_convolutions", [](CaseBuilder& b) {
        const ValueId x = quantise(b, b.input({1, 3, 17, 15}), -1.0f, 0.9921875f);
        const ValueId first =
            b.node(same(2), {x, quantised_bytes(b, {16, 3, 3, 3}), b.weights({16})});
        const ValueId middle = quantise(b, b.node(ActivationParams{}, {first}), 0.0f, 2.5f);
        const ValueId w = scaled_bytes(b, {24, 16, 1, 1});
        return std::vector{b.node(ConvolutionParams{}, {middle, w, b.weights({24})})};
    });
    chain("depthwise", [](CaseBuilder& b) {
        const ValueId relu = b.node(ActivationParams{}, {b.input({1, 16, 8, 9})});
        const ValueId x = quantise(b, relu, 0.0f, 1.0f);
        const ValueId spread =
            b.node(same(1, 16), {x, scaled_bytes(b, {16, 1, 3, 3}), b.weights({16})});
        return std::vector{b.node(ActivationParams{}, {spread})};
    });
    chain("residual", [](CaseBuilder& b) {
        const ValueId x =
            quantise(b, b.node(ActivationParams{}, {b.input({1, 16, 7, 6})}), 0.0f, 0.9f);
        const ValueId y = b.node(same(1), {x, scaled_bytes(b, {16, 16, 3, 3}), b.weights({16})});
        const ValueId sum = b.node(EltwiseParams{}, {y, x});
        const ValueId out = quantise(b, b.node(ActivationParams{}, {sum}), 0.0f, 2.0f);
        return std::vector{b.node(ConvolutionParams{}, {out, scaled_bytes(b, {8, 16, 1, 1})})};
    });
    chain("max_pool_and_concat", [](CaseBuilder& b) {
        const ValueId x =
            quantise(b, b.node(ActivationParams{}, {b.input({1, 8, 8, 10})}), 0.0f, 1.0f);
        PoolingParams pool;
        pool.kernel = pool.strides = {2, 2};
        const ValueId pooled = b.node(pool, {x});
        const ValueId reduced = b.node(same(2), {x, scaled_bytes(b, {8, 8, 3, 3}), b.weights({8})});
        const ValueId narrow = quantise(b, b.node(ActivationParams{}, {reduced}), 0.0f, 1.0f);
        const ValueId joined = b.node(ConcatParams{1}, {pooled, narrow});
        return std::vector{b.node(ConvolutionParams{}, {joined, scaled_bytes(b, {9, 16, 1, 1})})};
    });
    chain("convolution_to_one_pixel", [](CaseBuilder& b) {
        const ValueId x =
            quantise(b, b.node(ActivationParams{}, {b.input({1, 33, 4, 4})}), 0.0f, 1.0f);
        const ValueId w = quantised_bytes(b, {5, 33, 4, 4});
        return std::vector{b.node(ConvolutionParams{}, {x, w, b.weights({5})})};
    });
}

// The head that accept_u8_pixels() makes.
void append_pixel_cases(OpCases& cases) {
    const auto pixels = [](CaseBuilder& b, int64_t height, int64_t width) {
        const ValueId x = b.input({1, height, width, 3}, DataType::kU8);
        const ValueId wide = b.node(ConvertParams{DataType::kF32}, {x});
        return b.node(TransposeParams{{0, 3, 1, 2}}, {wide});
    };
    cases.push_back(make_case("pixels_then_convolution", [=](CaseBuilder& b) {
        const ValueId y = b.convolution(pixels(b, 62, 62), 17, {3, 3}, same(2));
        return std::vector{b.node(ActivationParams{}, {y})};
    }));
    cases.push_back(make_case("pixels_normalised", [=](CaseBuilder& b) {
        const ValueId planes = pixels(b, 13, 21);
        const ValueId mean = b.floats({1, 3, 1, 1}, {104.0f, 117.0f, 123.0f});
        const ValueId scale = b.floats({1, 3, 1, 1}, {128.0f, 127.0f, 126.0f});
        const ValueId centred =
            b.node(EltwiseParams{EltwiseParams::Kind::kSubtract}, {planes, mean});
        const ValueId unit = b.node(EltwiseParams{EltwiseParams::Kind::kDivide}, {centred, scale});
        return std::vector{b.convolution(unit, 8, {3, 3}, same(1))};
    }));
    cases.push_back(
        with_tolerance(make_case("pixels_quantised",
                                 [=](CaseBuilder& b) {
                                     const ValueId x = quantise(b, pixels(b, 24, 31), 0.0f, 255.0f);
                                     const ValueId w = scaled_bytes(b, {16, 3, 3, 3});
                                     return std::vector{b.node(same(2), {x, w, b.weights({16})})};
                                 }),
                       kOneStep));
    cases.push_back(make_case("pixels_kept_channels_last", [](CaseBuilder& b) {
        const ValueId x = b.input({1, 5, 7, 3}, DataType::kU8);
        const ValueId wide = b.node(ConvertParams{DataType::kF32}, {x});
        return std::vector{b.node(EltwiseParams{EltwiseParams::Kind::kMultiply},
                                  {wide, b.floats({}, {1.0f / 255.0f})})};
    }));
}

}  // namespace

void append_quantised_cases(OpCases& cases) {
    append_single_cases(cases);
    append_linear_cases(cases);
    append_chain_cases(cases);
    append_pixel_cases(cases);
}

}  // namespace facet::testing
