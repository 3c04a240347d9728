// SPDX-License-Identifier: MIT
// ONNX operators as operator sets below 9 have them, and windows over one axis, by their results.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/formats/onnx_writer.h"
#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::OnnxWriter;
using ::testing::Pointwise;
using testing::set;
using testing::TemporaryModel;
using Integers = std::vector<int64_t>;

Result<Graph> read(const OnnxWriter& writer) {
    return read_model(TemporaryModel().write("model.onnx", writer.bytes()));
}

// Input "x" of this shape; the test adds nodes that end in "y".
OnnxWriter with_input(int64_t opset, const Integers& extents) {
    OnnxWriter writer(opset);
    writer.input("x", extents);
    writer.output("y");
    return writer;
}

// What the model makes of a row 1, 2, 3 ... and of a second one behind it, which must not matter.
std::vector<float> run(const OnnxWriter& writer) {
    auto graph = read(writer);
    EXPECT_TRUE(graph.ok()) << graph.error().text();
    if (!graph.ok()) return {};
    const auto prepared = prepare(*graph, reference::evaluate);
    EXPECT_TRUE(prepared) << prepared.error().text();
    const auto proof = require_batchable(*graph, analyze_batchability(*graph));
    EXPECT_TRUE(proof) << proof.error().text();
    if (!prepared || !proof) return {};
    const auto model = reference_backend().compile(std::make_shared<const Graph>(*graph),
                                                   {.max_batch = 2, .threads = 1});
    EXPECT_TRUE(model) << model.error().text();
    const auto request = *(*model)->create_request();
    const auto x = request->input(0).as<float>();
    std::iota(x.begin(), x.end(), 1.0f);
    EXPECT_TRUE(request->infer(2));
    const auto y = request->output(0).as<float>();
    return {y.begin(), y.begin() + static_cast<ptrdiff_t>(y.size() / 2)};
}

TEST(OlderOnnx, BroadcastsTheSecondOperandFromAnAxis) {
    OnnxWriter writer = with_input(6, {1, 2, 1, 2});
    writer.floats("bias", {2}, {10, 20});
    auto& add = writer.node("Add", {"x", "bias"}, {"y"});
    set(add, "broadcast", int64_t{1});
    set(add, "axis", int64_t{1});
    EXPECT_THAT(run(writer), ElementsAre(11, 12, 23, 24));
}

TEST(OlderOnnx, BroadcastsTheSecondOperandToTheLastAxesWithoutOne) {
    OnnxWriter writer = with_input(6, {1, 2, 1, 2});
    writer.floats("factors", {2}, {10, 20});
    set(writer.node("Mul", {"x", "factors"}, {"y"}), "broadcast", int64_t{1});
    EXPECT_THAT(run(writer), ElementsAre(10, 40, 30, 80));
}

TEST(OlderOnnx, AnAxisMayNameTheLastOnes) {
    OnnxWriter writer = with_input(6, {1, 2, 1, 2});
    writer.floats("factors", {1, 2}, {10, 20});
    auto& multiply = writer.node("Mul", {"x", "factors"}, {"y"});
    set(multiply, "broadcast", int64_t{1});
    set(multiply, "axis", int64_t{2});
    EXPECT_THAT(run(writer), ElementsAre(10, 40, 30, 80));
}

TEST(OlderOnnx, SlopesBelongToTheChannels) {
    OnnxWriter writer = with_input(6, {1, 2, 1, 2});
    writer.node("Neg", {"x"}, {"negative"});
    writer.node("PRelu", {"negative", writer.floats("slopes", {2}, {10, 100})}, {"y"});
    EXPECT_THAT(run(writer), ElementsAre(-10, -20, -300, -400));
}

TEST(OlderOnnx, ShapeAndScalesAreAttributes) {
    OnnxWriter reshape = with_input(4, {1, 2, 1, 2});
    set(reshape.node("Reshape", {"x"}, {"flat"}), "shape", Integers{1, 4});
    reshape.node("Relu", {"flat"}, {"y"});
    EXPECT_THAT(run(reshape), ElementsAre(1, 2, 3, 4));
    OnnxWriter upsample = with_input(7, {1, 1, 1, 2});
    auto& scales = *upsample.node("Upsample", {"x"}, {"y"}).add_attribute();
    scales.set_name("scales");
    scales.set_type(onnx::AttributeProto::FLOATS);
    for (const float scale : {1.0f, 1.0f, 2.0f, 2.0f}) scales.add_floats(scale);
    EXPECT_THAT(run(upsample), ElementsAre(1, 1, 2, 2, 1, 1, 2, 2));
}

TEST(OlderOnnx, NormalisationPerElementIsRefused) {
    OnnxWriter writer = with_input(6, {1, 2, 1, 2});
    for (const char* name : {"scale", "bias", "mean", "variance"}) writer.floats(name, {2}, {1, 1});
    auto& norm =
        writer.node("BatchNormalization", {"x", "scale", "bias", "mean", "variance"}, {"y"});
    set(norm, "spatial", int64_t{0});
    const auto graph = read(writer);
    ASSERT_FALSE(graph.ok());
    EXPECT_THAT(graph.error().message, HasSubstr("(BatchNormalization): spatial=0; supported:"));
}

TEST(OnnxLine, ConvolvesOverOneAxis) {
    OnnxWriter writer = with_input(11, {1, 1, 4});
    auto& conv = writer.node("Conv", {"x", writer.floats("w", {2, 1, 2}, {1, 10, 0, 1})}, {"y"});
    set(conv, "kernel_shape", Integers{2});
    set(conv, "strides", Integers{2});
    set(conv, "pads", Integers{0, 1});
    EXPECT_THAT(run(writer), ElementsAre(21, 43, 2, 4));
}

TEST(OnnxLine, PoolsOverOneAxis) {
    OnnxWriter writer = with_input(11, {1, 1, 5});
    auto& pool = writer.node("MaxPool", {"x"}, {"pooled"});
    set(pool, "kernel_shape", Integers{3});
    set(pool, "strides", Integers{2});
    set(writer.node("AveragePool", {"pooled"}, {"y"}), "kernel_shape", Integers{2});
    EXPECT_THAT(run(writer), ElementsAre(4));
}

TEST(OnnxLine, TransposedConvolutionSpreadsOverOneAxis) {
    OnnxWriter writer = with_input(11, {1, 1, 2});
    auto& conv = writer.node("ConvTranspose", {"x", writer.floats("w", {1, 1, 2}, {1, 10})}, {"y"});
    set(conv, "strides", Integers{2});
    set(conv, "output_padding", Integers{1});
    EXPECT_THAT(run(writer), ElementsAre(1, 10, 2, 20, 0));
}

TEST(OnnxLine, MoreThanThreeAxesAreRefused) {
    OnnxWriter writer = with_input(11, {1, 1, 4, 4, 4, 4});
    set(writer.node("MaxPool", {"x"}, {"y"}), "kernel_shape", Integers{2, 2, 2, 2});
    const auto graph = read(writer);
    ASSERT_FALSE(graph.ok());
    EXPECT_THAT(graph.error().message,
                HasSubstr("(MaxPool): a window over 4 axes; supported: lines, images and volumes"));
}

TEST(OnnxIntegers, AreNegatedAndRaisedWhileLoading) {
    OnnxWriter writer = with_input(13, {1, 4});
    writer.node("Neg", {writer.integers("minus", {-2, -2})}, {"two"});
    writer.node("Pow", {"two", "two"}, {"shape"});
    writer.node("Sub", {"shape", writer.integers("less", {3, 0})}, {"target"});
    writer.node("Reshape", {"x", "target"}, {"y_wide"});
    writer.node("Relu", {"y_wide"}, {"y"});
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok());
    Graph copy = *graph;
    ASSERT_TRUE(prepare(copy, reference::evaluate));
    EXPECT_EQ(copy.value(copy.outputs[0]).shape, (Shape{1, 4}));
}

}  // namespace
}  // namespace facet
