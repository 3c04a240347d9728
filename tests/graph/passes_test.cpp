// SPDX-License-Identifier: MIT
// prepare() changes a graph's form, never its results; accept_u8_pixels() feeds it images.
#include "engine/graph/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "engine/backends/reference/reference_backend.h"
#include "tests/graph/interpreter.h"
#include "tests/support/model_builder.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ModelBuilder;

std::vector<std::string> operations(const Graph& graph) {
    std::vector<std::string> names;
    for (const Node& node : graph.nodes) names.emplace_back(name_of(node.params));
    return names;
}

// Prepares a copy and checks that it is valid and computes what `graph` does, up to rounding.
Graph prepared(const Graph& graph) {
    Graph copy = graph;
    const auto result = prepare(copy, reference::evaluate);
    EXPECT_TRUE(result.ok()) << result.error().text();
    if (!result) return copy;
    const auto valid = validate(copy);
    EXPECT_TRUE(valid.ok()) << valid.error().text();
    const auto inputs = testing::random_inputs(graph);
    const auto expected = testing::interpret(graph, inputs);
    const auto actual = testing::interpret(copy, inputs);
    EXPECT_EQ(graph.outputs.size(), copy.outputs.size());
    for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_LT(testing::relative_difference(expected[i], actual[i]), 1e-5);
        EXPECT_EQ(graph.value(graph.outputs[i]).name, copy.value(copy.outputs[i]).name);
        EXPECT_EQ(copy.value(copy.outputs[i]).shape.text(), expected[i].shape().text());
    }
    return copy;
}

void expect_refused(Graph graph, const std::string& words) {
    const auto result = prepare(graph, reference::evaluate);
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(result.error().message, HasSubstr(words));
}

ConvolutionParams padded_by(int64_t pads) {
    ConvolutionParams params;
    params.pads_begin = params.pads_end = {pads, pads};
    return params;
}

// x -> QuantizeLinear -> DequantizeLinear with scales along axis 1; zero points of type T.
template <typename T>
Graph quantised(const std::vector<float>& scales, const std::vector<T>& zero_points) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 2, 5, 7});
    const Shape shape = scales.size() == 1 ? Shape{} : Shape{static_cast<int64_t>(scales.size())};
    const ValueId scale =
        builder.constant(Tensor::of<float>(shape, std::span<const float>(scales)));
    const ValueId zero = builder.constant(Tensor::of<T>(shape, std::span<const T>(zero_points)));
    const ValueId bytes = builder.node(QuantizeLinearParams{}, {x, scale, zero});
    builder.output(builder.node(DequantizeLinearParams{}, {bytes, scale, zero}), "y");
    return builder.build();
}

TEST(Prepare, QuantizeAndDequantizeBecomeOneFakeQuantize) {
    EXPECT_THAT(operations(prepared(quantised<uint8_t>({0.011f}, {100}))),
                ElementsAre("FakeQuantize"));
    EXPECT_THAT(operations(prepared(quantised<int8_t>({0.011f, 0.007f}, {0, -12}))),
                ElementsAre("FakeQuantize"));
}

TEST(Prepare, QuantisedBytesThatAreReadAsSuchStayBytes) {
    ModelBuilder builder;
    const ValueId scale = builder.floats({}, {0.02f});
    const ValueId bytes = builder.node(QuantizeLinearParams{}, {builder.input("x", {1, 8}), scale});
    builder.output(builder.node(DequantizeLinearParams{}, {bytes, scale}), "y");
    builder.output(bytes, "bytes");
    Graph graph = builder.build();
    const auto result = prepare(graph, reference::evaluate);
    ASSERT_TRUE(result.ok()) << result.error().text();
    EXPECT_THAT(operations(graph), ElementsAre("QuantizeLinear", "FakeQuantize"));
}

TEST(Prepare, DequantisedWeightsAreFloatsOfTheConvolution) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 1, 3, 3});
    const std::vector<int8_t> bytes{-128, 127};
    const ValueId weights =
        builder.constant(Tensor::of<int8_t>(Shape{2, 1, 1, 1}, std::span<const int8_t>(bytes)));
    const ValueId floats = builder.node(DequantizeLinearParams{.axis = 0},
                                        {weights, builder.floats({2}, {0.5f, 0.25f})});
    builder.output(builder.node(ConvolutionParams{}, {x, floats}), "y");
    const Graph graph = prepared(builder.build());
    ASSERT_THAT(operations(graph), ElementsAre("Convolution"));
    EXPECT_THAT(graph.constant_input(graph.nodes[0], 1)->as<float>(), ElementsAre(-64, 31.75f));
}

TEST(Prepare, AddBehindAConvolutionBecomesItsBiasAndSharesTheWeights) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 8, 8});
    const ValueId conv = builder.conv(x, 4, 3, padded_by(1), false);
    builder.output(builder.add(builder.random({1, 4, 1, 1}), conv), "y");
    const Graph graph = builder.build();
    const Graph result = prepared(graph);
    EXPECT_THAT(operations(result), ElementsAre("Convolution"));
    ASSERT_NE(result.constant_input(result.nodes[0], 2), nullptr);
    EXPECT_EQ(result.constant_input(result.nodes[0], 1)->view().bytes,
              graph.constant_input(graph.nodes[0], 1)->view().bytes);
}

TEST(Prepare, ChainBehindAConvolutionFoldsIntoIt) {
    ModelBuilder builder;
    ValueId x = builder.conv(builder.input("x", {2, 4, 8, 8}), 6, 3, padded_by(1));
    x = builder.multiply(x, builder.random({6, 1, 1}));
    x = builder.eltwise(EltwiseParams::Kind::kSubtract, x, builder.random({1, 6, 1, 1}));
    x = builder.eltwise(EltwiseParams::Kind::kSubtract, builder.floats({}, {2}), x);
    x = builder.eltwise(EltwiseParams::Kind::kDivide, x, builder.floats({1}, {3}));
    x = builder.batch_norm(x);
    builder.output(builder.relu(x), "y");
    EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Convolution", "Activation"));
}

TEST(Prepare, BatchNormFoldsIntoGroupedAndDepthwiseConvolutions) {
    for (int64_t groups : {2, 4}) {
        ModelBuilder builder;
        ConvolutionParams params = padded_by(1);
        params.groups = groups;
        const ValueId x = builder.conv(builder.input("x", {1, 4, 6, 6}), 8, 3, params);
        builder.output(builder.batch_norm(x), "y");
        EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Convolution"));
    }
}

TEST(Prepare, ShiftBeforeAConvolutionFoldsOnlyWithoutPadding) {
    for (int64_t groups : {1, 2}) {
        for (int64_t pads : {0, 1}) {
            ModelBuilder builder;
            ConvolutionParams params = padded_by(pads);
            params.groups = groups;
            ValueId x = builder.input("x", {1, 4, 8, 8});
            x = builder.multiply(x, builder.random({1, 4, 1, 1}));
            x = builder.add(x, builder.random({1, 4, 1, 1}));
            builder.output(builder.conv(x, 4, 3, params, groups == 1), "y");
            const auto names = operations(prepared(builder.build()));
            if (pads == 0) {
                EXPECT_THAT(names, ElementsAre("Convolution"));
            } else {
                // The scale passes, the shift stays.
                EXPECT_THAT(names, ElementsAre("Eltwise", "Convolution"));
            }
        }
    }
}

TEST(Prepare, ScaleBeforeAPaddedConvolutionFolds) {
    ModelBuilder builder;
    ConvolutionParams params;
    params.auto_pad = AutoPad::kSameUpper;
    const ValueId x = builder.multiply(builder.input("x", {1, 4, 8, 8}), builder.random({4, 1, 1}));
    builder.output(builder.conv(x, 4, 3, params), "y");
    EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Convolution"));
}

TEST(Prepare, ScaleOfAShiftBeforeAPaddedConvolutionFoldsUnlessItIsZero) {
    for (bool zero : {false, true}) {
        ModelBuilder builder;
        const ValueId scale = builder.floats({4, 1, 1}, {2, zero ? 0.0f : 0.5f, -3, 4});
        ValueId x = builder.multiply(builder.input("x", {1, 4, 8, 8}), builder.floats({}, {0.5f}));
        x = builder.batch_norm(builder.multiply(x, scale));
        builder.output(builder.conv(x, 4, 3, padded_by(1)), "y");
        const auto names = operations(prepared(builder.build()));
        if (zero) {
            EXPECT_THAT(names, ElementsAre("Eltwise", "Eltwise", "BatchNorm", "Convolution"));
        } else {
            EXPECT_THAT(names, ElementsAre("Eltwise", "Convolution"));
        }
    }
    // Another reader of the scaled value keeps the scale where it is.
    ModelBuilder builder;
    const ValueId x = builder.multiply(builder.input("x", {1, 4, 8, 8}), builder.random({4, 1, 1}));
    builder.output(builder.conv(builder.add(x, builder.floats({}, {1})), 4, 3, padded_by(1)));
    builder.output(builder.relu(x));
    EXPECT_EQ(prepared(builder.build()).nodes.size(), 4u);
}

TEST(Prepare, NothingFoldsAcrossASecondReaderOrAnOutput) {
    ModelBuilder builder;
    const ValueId conv = builder.conv(builder.input("x", {1, 3, 8, 8}), 4, 3);
    builder.output(builder.multiply(conv, builder.random({1, 4, 1, 1})), "scaled");
    builder.output(conv, "plain");
    EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Convolution", "Eltwise"));

    ModelBuilder before;
    const ValueId x = before.multiply(before.input("x", {1, 3, 8, 8}), before.random({3, 1, 1}));
    before.output(before.conv(x, 4, 3), "a");
    before.output(before.conv(x, 4, 3), "b");
    EXPECT_EQ(prepared(before.build()).nodes.size(), 3u);
}

TEST(Prepare, ArithmeticThatIsNotPerChannelStays) {
    for (const Shape& shape : {Shape{1, 1, 6, 1}, Shape{6}, Shape{1, 4, 6, 6}, Shape{2, 1, 1, 1}}) {
        ModelBuilder builder;
        const ValueId conv = builder.conv(builder.input("x", {1, 3, 8, 8}), 4, 3);
        builder.output(builder.multiply(conv, builder.random(shape)), "y");
        EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Convolution", "Eltwise"));
    }
}

TEST(Prepare, DivisionOfAConstantAndByZeroStay) {
    ModelBuilder builder;
    const ValueId conv = builder.conv(builder.input("x", {1, 3, 8, 8}), 4, 3);
    builder.output(builder.eltwise(EltwiseParams::Kind::kDivide, builder.floats({}, {1}), conv));
    EXPECT_EQ(prepared(builder.build()).nodes.size(), 2u);

    ModelBuilder by_zero;
    const ValueId x = by_zero.conv(by_zero.input("x", {1, 3, 8, 8}), 4, 3);
    by_zero.output(by_zero.eltwise(EltwiseParams::Kind::kDivide, x, by_zero.floats({}, {0})));
    Graph graph = by_zero.build();
    ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
    EXPECT_EQ(graph.nodes.size(), 2u);
}

TEST(Prepare, ScaleIsNeverMovedAcrossAFakeQuantize) {
    ModelBuilder builder;
    ValueId x = builder.conv(builder.input("x", {1, 3, 8, 8}), 4, 3);
    x = builder.node(FakeQuantizeParams{16}, {x, builder.floats({}, {-2}), builder.floats({}, {2}),
                                              builder.floats({}, {-2}), builder.floats({}, {2})});
    x = builder.multiply(x, builder.random({1, 4, 1, 1}));
    builder.output(builder.relu(x), "y");
    EXPECT_THAT(operations(prepared(builder.build())),
                ElementsAre("Convolution", "FakeQuantize", "Eltwise", "Activation"));
}

TEST(Prepare, ScaleFoldsIntoAMatMulAndAShiftStaysAsAdd) {
    for (bool transposed : {false, true}) {
        ModelBuilder builder;
        const ValueId weights = builder.random(transposed ? Shape{5, 6} : Shape{6, 5});
        const ValueId product =
            builder.node(MatMulParams{false, transposed}, {builder.input("x", {2, 6}), weights});
        const ValueId scaled = builder.multiply(product, builder.random({5}));
        builder.output(builder.batch_norm(scaled), "y");
        EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("MatMul", "Eltwise"));
    }
}

TEST(Prepare, QuantisedWeightsBecomeF32Constants) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 8, 8});
    std::vector<int8_t> levels(4 * 3 * 3 * 3);
    for (size_t i = 0; i < levels.size(); ++i) levels[i] = static_cast<int8_t>(i * 7);
    ValueId weights = builder.constant(Tensor::of<int8_t>({4, 3, 3, 3}, levels));
    weights = builder.node(ConvertParams{DataType::kF32}, {weights});
    weights = builder.eltwise(EltwiseParams::Kind::kSubtract, weights, builder.floats({}, {3}));
    weights = builder.multiply(weights, builder.random({4, 1, 1, 1}));
    builder.output(builder.node(ConvolutionParams{}, {x, weights}), "y");
    EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Convolution"));
}

TEST(Prepare, HalfPrecisionBecomesF32AndItsConversionsVanish) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 2});
    const std::vector<Half> halves{to_half(1.5f), to_half(-2.25f)};
    const ValueId half = builder.constant(Tensor::of<Half>({1, 2}, halves));
    const ValueId wide = builder.node(ConvertParams{DataType::kF32}, {half});
    const ValueId narrow = builder.node(ConvertParams{DataType::kF16}, {builder.add(x, wide)});
    builder.output(builder.node(ActivationParams{}, {narrow}), "y");
    Graph graph = builder.build();
    ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
    EXPECT_THAT(operations(graph), ElementsAre("Eltwise", "Activation"));
    const Tensor& constant = *graph.constant_input(graph.nodes[0], 1);
    EXPECT_THAT(constant.as<float>(), ElementsAre(1.5f, -2.25f));
    EXPECT_EQ(graph.value(graph.outputs[0]).type, DataType::kF32);
}

TEST(Prepare, ShapeChainsFoldIntoAReshapeTarget) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 4, 5, 6});
    const ValueId shape = builder.node(ShapeOfParams{}, {builder.relu(x)});
    const ValueId rows = builder.node(GatherParams{0}, {shape, builder.integers({0})});
    const ValueId target = builder.node(ConcatParams{0}, {rows, builder.integers({-1})});
    Graph graph = builder.build();
    // The builder infers shapes and would refuse a target that only folding makes constant.
    const ValueId y = graph.add_value("y");
    graph.add_node({"reshape", "Reshape", ReshapeParams{}, {x, target}, {y}});
    graph.outputs = {y};
    ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
    EXPECT_THAT(operations(graph), ElementsAre("Reshape"));
    EXPECT_THAT(graph.constant_input(graph.nodes[0], 1)->as<int64_t>(), ElementsAre(1, 120));
}

TEST(Prepare, AxisRenamingBecomesOneReshapeOrNothing) {
    ModelBuilder builder;
    ValueId x = builder.relu(builder.input("x", {1, 4, 1, 6}));
    x = builder.node(SqueezeParams{}, {x, builder.integers({2})});
    x = builder.node(UnsqueezeParams{}, {x, builder.integers({-1})});
    x = builder.node(FlattenParams{1}, {x});
    x = builder.node(TransposeParams{{0, 1}}, {x});
    builder.output(builder.relu(x), "y");
    EXPECT_THAT(operations(prepared(builder.build())),
                ElementsAre("Activation", "Reshape", "Activation"));

    ModelBuilder back;
    x = back.relu(back.input("x", {1, 4, 1, 6}));
    x = back.reshape(back.reshape(x, {4, 6}), {1, 4, 1, 6});
    x = back.node(IdentityParams{}, {x});
    back.output(back.relu(x), "y");
    EXPECT_THAT(operations(prepared(back.build())), ElementsAre("Activation", "Activation"));
}

TEST(Prepare, OutputsKeepTheirNamesWhenTheirNodeVanishes) {
    ModelBuilder builder;
    const ValueId hidden = builder.relu(builder.input("x", {1, 4}));
    builder.output(builder.node(IdentityParams{}, {hidden}), "prob");
    builder.output(builder.softmax(hidden), "soft");
    EXPECT_THAT(operations(prepared(builder.build())), ElementsAre("Activation", "Softmax"));

    // Two names for one value: the second output is a copy.
    ModelBuilder twice;
    const ValueId first = twice.relu(twice.input("x", {1, 4}));
    twice.output(first, "a");
    twice.output(twice.node(IdentityParams{}, {first}), "b");
    EXPECT_THAT(operations(prepared(twice.build())), ElementsAre("Activation", "Reshape"));
}

TEST(Prepare, SlicesNameOnlyTheAxesTheyCut) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 4, 6});
    builder.output(
        builder.node(SliceParams{}, {x, builder.integers({0, 1}), builder.integers({1, 3})}),
        "cut");
    builder.output(builder.relu(builder.node(StridedSliceParams{}, {x, builder.integers({0, 0, 0}),
                                                                    builder.integers({1, 4, 6})})),
                   "whole");
    const Graph result = prepared(builder.build());
    EXPECT_THAT(operations(result), ElementsAre("Slice", "Activation"));
    EXPECT_THAT(result.constant_input(result.nodes[0], 3)->as<int64_t>(), ElementsAre(1));
}

TEST(Prepare, DeadNodesNeedNotBeSupported) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 4});
    builder.output(builder.relu(x), "y");
    Graph graph = builder.build();
    const ValueId lost = graph.add_value("lost");
    graph.add_node({"dead", "Reshape", ReshapeParams{}, {x, x}, {lost}});
    ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
    EXPECT_EQ(graph.nodes.size(), 1u);
    EXPECT_EQ(graph.values.size(), 2u);
}

TEST(Prepare, RefusesByNodeAndField) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 4});
    const ValueId y = builder.node(ConvertParams{DataType::kI64}, {x});
    Graph graph = builder.build();
    const ValueId out = graph.add_value("out");
    graph.add_node({"twist", "Reshape", ReshapeParams{}, {x, y}, {out}});
    graph.outputs = {out};
    expect_refused(graph, "node 'twist' (Reshape): target");

    ModelBuilder constant;
    constant.input("x", {1, 4});
    constant.output(constant.relu(constant.floats({1}, {1})), "c");
    expect_refused(constant.build(), "output 'c': does not depend on the inputs");

    ModelBuilder through;
    through.output(through.input("x", {1, 4}));
    expect_refused(through.build(), "output 'x': is an input");

    ModelBuilder bomb;
    const ValueId wide = bomb.random({1, 1 << 14});
    const ValueId high = bomb.random({1 << 14, 1});
    bomb.output(bomb.add(bomb.input("x", {1, 1}), bomb.add(wide, high)));
    expect_refused(bomb.build(), "a constant of shape [16384,16384]");
}

TEST(Prepare, EvaluatorsErrorNamesTheNode) {
    ModelBuilder builder;
    const ValueId sum =
        builder.node(EltwiseParams{}, {builder.floats({}, {1}), builder.floats({}, {2})}, "sum");
    builder.output(builder.add(builder.input("x", {1, 4}), sum));
    Graph graph = builder.build();
    const auto result = prepare(graph, [](const Node&, std::span<const Tensor>) {
        return Result<std::vector<Tensor>>(Error{ErrorCode::kUnsupported, "not today"});
    });
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message, "node 'sum' (Eltwise): not today");
}

TEST(Prepare, IsDoneAtOnceWithAModelOfUsualSize) {
    ModelBuilder builder;
    ValueId x = builder.input("x", {1, 64, 8, 8});
    for (int i = 0; i < 50; ++i)
        x = builder.relu(builder.batch_norm(builder.conv(x, 64, 3, padded_by(1))));
    builder.output(x, "y");
    Graph graph = builder.build();
    const auto start = std::chrono::steady_clock::now();
    ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    EXPECT_EQ(graph.nodes.size(), 100u);
    RecordProperty("milliseconds", std::to_string(taken.count()));
    std::printf("prepare of 1.8 million parameters: %.1f ms\n", taken.count());
}

// What accept_u8_pixels() promises: (pixel - mean) / scale, per channel, laid out as the model was.
TEST(AcceptU8Pixels, NormalisesEachChannel) {
    for (bool channels_last : {false, true}) {
        ModelBuilder builder;
        const Shape shape = channels_last ? Shape{1, 2, 5, 3} : Shape{1, 3, 2, 5};
        const ValueId x = builder.input("data", shape);
        builder.output(builder.eltwise(EltwiseParams::Kind::kMaximum, x, x), "y");
        Graph graph = builder.build();
        const ImageInput image{{10, 20, 30}, {1, 2, 4}};
        ASSERT_TRUE(accept_u8_pixels(graph, 0, image, channels_last).ok());
        ASSERT_TRUE(prepare(graph, reference::evaluate).ok());
        EXPECT_EQ(graph.value(graph.inputs[0]).name, "data");
        EXPECT_EQ(graph.value(graph.inputs[0]).type, DataType::kU8);
        EXPECT_EQ(graph.value(graph.inputs[0]).shape, (Shape{1, 2, 5, 3}));
        const auto inputs = testing::random_inputs(graph);
        const Tensor y = testing::interpret(graph, inputs)[0];
        for (int pixel = 0; pixel < 10; ++pixel) {
            for (int channel = 0; channel < 3; ++channel) {
                const float value = inputs[0].as<uint8_t>()[pixel * 3 + channel];
                const size_t at = channels_last ? pixel * 3 + channel : channel * 10 + pixel;
                EXPECT_FLOAT_EQ(y.as<float>()[at],
                                (value - image.mean[channel]) / image.scale[channel]);
            }
        }
    }
}

TEST(AcceptU8Pixels, AddsNoArithmeticThatChangesNothing) {
    ModelBuilder builder;
    builder.output(builder.conv(builder.input("data", {1, 3, 8, 8}), 4, 3, padded_by(1)), "y");
    Graph plain = builder.build();
    ASSERT_TRUE(accept_u8_pixels(plain, 0, {}, false).ok());
    EXPECT_THAT(operations(plain), ElementsAre("Convert", "Transpose", "Convolution"));
    // Scale alone folds into the convolution, padded or not.
    Graph scaled = builder.build();
    ASSERT_TRUE(accept_u8_pixels(scaled, 0, {{0, 0, 0}, {2, 2, 2}}, false).ok());
    EXPECT_THAT(operations(prepared(scaled)), ElementsAre("Convert", "Transpose", "Convolution"));
    Graph shifted = builder.build();
    ASSERT_TRUE(accept_u8_pixels(shifted, 0, {{127, 127, 127}, {128, 128, 128}}, false).ok());
    EXPECT_THAT(operations(prepared(shifted)),
                ElementsAre("Convert", "Transpose", "Eltwise", "Convolution"));
}

TEST(AcceptU8Pixels, RefusesWhatIsNoImage) {
    ModelBuilder builder;
    builder.output(builder.relu(builder.input("info", {1, 3})), "y");
    Graph graph = builder.build();
    const auto result = accept_u8_pixels(graph, 0, {}, false);
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(result.error().message, HasSubstr("input 'info': shape [1,3] is no image"));
    EXPECT_EQ(accept_u8_pixels(graph, 1, {}, false).error().code, ErrorCode::kInvalidArgument);
    ModelBuilder image;
    image.output(image.relu(image.input("data", {1, 3, 4, 4})), "y");
    graph = image.build();
    EXPECT_EQ(accept_u8_pixels(graph, 0, {{}, {1, 0, 1}}, false).error().code,
              ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace facet
