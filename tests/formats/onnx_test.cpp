// SPDX-License-Identifier: MIT
// ONNX nodes, built by hand, become the nodes they stand for or an error that names them.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "engine/formats/model_reader.h"
#include "tests/formats/onnx_writer.h"
#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using testing::OnnxWriter;
using testing::set;
using testing::TemporaryModel;
using Integers = std::vector<int64_t>;

Result<Graph> read(const OnnxWriter& writer) {
    return read_model(TemporaryModel().write("model.onnx", writer.bytes()));
}

// Input "x" 1x4x8x8 at this opset; the test adds nodes that end in "y".
OnnxWriter with_input(int64_t opset) {
    OnnxWriter writer(opset);
    writer.input("x", {1, 4, 8, 8});
    writer.output("y");
    return writer;
}

template <typename Params>
Params params_of(const Result<Graph>& graph, size_t node = 0) {
    EXPECT_TRUE(graph.ok()) << graph.error().text();
    if (!graph.ok() || graph->nodes.size() <= node) return {};
    const Params* params = std::get_if<Params>(&graph->nodes[node].params);
    EXPECT_NE(params, nullptr) << name_of(graph->nodes[node].params);
    return params == nullptr ? Params{} : *params;
}

Integers integers_at(const Result<Graph>& graph, size_t node, size_t input) {
    EXPECT_TRUE(graph.ok()) << graph.error().text();
    if (!graph.ok() || graph->nodes.size() <= node) return {};
    const Tensor* tensor = graph->constant_input(graph->nodes[node], input);
    if (tensor == nullptr || tensor->type() != DataType::kI64) return {};
    return {tensor->as<int64_t>().begin(), tensor->as<int64_t>().end()};
}

void expect_error(const Result<Graph>& graph, ErrorCode code,
                  const std::vector<std::string>& words) {
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code, code) << graph.error().text();
    for (const std::string& word : words)
        EXPECT_NE(graph.error().message.find(word), std::string::npos)
            << "'" << word << "' is not in: " << graph.error().message;
    EXPECT_NE(graph.error().message.find("model.onnx: "), std::string::npos);
}

TEST(OnnxQuantize, ReadsTheAxisOfTheScales) {
    OnnxWriter writer = with_input(13);
    set(writer.node("QuantizeLinear", {"x", writer.floats("scale", {4}, {1, 2, 3, 4})}, {"bytes"}),
        "axis", int64_t{-3});
    writer.node("DequantizeLinear", {"bytes", "scale"}, {"y"});
    const auto graph = read(writer);
    EXPECT_EQ(params_of<QuantizeLinearParams>(graph, 0).axis, -3);
    EXPECT_EQ(params_of<DequantizeLinearParams>(graph, 1).axis, 1);
}

TEST(OnnxConvTranspose, ReadsOutputPaddingAndSize) {
    OnnxWriter writer = with_input(11);
    auto& node =
        writer.node("ConvTranspose", {"x", writer.floats("w", {4, 1, 1, 1}, {1, 2, 3, 4})}, {"y"});
    set(node, "output_padding", Integers{0, 1});
    set(node, "output_shape", Integers{15, 16});
    set(node, "strides", Integers{2, 2});
    const auto params = params_of<TransposedConvolutionParams>(read(writer));
    EXPECT_EQ(params.output_padding, (Extent2{0, 1}));
    EXPECT_EQ(params.output_size, (Extent2{15, 16}));
    EXPECT_EQ(params.strides, (Extent2{2, 2}));
}

TEST(OnnxMaxPool, GivesTheIndicesByANodeOfTheirOwn) {
    OnnxWriter writer = with_input(12);
    auto& pool = writer.node("MaxPool", {"x"}, {"pooled", "y"});
    set(pool, "kernel_shape", Integers{2, 2});
    set(pool, "storage_order", int64_t{1});
    const auto graph = read(writer);
    EXPECT_EQ(params_of<PoolingParams>(graph, 0).kind, PoolingKind::kMax);
    EXPECT_EQ(params_of<PoolingParams>(graph, 1).kind, PoolingKind::kMaxIndex);
    EXPECT_TRUE(params_of<PoolingParams>(graph, 1).column_major);
}

TEST(OnnxConv, ReadsWindowGroupsAndPads) {
    OnnxWriter writer = with_input(11);
    writer.floats("w", {4, 2, 3, 1}, std::vector<float>(24, 1.0f));
    auto& conv = writer.node("Conv", {"x", "w"}, {"y"});
    set(conv, "strides", Integers{2, 1});
    set(conv, "dilations", Integers{1, 3});
    set(conv, "pads", Integers{0, 1, 2, 3});
    set(conv, "group", int64_t{2});
    set(conv, "kernel_shape", Integers{3, 1});
    const auto params = params_of<ConvolutionParams>(read(writer));
    EXPECT_EQ(params.strides, (Extent2{2, 1}));
    EXPECT_EQ(params.dilations, (Extent2{1, 3}));
    EXPECT_EQ(params.pads_begin, (Extent2{0, 1}));
    EXPECT_EQ(params.pads_end, (Extent2{2, 3}));
    EXPECT_EQ(params.groups, 2);
}

TEST(OnnxConv, ReadsWindowsOverVolumes) {
    OnnxWriter writer = with_input(11);
    writer.floats("w", {4, 4, 3, 1, 1}, std::vector<float>(48, 1.0f));
    auto& conv = writer.node("Conv", {"x", "w"}, {"y"});
    set(conv, "strides", Integers{2, 1, 3});
    set(conv, "pads", Integers{0, 1, 2, 3, 4, 5});
    const auto params = params_of<VolumeConvolutionParams>(read(writer));
    EXPECT_EQ(params.strides, (Extent3{2, 1, 3}));
    EXPECT_EQ(params.pads_begin, (Extent3{0, 1, 2}));
    EXPECT_EQ(params.pads_end, (Extent3{3, 4, 5}));
}

TEST(OnnxConv, OverMoreThanVolumesIsRefused) {
    OnnxWriter writer = with_input(11);
    writer.floats("w", {4, 4, 3, 1, 1, 1}, std::vector<float>(48, 1.0f));
    writer.node("Conv", {"x", "w"}, {"y"});
    expect_error(read(writer), ErrorCode::kUnsupported,
                 {"'node_y' (Conv)", "a window over 4 axes", "lines, images and volumes"});
}

TEST(OnnxPooling, ReadsModes) {
    OnnxWriter average = with_input(11);
    auto& pool = average.node("AveragePool", {"x"}, {"y"});
    set(pool, "kernel_shape", Integers{3, 2});
    set(pool, "ceil_mode", int64_t{1});
    set(pool, "count_include_pad", int64_t{1});
    set(pool, "auto_pad", "SAME_LOWER");
    const auto params = params_of<PoolingParams>(read(average));
    EXPECT_EQ(params.kind, PoolingParams::Kind::kAverage);
    EXPECT_EQ(params.kernel, (Extent2{3, 2}));
    EXPECT_EQ(params.strides, (Extent2{1, 1}));
    EXPECT_TRUE(params.ceil_mode);
    EXPECT_TRUE(params.count_include_pad);
    EXPECT_EQ(params.auto_pad, AutoPad::kSameLower);

    OnnxWriter global = with_input(11);
    global.node("GlobalAveragePool", {"x"}, {"y"});
    EXPECT_TRUE(params_of<ReduceParams>(read(global)).spatial);
}

TEST(OnnxClip, TakesBoundsFromAttributesThenInputs) {
    OnnxWriter old = with_input(9);
    auto& clip = old.node("Clip", {"x"}, {"y"});
    set(clip, "min", -1.0f);
    const auto by_attribute = params_of<ActivationParams>(read(old));
    EXPECT_EQ(by_attribute.alpha, -1.0f);
    EXPECT_EQ(by_attribute.beta, std::numeric_limits<float>::max());

    OnnxWriter newer = with_input(13);
    newer.floats("six", {}, {6.0f});
    newer.node("Clip", {"x", "", "six"}, {"y"});
    const auto graph = read(newer);
    EXPECT_EQ(params_of<ActivationParams>(graph).alpha, std::numeric_limits<float>::lowest());
    EXPECT_EQ(params_of<ActivationParams>(graph).beta, 6.0f);
    EXPECT_EQ(graph->nodes[0].inputs.size(), 1u);

    OnnxWriter computed = with_input(13);
    computed.node("Clip", {"x", "x"}, {"y"});
    expect_error(read(computed), ErrorCode::kUnsupported, {"'node_y' (Clip)", "min"});
}

TEST(OnnxSoftmax, FlattensBelowOpset13) {
    for (const int64_t opset : {9, 12, 13, 17}) {
        OnnxWriter writer = with_input(opset);
        writer.node("Softmax", {"x"}, {"y"});
        const auto params = params_of<SoftmaxParams>(read(writer));
        EXPECT_EQ(params.flatten, opset < 13) << opset;
        EXPECT_EQ(params.axis, opset < 13 ? 1 : -1) << opset;
    }
}

TEST(OnnxGemm, IsAProductScaledAndAdded) {
    OnnxWriter writer(11);
    writer.input("x", {1, 4});
    writer.output("y");
    writer.floats("b", {2, 4}, std::vector<float>(8, 1.0f));
    writer.floats("c", {2}, {1.0f, 2.0f});
    auto& gemm = writer.node("Gemm", {"x", "b", "c"}, {"y"});
    set(gemm, "alpha", 0.5f);
    set(gemm, "beta", 2.0f);
    set(gemm, "transB", int64_t{1});
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_EQ(graph->nodes.size(), 4u);
    EXPECT_TRUE(params_of<MatMulParams>(graph, 0).transpose_b);
    EXPECT_FALSE(params_of<MatMulParams>(graph, 0).transpose_a);
    EXPECT_EQ(graph->constant_input(graph->nodes[1], 1)->as<float>()[0], 0.5f);
    EXPECT_EQ(graph->constant_input(graph->nodes[2], 1)->as<float>()[0], 2.0f);
    EXPECT_EQ(params_of<EltwiseParams>(graph, 3).kind, EltwiseParams::Kind::kAdd);
    EXPECT_EQ(graph->value(graph->outputs[0]).name, "y");
}

TEST(OnnxMax, OfThreeIsAChainOfTwo) {
    OnnxWriter writer = with_input(9);
    writer.floats("a", {1}, {1.0f});
    writer.floats("b", {1}, {2.0f});
    writer.node("Max", {"x", "a", "b"}, {"y"});
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_EQ(graph->nodes.size(), 2u);
    EXPECT_EQ(params_of<EltwiseParams>(graph, 1).kind, EltwiseParams::Kind::kMaximum);
    EXPECT_EQ(graph->nodes[1].inputs[0], graph->nodes[0].outputs[0]);
}

TEST(OnnxShapeOperators, TakeAxesFromAttributesThenInputs) {
    OnnxWriter old = with_input(9);
    set(old.node("Unsqueeze", {"x"}, {"u"}), "axes", Integers{0, 2});
    auto& slice = old.node("Slice", {"u"}, {"y"});
    set(slice, "starts", Integers{1});
    set(slice, "ends", Integers{3});
    set(slice, "axes", Integers{3});
    const auto graph = read(old);
    EXPECT_EQ(integers_at(graph, 0, 1), (Integers{0, 2}));
    EXPECT_EQ(integers_at(graph, 1, 1), (Integers{1}));
    EXPECT_EQ(integers_at(graph, 1, 2), (Integers{3}));
    EXPECT_EQ(integers_at(graph, 1, 3), (Integers{3}));

    OnnxWriter newer = with_input(13);
    newer.integers("axes", {0});
    newer.node("Unsqueeze", {"x", "axes"}, {"y"});
    EXPECT_EQ(integers_at(read(newer), 0, 1), (Integers{0}));
}

TEST(OnnxSplit, GivesEachPartItsValue) {
    OnnxWriter writer(13);
    writer.input("x", {1, 4});
    writer.integers("sizes", {1, 3});
    set(writer.node("Split", {"x", "sizes"}, {"a", "b"}), "axis", int64_t{1});
    writer.output("b");
    const auto graph = read(writer);
    EXPECT_EQ(params_of<SplitParams>(graph).axis, 1);
    EXPECT_EQ(integers_at(graph, 0, 1), (Integers{1, 3}));
    EXPECT_EQ(graph->outputs[0], graph->nodes[0].outputs[1]);
}

TEST(OnnxReduce, OnlySumTakesAxesAsInputBelow18) {
    OnnxWriter sum = with_input(13);
    sum.integers("axes", {-1});
    set(sum.node("ReduceSum", {"x", "axes"}, {"y"}), "keepdims", int64_t{0});
    const auto params = params_of<ReduceParams>(read(sum));
    EXPECT_EQ(params.kind, ReduceParams::Kind::kSum);
    EXPECT_EQ(params.axes, (Integers{-1}));
    EXPECT_FALSE(params.keep_axes);

    OnnxWriter mean = with_input(13);
    set(mean.node("ReduceMean", {"x"}, {"y"}), "axes", Integers{2, 3});
    EXPECT_EQ(params_of<ReduceParams>(read(mean)).axes, (Integers{2, 3}));
}

TEST(OnnxResize, PrefersSizesAndKnowsUpsample) {
    OnnxWriter writer = with_input(13);
    writer.floats("none", {0}, {});
    writer.integers("sizes", {1, 4, 16, 16});
    auto& resize = writer.node("Resize", {"x", "none", "none", "sizes"}, {"y"});
    set(resize, "mode", "linear");
    set(resize, "coordinate_transformation_mode", "align_corners");
    const auto graph = read(writer);
    const auto params = params_of<ResizeParams>(graph);
    EXPECT_EQ(params.mode, ResizeParams::Mode::kLinear);
    EXPECT_EQ(params.coordinates, ResizeParams::Coordinates::kAlignCorners);
    EXPECT_FALSE(params.by_scales);
    EXPECT_EQ(integers_at(graph, 0, 1), (Integers{1, 4, 16, 16}));

    OnnxWriter upsample = with_input(9);
    upsample.floats("scales", {4}, {1, 1, 2, 2});
    upsample.node("Upsample", {"x", "scales"}, {"y"});
    const auto old = params_of<ResizeParams>(read(upsample));
    EXPECT_TRUE(old.by_scales);
    EXPECT_EQ(old.coordinates, ResizeParams::Coordinates::kAsymmetric);
    EXPECT_EQ(old.rounding, ResizeParams::Rounding::kFloor);
}

TEST(OnnxPad, ReadsModeAndPads) {
    OnnxWriter writer = with_input(9);
    auto& pad = writer.node("Pad", {"x"}, {"y"});
    set(pad, "pads", Integers{0, 0, 1, 1, 0, 0, 2, 2});
    set(pad, "mode", "reflect");
    const auto graph = read(writer);
    EXPECT_EQ(params_of<PadParams>(graph).mode, PadParams::Mode::kReflect);
    EXPECT_EQ(integers_at(graph, 0, 1), (Integers{0, 0, 1, 1, 0, 0, 2, 2}));
}

TEST(OnnxConstants, AreReadBeforeTheNodesThatNeedThem) {
    OnnxWriter writer = with_input(12);
    writer.node("Clip", {"x", "low"}, {"y"});
    set(writer.node("Constant", {}, {"low"}), "value_float", -3.0f);
    const auto graph = read(writer);
    EXPECT_EQ(params_of<ActivationParams>(graph).alpha, -3.0f);
}

TEST(OnnxConstants, OfShapeIsFilledWithinReason) {
    OnnxWriter writer(11);
    writer.input("x", {2, 3});
    writer.output("y");
    writer.integers("shape", {2, 3});
    auto& fill = writer.node("ConstantOfShape", {"shape"}, {"ones"});
    auto& attribute = *fill.add_attribute();
    attribute.set_name("value");
    attribute.set_type(onnx::AttributeProto::TENSOR);
    attribute.mutable_t()->set_data_type(onnx::TensorProto::FLOAT);
    attribute.mutable_t()->add_dims(1);
    attribute.mutable_t()->add_float_data(1.0f);
    writer.node("Add", {"x", "ones"}, {"y"});
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const Tensor* ones = graph->constant_input(graph->nodes[0], 1);
    EXPECT_EQ(ones->shape(), (Shape{2, 3}));
    EXPECT_EQ(ones->as<float>()[5], 1.0f);

    writer.graph().mutable_initializer(0)->set_int64_data(0, 1'000'000'000);
    expect_error(read(writer), ErrorCode::kUnsupported, {"(ConstantOfShape)", "elements"});
}

TEST(OnnxTensors, OfEveryEncodingAreRead) {
    OnnxWriter writer(13);
    writer.input("x", {2});
    writer.output("y");
    onnx::TensorProto& doubles = *writer.graph().add_initializer();
    doubles.set_name("d");
    doubles.set_data_type(onnx::TensorProto::DOUBLE);
    doubles.add_dims(2);
    doubles.add_double_data(0.5);
    doubles.add_double_data(-4);
    onnx::TensorProto& halves = *writer.graph().add_initializer();
    halves.set_name("h");
    halves.set_data_type(onnx::TensorProto::FLOAT16);
    halves.add_dims(2);
    halves.add_int32_data(0x3c00);
    halves.add_int32_data(0xc000);
    onnx::TensorProto& bytes = *writer.graph().add_initializer();
    bytes.set_name("b");
    bytes.set_data_type(onnx::TensorProto::INT8);
    bytes.add_dims(2);
    bytes.set_raw_data(std::string("\xff\x02", 2));
    writer.node("Add", {"x", "d"}, {"s"});
    writer.node("Add", {"s", "h"}, {"t"});
    writer.node("Add", {"t", "b"}, {"y"});
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    EXPECT_EQ(graph->constant_input(graph->nodes[0], 1)->as<float>()[1], -4.0f);
    EXPECT_EQ(to_float(graph->constant_input(graph->nodes[1], 1)->as<Half>()[1]), -2.0f);
    EXPECT_EQ(graph->constant_input(graph->nodes[2], 1)->as<int8_t>()[0], -1);
}

TEST(OnnxInputs, ListedInitializersAreConstantsAndDynamicBatchIsOne) {
    OnnxWriter writer(9);
    writer.input("x", {-1, 4}, onnx::TensorProto::FLOAT16);
    writer.input("c", {4});
    writer.floats("c", {4}, {1, 2, 3, 4});
    writer.node("Add", {"x", "c"}, {"y"});
    writer.output("y");
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_EQ(graph->inputs.size(), 1u);
    EXPECT_EQ(graph->value(graph->inputs[0]).shape, (Shape{1, 4}));
    EXPECT_EQ(graph->value(graph->inputs[0]).type, DataType::kF32);
}

TEST(OnnxErrors, NameEveryUnknownOperatorWithItsFirstNode) {
    OnnxWriter writer = with_input(11);
    writer.node("LSTM", {"x"}, {"a"});
    writer.node("Unique", {"a"}, {"b"});
    writer.node("LSTM", {"b"}, {"c"});
    writer.node("HardSwish", {"c"}, {"d"});
    writer.node("Relu", {"d"}, {"y"}).set_domain("com.example");
    expect_error(read(writer), ErrorCode::kUnsupported,
                 {"LSTM (first in 'node_a')", "Unique (first in 'node_b')",
                  "HardSwish (first in 'node_d')", "com.example.Relu", "operator set 11"});
}

TEST(OnnxErrors, NameOpsetsOutsideTheRange) {
    for (const int64_t opset : {0, 18}) {
        OnnxWriter writer = with_input(opset);
        writer.node("Relu", {"x"}, {"y"});
        expect_error(read(writer), ErrorCode::kUnsupported,
                     {"operator set " + std::to_string(opset), "1 to 17"});
    }
}

TEST(OnnxErrors, NameNodeAndAttribute) {
    OnnxWriter wrong_type = with_input(11);
    set(wrong_type.node("LeakyRelu", {"x"}, {"y"}), "alpha", int64_t{1});
    expect_error(read(wrong_type), ErrorCode::kCorrupt, {"'node_y' (LeakyRelu)", "alpha"});

    OnnxWriter unknown_pad = with_input(11);
    auto& pool = unknown_pad.node("MaxPool", {"x"}, {"y"});
    set(pool, "kernel_shape", Integers{2, 2});
    set(pool, "auto_pad", "SOMEHOW");
    expect_error(read(unknown_pad), ErrorCode::kUnsupported,
                 {"'node_y' (MaxPool)", "auto_pad=SOMEHOW", "SAME_UPPER"});

    OnnxWriter too_few = with_input(11);
    too_few.node("Add", {"x"}, {"y"});
    expect_error(read(too_few), ErrorCode::kCorrupt, {"'node_y' (Add)", "1 inputs", "takes 2"});
}

TEST(OnnxErrors, RefuseExternalDataByTensor) {
    OnnxWriter writer = with_input(11);
    writer.floats("w", {4}, {});
    onnx::TensorProto& tensor = *writer.graph().mutable_initializer(0);
    tensor.clear_raw_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    auto& location = *tensor.add_external_data();
    location.set_key("location");
    location.set_value("../../etc/passwd");
    writer.node("Add", {"x", "w"}, {"y"});
    expect_error(read(writer), ErrorCode::kUnsupported, {"tensor 'w'", "another file"});
}

TEST(OnnxErrors, TensorsThatDisagreeWithTheirDimsAreCorrupt) {
    for (const Integers& dims : {Integers{5}, Integers{-1}, Integers{0}}) {
        OnnxWriter writer = with_input(11);
        writer.floats("w", dims, {1, 2, 3, 4});
        writer.node("Add", {"x", "w"}, {"y"});
        expect_error(read(writer), ErrorCode::kCorrupt, {"tensor 'w'"});
    }
    OnnxWriter absurd = with_input(11);
    absurd.floats("w", {int64_t{1} << 40, int64_t{1} << 40, 0}, {});
    absurd.node("Add", {"x", "w"}, {"y"});
    expect_error(read(absurd), ErrorCode::kUnsupported, {"tensor 'w'", "elements"});
}

TEST(OnnxErrors, BrokenWiringIsCorrupt) {
    OnnxWriter cycle = with_input(11);
    cycle.node("Add", {"x", "b"}, {"a"});
    cycle.node("Relu", {"a"}, {"b"});
    cycle.node("Relu", {"b"}, {"y"});
    expect_error(read(cycle), ErrorCode::kCorrupt, {"cycle"});

    OnnxWriter twice = with_input(11);
    twice.node("Relu", {"x"}, {"y"});
    twice.node("Abs", {"x"}, {"y"});
    expect_error(read(twice), ErrorCode::kCorrupt, {"'y'", "twice"});

    OnnxWriter unwritten = with_input(11);
    unwritten.node("Add", {"x", "nobody"}, {"y"});
    expect_error(read(unwritten), ErrorCode::kCorrupt, {"'node_y' (Add)", "'nobody'"});

    OnnxWriter no_writer = with_input(11);
    no_writer.node("Relu", {"x"}, {"z"});
    expect_error(read(no_writer), ErrorCode::kCorrupt, {"output 'y'"});
}

TEST(OnnxErrors, AFileCutAtAnyByteIsAnErrorOrAValidGraph) {
    OnnxWriter writer = with_input(13);
    writer.floats("w", {4, 4, 1, 1}, std::vector<float>(16, 1.0f));
    set(writer.node("Conv", {"x", "w"}, {"c"}), "strides", Integers{2, 2});
    writer.node("Relu", {"c"}, {"y"});
    const std::string bytes = writer.bytes();
    const TemporaryModel files;
    for (size_t size = 0; size < bytes.size(); ++size) {
        const auto graph = read_model(files.write("model.onnx", bytes.substr(0, size)));
        if (graph.ok()) {
            EXPECT_TRUE(validate(*graph).ok()) << size;
        }
    }
    EXPECT_EQ(read_model(files.write("model.onnx", "")).error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace facet
