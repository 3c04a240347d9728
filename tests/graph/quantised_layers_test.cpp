// SPDX-License-Identifier: MIT
// Quantised weights keep their steps through prepare(); quantisers move in front of max pooling.
#include <gtest/gtest.h>

#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/byte_values.h"
#include "engine/graph/passes.h"
#include "engine/graph/step_grid.h"
#include "tests/graph/interpreter.h"
#include "tests/support/model_builder.h"

namespace facet {
namespace {

using testing::ModelBuilder;

ValueId quantize(ModelBuilder& builder, ValueId x, float low, float high, int64_t levels = 256) {
    const ValueId from = builder.floats({}, {low}), to = builder.floats({}, {high});
    return builder.node(FakeQuantizeParams{levels}, {x, from, to, from, to});
}

Graph prepared(const ModelBuilder& builder) {
    Graph graph = builder.build();
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    return graph;
}

const Node& only_layer(const Graph& graph) {
    for (const Node& node : graph.nodes)
        if (std::holds_alternative<ConvolutionParams>(node.params) ||
            std::holds_alternative<MatMulParams>(node.params))
            return node;
    return graph.nodes.front();
}

// x -> FakeQuantize -> convolution with `weights` [2,1,1,1] -> y
std::vector<float> steps_of_conv(ModelBuilder& builder, ValueId weights) {
    const ValueId x = quantize(builder, builder.input("x", {1, 1, 4, 4}), 0, 2.55f);
    builder.output(builder.node(ConvolutionParams{}, {x, weights}), "y");
    const Graph graph = prepared(builder);
    EXPECT_EQ(count_quantized_layers(graph),
              weight_steps(graph, only_layer(graph)).empty() ? 0 : 1);
    return weight_steps(graph, only_layer(graph));
}

Tensor bytes(std::initializer_list<int8_t> values) {
    return Tensor::of<int8_t>({2, 1, 1, 1}, std::vector<int8_t>(values));
}

}  // namespace

TEST(QuantisedLayers, StepsComeFromFakeQuantizedBytes) {
    ModelBuilder builder;
    const std::vector<uint8_t> stored{254, 10};
    const ValueId floats = builder.node(
        ConvertParams{}, {builder.constant(Tensor::of<uint8_t>({2, 1, 1, 1}, stored))});
    const ValueId weights = builder.node(
        FakeQuantizeParams{255}, {floats, builder.floats({}, {0}), builder.floats({}, {254}),
                                  builder.floats({2, 1, 1, 1}, {-1.27f, -2.54f}),
                                  builder.floats({2, 1, 1, 1}, {1.27f, 2.54f})});
    const auto steps = steps_of_conv(builder, weights);
    ASSERT_EQ(steps.size(), 2u);
    EXPECT_NEAR(steps[0], 0.01f, 1e-7f);
    EXPECT_NEAR(steps[1], 0.02f, 1e-7f);
}

TEST(QuantisedLayers, StepsComeFromSubtractAndMultiply) {
    ModelBuilder builder;
    const ValueId floats = builder.node(ConvertParams{}, {builder.constant(bytes({-128, 100}))});
    const ValueId shifted =
        builder.eltwise(EltwiseParams::Kind::kSubtract, floats, builder.floats({}, {-5}));
    const ValueId weights = builder.multiply(shifted, builder.floats({2, 1, 1, 1}, {0.5f, 0.25f}));
    EXPECT_EQ(steps_of_conv(builder, weights), (std::vector<float>{0.5f, 0.25f}));
}

TEST(QuantisedLayers, StepsComeFromDequantizeLinear) {
    ModelBuilder builder;
    const ValueId weights =
        builder.node(DequantizeLinearParams{0},
                     {builder.constant(bytes({3, -7})), builder.floats({2}, {0.5f, 2})});
    EXPECT_EQ(steps_of_conv(builder, weights), (std::vector<float>{0.5f, 2}));
}

TEST(QuantisedLayers, WholeNumbersBeyondABytesRangeAreNoGrid) {
    ModelBuilder builder;
    const ValueId floats = builder.node(ConvertParams{}, {builder.constant(bytes({-128, 100}))});
    const ValueId shifted =
        builder.eltwise(EltwiseParams::Kind::kSubtract, floats, builder.floats({}, {40}));
    EXPECT_TRUE(
        steps_of_conv(builder, builder.multiply(shifted, builder.floats({}, {0.5f}))).empty());
}

TEST(QuantisedLayers, FoldedScalesMultiplyTheSteps) {
    ModelBuilder builder;
    const ValueId x = quantize(builder, builder.input("x", {1, 1, 4, 4}), 0, 2.55f);
    const ValueId weights =
        builder.node(DequantizeLinearParams{0},
                     {builder.constant(bytes({3, -7})), builder.floats({2}, {0.5f, 2})});
    const ValueId y = builder.node(ConvolutionParams{}, {x, weights});
    builder.output(builder.multiply(y, builder.floats({1, 2, 1, 1}, {3, -1})), "y");
    const Graph graph = prepared(builder);
    EXPECT_EQ(weight_steps(graph, only_layer(graph)), (std::vector<float>{1.5f, -2}));
}

TEST(QuantisedLayers, ColumnsOfAMatrixProductHaveStepsOfTheirOwn) {
    ModelBuilder builder;
    const ValueId x = quantize(builder, builder.input("x", {1, 2}), 0, 2.55f);
    const std::vector<int8_t> stored{1, 2, 3, 4, 5, 6};
    const ValueId weights = builder.node(
        DequantizeLinearParams{1},
        {builder.constant(Tensor::of<int8_t>({2, 3}, stored)), builder.floats({3}, {1, 2, 3})});
    builder.output(builder.node(MatMulParams{}, {x, weights}), "y");
    const Graph graph = prepared(builder);
    EXPECT_EQ(weight_steps(graph, only_layer(graph)), (std::vector<float>{1, 2, 3}));
    EXPECT_EQ(count_quantized_layers(graph), 1);
}

TEST(QuantisedLayers, RangesWithoutAStepAtZeroAreNoGrid) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 2});
    builder.output(quantize(builder, x, 0.5f, 1.5f), "off");
    builder.output(quantize(builder, x, -0.1f, 0.9037f), "between");
    const Graph graph = prepared(builder);
    for (const Node& node : graph.nodes) EXPECT_FALSE(byte_grid(graph, node)) << node.text();
}

TEST(QuantisedLayers, SignedRangesAreSignedBytes) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 2});
    builder.output(quantize(builder, x, -1.28f, 1.27f), "whole");
    builder.output(quantize(builder, x, -1.27f, 1.27f, 255), "narrow");
    const Graph graph = prepared(builder);
    const ByteGrid whole{DataType::kI8, byte_grid(graph, graph.nodes[0])->steps, 0, -128, 127};
    EXPECT_EQ(byte_grid(graph, graph.nodes[0]), whole);
    EXPECT_EQ(byte_grid(graph, graph.nodes[1])->least, -127);
}

TEST(QuantisedLayers, HoistingKeepsEveryBitOfTheResults) {
    ModelBuilder builder;
    ValueId x = builder.conv(builder.input("x", {1, 3, 8, 8}), 4, 3);
    x = builder.relu(builder.pool(x, PoolingParams::Kind::kMax, 3, 2));
    x = quantize(builder, x, 0, 0.9f);
    x = builder.pool(x, PoolingParams::Kind::kMax, 2, 1);
    builder.output(builder.conv(quantize(builder, x, 0, 0.9f), 2, 1), "y");
    const Graph graph = prepared(builder);
    Graph hoisted = graph;
    hoist_quantizers(hoisted);
    ASSERT_TRUE(validate(hoisted));
    ASSERT_EQ(hoisted.nodes.size(), graph.nodes.size() - 1) << "the second repeats the first";
    EXPECT_TRUE(std::holds_alternative<FakeQuantizeParams>(hoisted.nodes[2].params));
    const auto inputs = testing::random_inputs(graph);
    EXPECT_EQ(testing::relative_difference(testing::interpret(graph, inputs)[0],
                                           testing::interpret(hoisted, inputs)[0]),
              0);
}

TEST(QuantisedLayers, PartsOfAJoinTakeTheQuantizerBehindIt) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 8, 8});
    const ValueId left = builder.relu(builder.conv(x, 4, 3));
    const ValueId right = builder.relu(builder.conv(x, 5, 3));
    const ValueId joined = builder.node(ConcatParams{.axis = 1}, {left, right});
    builder.output(builder.conv(quantize(builder, joined, 0, 0.9f), 2, 1), "y");
    const Graph graph = prepared(builder);
    Graph hoisted = graph;
    hoist_quantizers(hoisted);
    ASSERT_TRUE(validate(hoisted));
    const auto join = std::ranges::find_if(hoisted.nodes, [](const Node& node) {
        return std::holds_alternative<ConcatParams>(node.params);
    });
    ASSERT_NE(join, hoisted.nodes.end());
    for (const ValueId part : join->inputs) {
        const auto writer = std::ranges::find_if(
            hoisted.nodes, [&](const Node& node) { return node.outputs[0] == part; });
        EXPECT_TRUE(std::holds_alternative<FakeQuantizeParams>(writer->params));
    }
    const auto inputs = testing::random_inputs(graph);
    EXPECT_EQ(testing::relative_difference(testing::interpret(graph, inputs)[0],
                                           testing::interpret(hoisted, inputs)[0]),
              0);
}

}  // namespace facet
