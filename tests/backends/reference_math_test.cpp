// SPDX-License-Identifier: MIT
// The arithmetic of the reference kernels against numbers worked out by hand.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tests/backends/reference_evaluation.h"

namespace facet::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::Pointwise;
using Floats = std::vector<float>;

TEST(ReferenceQuantizeLinear, RoundsHalvesToEvenThenShiftsAndSaturates) {
    const uint8_t zero = 128;
    const Tensor bytes = result_of(
        QuantizeLinearParams{},
        {floats({6}, {1, 3, -5, 1000, -1000, NAN}), floats({}, {2}), Tensor::scalar(zero)});
    EXPECT_THAT(bytes.as<uint8_t>(), ElementsAre(128, 130, 126, 255, 0, 128));
}

TEST(ReferenceQuantizeLinear, ScalesBelongToTheirAxis) {
    const std::vector<int8_t> zeros{0, 1};
    const Tensor zero = Tensor::of<int8_t>(Shape{2}, std::span<const int8_t>(zeros));
    const Tensor scale = floats({2}, {1, 10});
    const Tensor bytes =
        result_of(QuantizeLinearParams{.axis = -2},
                  {floats({2, 2, 2}, {1, 2, 30, 40, -5, -6, -70, -80}), scale, zero});
    EXPECT_THAT(bytes.as<int8_t>(), ElementsAre(1, 2, 4, 5, -5, -6, -6, -7));
    EXPECT_EQ(floats_of(DequantizeLinearParams{.axis = 1}, {bytes, scale, zero}),
              (Floats{1, 2, 30, 40, -5, -6, -70, -80}));
}

TEST(ReferenceConvolution, SlidesThePaddedWindowAndAddsTheBias) {
    ConvolutionParams params;
    params.pads_begin = {1, 0};
    const Tensor x = floats({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6});
    const Tensor weights = floats({1, 1, 2, 2}, {1, 10, 100, 1000});
    EXPECT_EQ(floats_of(params, {x, weights, floats({1}, {0.5f})}),
              (Floats{2100.5f, 3200.5f, 5421.5f, 6532.5f}));
}

TEST(ReferenceConvolution, StridesDilatesAndPadsAtTheEnd) {
    ConvolutionParams params;
    params.strides = {1, 2};
    params.dilations = {1, 2};
    params.pads_end = {0, 2};
    const Tensor x = floats({1, 1, 1, 5}, {1, 2, 3, 4, 5});
    // Columns start at 0, 2, 4; the second tap lies two further, for the last in the padding.
    EXPECT_EQ(floats_of(params, {x, floats({1, 1, 1, 2}, {1, 10})}), (Floats{31, 53, 5}));
}

TEST(ReferenceConvolution, KeepsGroupsApart) {
    ConvolutionParams params;
    params.groups = 2;
    const Tensor x = floats({1, 4, 1, 1}, {1, 2, 3, 4});
    const Tensor weights = floats({2, 2, 1, 1}, {1, 10, 100, 1000});
    EXPECT_EQ(floats_of(params, {x, weights}), (Floats{21, 4300}));
}

TEST(ReferenceConvolution, ResolvesSamePaddingTowardsEitherEnd) {
    ConvolutionParams params;
    params.auto_pad = AutoPad::kSameUpper;
    const Tensor x = floats({1, 1, 1, 3}, {1, 2, 3});
    const Tensor weights = floats({1, 1, 1, 2}, {1, 10});
    EXPECT_EQ(floats_of(params, {x, weights}), (Floats{21, 32, 3}));
    params.auto_pad = AutoPad::kSameLower;
    EXPECT_EQ(floats_of(params, {x, weights}), (Floats{10, 21, 32}));
}

TEST(ReferencePooling, MaximumIgnoresPaddingEvenWhenAllIsNegative) {
    PoolingParams params;
    params.kernel = {2, 2};
    params.strides = {2, 2};
    params.pads_begin = {1, 1};
    const Tensor x = floats({1, 1, 3, 3}, {-1, -2, -3, -4, -5, -6, -7, -8, -9});
    EXPECT_EQ(floats_of(params, {x}), (Floats{-1, -2, -4, -5}));
}

TEST(ReferencePooling, CeilModeAddsAPartialWindow) {
    PoolingParams params;
    params.kernel = {1, 2};
    params.strides = {1, 2};
    const Tensor x = floats({1, 1, 1, 5}, {1, 2, 3, 4, 5});
    EXPECT_EQ(floats_of(params, {x}), (Floats{2, 4}));
    params.ceil_mode = true;
    EXPECT_EQ(floats_of(params, {x}), (Floats{2, 4, 5}));
}

TEST(ReferencePooling, AverageCountsPaddingOnlyWhenAskedAndNeverWhatCeilModeAdds) {
    PoolingParams params;
    params.kind = PoolingParams::Kind::kAverage;
    params.kernel = {1, 3};
    params.strides = {1, 3};
    params.pads_begin = {0, 1};
    params.ceil_mode = true;
    const Tensor x = floats({1, 1, 1, 4}, {3, 6, 12, 24});
    EXPECT_EQ(floats_of(params, {x}), (Floats{4.5f, 18}));
    params.count_include_pad = true;
    EXPECT_EQ(floats_of(params, {x}), (Floats{3, 18}));
}

TEST(ReferenceMatMul, TransposesAndBroadcastsTheLeadingAxes) {
    const Tensor a = floats({2, 1, 2}, {1, 2, 3, 4});
    const Tensor b = floats({3, 2}, {1, 0, 0, 1, 1, 1});
    EXPECT_EQ(floats_of(MatMulParams{false, true}, {a, b}), (Floats{1, 2, 3, 3, 4, 7}));
    const Tensor tall = floats({2, 1}, {5, 7});
    EXPECT_EQ(floats_of(MatMulParams{true, false}, {tall, tall}), (Floats{74}));
}

TEST(ReferenceBatchNorm, NormalisesEachChannel) {
    const Tensor x = floats({1, 2, 1, 2}, {1, 3, 10, 20});
    const auto y = floats_of(BatchNormParams{0.0f}, {x, floats({2}, {2, 1}), floats({2}, {1, 0}),
                                                     floats({2}, {1, 10}), floats({2}, {4, 25})});
    EXPECT_THAT(y, ElementsAre(FloatEq(1), FloatEq(3), FloatEq(0), FloatEq(2)));
}

TEST(ReferenceActivation, FollowsEachFormula) {
    using Kind = ActivationParams::Kind;
    const Floats inputs{-2.0f, -0.5f, 0.0f, 0.5f, 4.0f};
    const auto expect = [&](ActivationParams params, const Floats& expected) {
        EXPECT_THAT(floats_of(params, {floats({5}, inputs)}), Pointwise(FloatNear(1e-6f), expected))
            << "kind " << static_cast<int>(params.kind);
    };
    expect({Kind::kRelu}, {0, 0, 0, 0.5f, 4});
    expect({Kind::kLeakyRelu, 0.1f}, {-0.2f, -0.05f, 0, 0.5f, 4});
    expect({Kind::kElu, 2.0f}, {-1.7293294f, -0.7869387f, 0, 0.5f, 4});
    expect({Kind::kClip, -1.0f, 0.25f}, {-1, -0.5f, 0, 0.25f, 0.25f});
    expect({Kind::kSigmoid}, {0.1192029f, 0.3775407f, 0.5f, 0.6224593f, 0.9820138f});
    expect({Kind::kHardSigmoid, 0.2f, 0.5f}, {0.1f, 0.4f, 0.5f, 0.6f, 1});
    expect({Kind::kHardSwish}, {-1.0f / 3, -0.2083333f, 0, 0.2916667f, 4});
    expect({Kind::kTanh}, {-0.9640276f, -0.4621172f, 0, 0.4621172f, 0.9993293f});
    expect({Kind::kExp}, {0.1353353f, 0.6065307f, 1, 1.6487213f, 54.5981500f});
    expect({Kind::kAbs}, {2, 0.5f, 0, 0.5f, 4});
    expect({Kind::kNegate}, {2, 0.5f, 0, -0.5f, -4});
    expect({Kind::kFloor}, {-2, -1, 0, 0, 4});
    expect({Kind::kCeil}, {-2, 0, 0, 1, 4});
    expect({Kind::kErf}, {-0.9953223f, -0.5204999f, 0, 0.5204999f, 1});
    expect({Kind::kSoftplus}, {0.1269280f, 0.4740770f, 0.6931472f, 0.9740770f, 4.0181499f});
    const Tensor positive = floats({2}, {0.25f, 4});
    EXPECT_EQ(floats_of(ActivationParams{Kind::kSqrt}, {positive}), (Floats{0.5f, 2}));
    EXPECT_EQ(floats_of(ActivationParams{Kind::kReciprocal}, {positive}), (Floats{4, 0.25f}));
    EXPECT_THAT(floats_of(ActivationParams{Kind::kLog}, {positive}),
                ElementsAre(FloatEq(-1.3862944f), FloatEq(1.3862944f)));
}

TEST(ReferencePRelu, ScalesNegativesByTheirChannelsSlope) {
    const Tensor x = floats({1, 2, 1, 2}, {-1, 1, -1, 1});
    EXPECT_EQ(floats_of(PReluParams{}, {x, floats({2, 1, 1}, {0.5f, -2})}),
              (Floats{-0.5f, 1, 2, 1}));
}

TEST(ReferenceEltwise, BroadcastsAsNumpyDoes) {
    const EltwiseParams subtract{EltwiseParams::Kind::kSubtract};
    const Tensor column = floats({2, 1}, {10, 20});
    const Tensor row = floats({3}, {1, 2, 3});
    EXPECT_EQ(floats_of(subtract, {column, row}), (Floats{9, 8, 7, 19, 18, 17}));
    EXPECT_EQ(floats_of(subtract, {row, column}), (Floats{-9, -8, -7, -19, -18, -17}));
    const Tensor block = counting({2, 2, 3});
    const Tensor middle = floats({2, 1}, {100, 200});
    EXPECT_EQ(floats_of(EltwiseParams{}, {block, middle}),
              (Floats{100, 101, 102, 203, 204, 205, 106, 107, 108, 209, 210, 211}));
}

TEST(ReferenceEltwise, ComputesIntegersOfShapeChains) {
    const EltwiseParams divide{EltwiseParams::Kind::kDivide};
    const Tensor quotient = result_of(divide, {integers({7, -7, INT64_MIN}), integers({2, 2, -1})});
    EXPECT_THAT(quotient.as<int64_t>(), ElementsAre(3, -3, INT64_MIN));
    const auto failed = evaluate_op(divide, {integers({7}), integers({0})});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kInvalidArgument);
}

TEST(ReferenceEltwise, RoundsHalfPrecisionOnce) {
    const auto half = [](float value) {
        const Half bits = to_half(value);
        return Tensor::of<Half>(Shape{1}, std::span<const Half>(&bits, 1));
    };
    const Tensor sum = result_of(EltwiseParams{}, {half(2048.0f), half(3.0f)});
    ASSERT_EQ(sum.type(), DataType::kF16);
    EXPECT_EQ(to_float(sum.as<Half>()[0]), 2052.0f);  // 2051 lies between 2050 and 2052: to even
}

TEST(ReferenceReduce, ReducesTheAxesNamed) {
    using Kind = ReduceParams::Kind;
    const Tensor x = counting({1, 2, 2, 3});
    EXPECT_EQ(floats_of(ReduceParams{Kind::kMean, {2, 3}}, {x}), (Floats{2.5f, 8.5f}));
    EXPECT_EQ(floats_of(ReduceParams{Kind::kSum, {1}}, {x}), (Floats{6, 8, 10, 12, 14, 16}));
    EXPECT_EQ(floats_of(ReduceParams{Kind::kMax, {-1}, false}, {x}), (Floats{2, 5, 8, 11}));
    EXPECT_EQ(floats_of(ReduceParams{Kind::kMin, {1, 3}}, {x}), (Floats{0, 3}));
    EXPECT_EQ(floats_of(ReduceParams{Kind::kMean, {}, true, true}, {x}), (Floats{2.5f, 8.5f}));
    EXPECT_EQ(floats_of(ReduceParams{Kind::kSum, {}}, {x}), (Floats{66}));
}

TEST(ReferenceSoftmax, NormalisesOneAxisOrTheFlattenedRest) {
    const float log3 = std::log(3.0f);
    const Tensor x = floats({1, 2, 2}, {0, 1000, log3, 1000});
    EXPECT_THAT(floats_of(SoftmaxParams{1}, {x}),
                ElementsAre(FloatEq(0.25f), FloatEq(0.5f), FloatEq(0.75f), FloatEq(0.5f)));
    const Tensor logs = floats({1, 2, 2}, {0, std::log(2.0f), log3, std::log(4.0f)});
    EXPECT_THAT(floats_of(SoftmaxParams{1, true}, {logs}),
                ElementsAre(FloatEq(0.1f), FloatEq(0.2f), FloatEq(0.3f), FloatEq(0.4f)));
}

TEST(ReferenceConvert, TruncatesAndSaturates) {
    const Tensor x = floats({5}, {-1.9f, 2.9f, 1e20f, -1e20f, std::nanf("")});
    EXPECT_THAT(result_of(ConvertParams{DataType::kI32}, {x}).as<int32_t>(),
                ElementsAre(-1, 2, INT32_MAX, INT32_MIN, 0));
    EXPECT_THAT(result_of(ConvertParams{DataType::kU8}, {x}).as<uint8_t>(),
                ElementsAre(0, 2, 255, 0, 0));
    const std::vector<int8_t> bytes{-128, 127};
    const Tensor narrow = Tensor::of<int8_t>(Shape{2}, std::span<const int8_t>(bytes));
    EXPECT_EQ(floats_of(ConvertParams{}, {narrow}), (Floats{-128, 127}));
}

class ReferenceFakeQuantize : public ::testing::Test {
  protected:
    static float snap(float x, float il, float ih, float ol, float oh, int64_t levels) {
        const auto one = [](float value) { return floats({1}, {value}); };
        return floats_of(FakeQuantizeParams{levels},
                         {one(x), one(il), one(ih), one(ol), one(oh)})[0];
    }
};

TEST_F(ReferenceFakeQuantize, RoundsHalvesToTheEvenStep) {
    EXPECT_EQ(snap(0.5f, 0, 4, 0, 4, 5), 0.0f);
    EXPECT_EQ(snap(1.5f, 0, 4, 0, 4, 5), 2.0f);
    EXPECT_EQ(snap(2.5f, 0, 4, 0, 4, 5), 2.0f);
    EXPECT_EQ(snap(2.51f, 0, 4, 0, 4, 5), 3.0f);
}

TEST_F(ReferenceFakeQuantize, SaturatesAtTheLimits) {
    EXPECT_EQ(snap(-9.0f, -1, 1, 10, 20, 256), 10.0f);
    EXPECT_EQ(snap(-1.0f, -1, 1, 10, 20, 256), 10.0f);
    EXPECT_EQ(snap(1.0f, -1, 1, 10, 20, 256), 20.0f);
    EXPECT_EQ(snap(std::numeric_limits<float>::infinity(), -1, 1, 10, 20, 256), 20.0f);
    // A range of no width, as pruned channels have.
    EXPECT_EQ(snap(0.0f, 0, 0, 0, 0, 256), 0.0f);
}

TEST_F(ReferenceFakeQuantize, TakesReversedRanges) {
    // At or below the smaller limit: output_low; above the larger: output_high, by definition even
    // though input_low is the larger one here.
    EXPECT_EQ(snap(-5.0f, 4, 0, 0, 4, 5), 0.0f);
    EXPECT_EQ(snap(5.0f, 4, 0, 0, 4, 5), 4.0f);
    EXPECT_EQ(snap(1.0f, 4, 0, 0, 4, 5), 3.0f);
    EXPECT_EQ(snap(1.0f, 0, 4, 4, 0, 5), 3.0f);
}

TEST_F(ReferenceFakeQuantize, HoldsByteWeightsExactly) {
    for (int weight = 0; weight <= 254; ++weight)
        ASSERT_EQ(snap(static_cast<float>(weight), 0, 254, -127, 127, 255),
                  static_cast<float>(weight - 127));
}

TEST(Reference, RefusesATypeItCannotComputeAndNamesTheNode) {
    const auto failed = evaluate_op(ActivationParams{}, {integers({1, 2})});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(failed.error().message, ::testing::HasSubstr("node 'n' (Activation)"));
}

}  // namespace
}  // namespace facet::testing
