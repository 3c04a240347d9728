// SPDX-License-Identifier: MIT
// OpenVINO layers, written by hand, become the nodes they stand for or an error that names them.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "engine/formats/model_reader.h"
#include "tests/formats/ir_writer.h"
#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using testing::IrWriter;
using testing::TemporaryModel;

Result<Graph> read(const IrWriter& writer) {
    const TemporaryModel files;
    files.write("model.bin", writer.weights());
    return read_model(files.write("model.xml", writer.xml()));
}

// One layer under test between a Parameter "x" of shape 1,4,8,8 and a Result.
IrWriter around(const std::string& type, const std::string& attributes,
                const std::vector<IrWriter::Source>& constants = {}, const std::string& opset = {},
                int outputs = 1) {
    IrWriter writer;
    std::vector<IrWriter::Source> inputs{writer.parameter("x", "f32", "1,4,8,8")};
    inputs.insert(inputs.end(), constants.begin(), constants.end());
    const auto layer = writer.layer("y", type, attributes, inputs, opset, outputs);
    for (int port = 0; port < outputs; ++port) writer.result({layer.layer, port, {}});
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

std::vector<int64_t> integers_at(const Graph& graph, size_t node, size_t input) {
    const Tensor* tensor = graph.constant_input(graph.nodes[node], input);
    if (tensor == nullptr || tensor->type() != DataType::kI64) return {};
    const auto elements = tensor->as<int64_t>();
    return {elements.begin(), elements.end()};
}

void expect_error(const Result<Graph>& graph, ErrorCode code,
                  const std::vector<std::string>& words) {
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code, code) << graph.error().text();
    for (const std::string& word : words)
        EXPECT_NE(graph.error().message.find(word), std::string::npos)
            << "'" << word << "' is not in: " << graph.error().message;
    EXPECT_NE(graph.error().message.find("model.xml: "), std::string::npos);
}

TEST(IrActivations, KeepTheirParameters) {
    const auto clamp = params_of<ActivationParams>(read(around("Clamp", R"(min="-1.5" max="6")")));
    EXPECT_EQ(clamp.kind, ActivationParams::Kind::kClip);
    EXPECT_EQ(clamp.alpha, -1.5f);
    EXPECT_EQ(clamp.beta, 6.0f);
    const auto elu = params_of<ActivationParams>(read(around("Elu", R"(alpha="0.25")")));
    EXPECT_EQ(elu.kind, ActivationParams::Kind::kElu);
    EXPECT_EQ(elu.alpha, 0.25f);
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    const auto alpha = writer.constant<float>("alpha", "f32", "", {0.2f});
    const auto beta = writer.constant<float>("beta", "f32", "", {0.5f});
    writer.result(writer.layer("y", "HardSigmoid", "", {x, alpha, beta}));
    const auto graph = read(writer);
    EXPECT_EQ(params_of<ActivationParams>(graph).alpha, 0.2f);
    EXPECT_EQ(params_of<ActivationParams>(graph).beta, 0.5f);
    EXPECT_EQ(graph->nodes[0].inputs.size(), 1u);
}

TEST(IrActivations, SwishIsXTimesItsSigmoid) {
    const auto graph = read(around("Swish", "", {}, "opset4"));
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_EQ(graph->nodes.size(), 2u);
    EXPECT_EQ(params_of<ActivationParams>(graph, 0).kind, ActivationParams::Kind::kSigmoid);
    EXPECT_EQ(params_of<EltwiseParams>(graph, 1).kind, EltwiseParams::Kind::kMultiply);
    EXPECT_EQ(graph->nodes[1].inputs[0], graph->inputs[0]);
    EXPECT_EQ(graph->nodes[1].inputs[1], graph->nodes[0].outputs[0]);
    EXPECT_EQ(graph->value(graph->outputs[0]).name, "y");
}

TEST(IrConvolution, ReadsWindowAndPads) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f16", "1,4,8,8");
    const auto w = writer.constant<float>("w", "f32", "2,4,3,1", std::vector<float>(24, 1.0f));
    writer.result(writer.layer("y", "Convolution",
                               R"(strides="2,1" dilations="1,3" pads_begin="0,1" pads_end="2,3")",
                               {x, w}));
    const auto graph = read(writer);
    const auto params = params_of<ConvolutionParams>(graph);
    EXPECT_EQ(params.strides, (Extent2{2, 1}));
    EXPECT_EQ(params.dilations, (Extent2{1, 3}));
    EXPECT_EQ(params.pads_begin, (Extent2{0, 1}));
    EXPECT_EQ(params.pads_end, (Extent2{2, 3}));
    EXPECT_EQ(params.groups, 1);
    EXPECT_EQ(graph->value(graph->inputs[0]).type, DataType::kF32) << "f16 input";
}

TEST(IrConvolution, AutoPadOverridesPads) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto w = writer.constant<float>("w", "f32", "2,4,3,3", std::vector<float>(72, 1.0f));
    writer.result(writer.layer(
        "y", "Convolution",
        R"(strides="1,1" dilations="1,1" pads_begin="5,5" pads_end="5,5" auto_pad="same_upper")",
        {x, w}));
    const auto params = params_of<ConvolutionParams>(read(writer));
    EXPECT_EQ(params.auto_pad, AutoPad::kSameUpper);
    EXPECT_EQ(params.pads_begin, (Extent2{0, 0}));
}

TEST(IrGroupConvolution, ComputedWeightsAreReshapedByANode) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto w = writer.constant<int8_t>("w", "i8", "2,3,2,1,1", std::vector<int8_t>(12, 1));
    const auto converted = writer.layer("c", "Convert", R"(destination_type="f16")", {w});
    writer.result(
        writer.layer("y", "GroupConvolution", "", {x, {converted.layer, 0, "2,3,2,1,1"}}));
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_EQ(graph->nodes.size(), 3u);
    EXPECT_EQ(params_of<ConvertParams>(graph, 0).to, DataType::kF32);
    EXPECT_FALSE(params_of<ReshapeParams>(graph, 1).zero_copies);
    EXPECT_EQ(integers_at(*graph, 1, 1), (std::vector<int64_t>{6, 2, 1, 1}));
    EXPECT_EQ(params_of<ConvolutionParams>(graph, 2).groups, 2);
}

TEST(IrPooling, ReadsRoundingAndExcludePad) {
    const auto max = params_of<PoolingParams>(read(around(
        "MaxPool",
        R"(kernel="3,2" strides="2,2" pads_begin="1,0" pads_end="1,0" rounding_type="ceil")")));
    EXPECT_EQ(max.kind, PoolingParams::Kind::kMax);
    EXPECT_EQ(max.kernel, (Extent2{3, 2}));
    EXPECT_TRUE(max.ceil_mode);
    const std::string window = R"(kernel="2,2" strides="2,2" pads_begin="0,0" pads_end="0,0" )";
    const auto counted =
        params_of<PoolingParams>(read(around("AvgPool", window + R"(exclude-pad="false")")));
    EXPECT_EQ(counted.kind, PoolingParams::Kind::kAverage);
    EXPECT_TRUE(counted.count_include_pad);
    const auto excluded =
        params_of<PoolingParams>(read(around("AvgPool", window + R"(exclude-pad="true")")));
    EXPECT_FALSE(excluded.count_include_pad);
    EXPECT_FALSE(excluded.ceil_mode);
}

TEST(IrPooling, IndicesOfMaxPool8AreRefusedWhenRead) {
    const std::string window = R"(kernel="2,2" strides="2,2" pads_begin="0,0" pads_end="0,0")";
    EXPECT_FALSE(read(around("MaxPool", window, {}, "opset8", 2)).ok());
}

TEST(IrPRelu, ASlopeOfOneAxisBelongsToTheChannels) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto slope = writer.constant<float>("slope", "f32", "4", {1, 2, 3, 4});
    writer.result(writer.layer("y", "PReLU", "", {x, slope}));
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    EXPECT_EQ(graph->constant_input(graph->nodes[0], 1)->shape(), (Shape{4, 1, 1}));
}

TEST(IrReduce, TakesAxesFromItsConstant) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto axes = writer.constant<int32_t>("axes", "i32", "2", {2, -1});
    writer.result(writer.layer("y", "ReduceMean", R"(keep_dims="true")", {x, axes}));
    const auto params = params_of<ReduceParams>(read(writer));
    EXPECT_EQ(params.axes, (std::vector<int64_t>{2, -1}));
    EXPECT_TRUE(params.keep_axes);
}

TEST(IrSplit, OpenLengthIsWhatTheOthersLeave) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto axis = writer.constant<int64_t>("axis", "i64", "", {1});
    const auto lengths = writer.constant<int64_t>("lengths", "i64", "2", {-1, 3});
    const auto split = writer.layer("y", "VariadicSplit", "", {x, axis, lengths}, {}, 2);
    writer.result({split.layer, 0, {}});
    writer.result({split.layer, 1, {}});
    const auto graph = read(writer);
    EXPECT_EQ(params_of<SplitParams>(graph).axis, 1);
    EXPECT_EQ(integers_at(*graph, 0, 1), (std::vector<int64_t>{1, 3}));
    EXPECT_EQ(graph->value(graph->outputs[0]).name, "y");
    EXPECT_EQ(graph->value(graph->outputs[1]).name, "y.1");
}

TEST(IrPad, JoinsBeginAndEnd) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto begin = writer.constant<int64_t>("begin", "i64", "4", {0, 0, 1, 2});
    const auto end = writer.constant<int64_t>("end", "i64", "4", {0, 0, 3, 4});
    writer.result(writer.layer("y", "Pad", R"(pad_mode="edge")", {x, begin, end}));
    const auto graph = read(writer);
    EXPECT_EQ(params_of<PadParams>(graph).mode, PadParams::Mode::kEdge);
    EXPECT_EQ(integers_at(*graph, 0, 1), (std::vector<int64_t>{0, 0, 1, 2, 0, 0, 3, 4}));
}

TEST(IrInterpolate, ScalesOfTwoAxesGetOnesInFront) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto sizes = writer.constant<int64_t>("sizes", "i64", "2", {16, 16});
    const auto scales = writer.constant<float>("scales", "f32", "2", {2, 2});
    const auto axes = writer.constant<int64_t>("axes", "i64", "2", {2, 3});
    const std::string by_scales =
        R"(mode="nearest" shape_calculation_mode="scales" nearest_mode="floor" )"
        R"(coordinate_transformation_mode="asymmetric")";
    writer.result(writer.layer("y", "Interpolate", by_scales, {x, sizes, scales, axes}, "opset4"));
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const size_t last = graph->nodes.size() - 1;
    const auto params = params_of<ResizeParams>(graph, last);
    EXPECT_TRUE(params.by_scales);
    EXPECT_EQ(params.coordinates, ResizeParams::Coordinates::kAsymmetric);
    EXPECT_EQ(params.rounding, ResizeParams::Rounding::kFloor);
    const auto& concat = graph->nodes[last - 1];
    ASSERT_EQ(name_of(concat.params), "Concat");
    EXPECT_EQ(concat.inputs.size(), 3u);
    EXPECT_EQ(graph->constant_input(concat, 0)->as<float>()[0], 1.0f);
    const std::string cubic = R"(mode="cubic" shape_calculation_mode="scales")";
    IrWriter other;
    other.result(other.layer("y", "Interpolate", cubic,
                             {other.parameter("x", "f32", "1,4,8,8"),
                              other.constant<int64_t>("sizes", "i64", "2", {16, 16}),
                              other.constant<float>("scales", "f32", "2", {2, 2})},
                             "opset4"));
    expect_error(read(other), ErrorCode::kUnsupported, {"'y'", "mode=cubic", "nearest"});
}

IrWriter detection_output(const std::string& attributes, const std::string& opset) {
    IrWriter writer;
    const auto boxes = writer.parameter("boxes", "f32", "1,40");
    const auto scores = writer.parameter("scores", "f32", "1,30");
    const auto priors = writer.constant<float>("priors", "f32", "1,1,40", std::vector<float>(40));
    writer.result(writer.layer("y", "DetectionOutput",
                               attributes +
                                   R"( keep_top_k="20" nms_threshold="0.45" normalized="1" )"
                                   R"(code_type="caffe.PriorBoxParameter.CENTER_SIZE")",
                               {boxes, scores, priors}, opset));
    return writer;
}

TEST(IrDetectionOutput, ClassesAreStatedOrCountedFromShapes) {
    const auto stated = params_of<DetectionOutputParams>(
        read(detection_output(R"(num_classes="3" top_k="50")", "opset1")));
    EXPECT_EQ(stated.num_classes, 3);
    EXPECT_EQ(stated.top_k, 50);
    EXPECT_EQ(stated.keep_top_k, 20);
    EXPECT_EQ(stated.code_type, DetectionOutputParams::CodeType::kCenterSize);
    const auto counted = params_of<DetectionOutputParams>(read(detection_output("", "opset8")));
    EXPECT_EQ(counted.num_classes, 3);
    EXPECT_EQ(counted.top_k, -1);
    EXPECT_FLOAT_EQ(counted.nms_threshold, 0.45f);
}

TEST(IrConstants, DoublesBecomeFloatsAndUnalignedOnesAreCopied) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,2");
    writer.constant<int8_t>("shift", "i8", "1", {1});
    const auto f = writer.constant<float>("f", "f32", "2", {1.5f, -2.0f});
    const auto d = writer.constant<double>("d", "f64", "2", {0.25, 8.0});
    const auto sum = writer.layer("sum", "Add", "", {x, f});
    writer.result(writer.layer("y", "Multiply", "", {sum, d}));
    const auto graph = read(writer);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const Tensor* floats = graph->constant_input(graph->nodes[0], 1);
    EXPECT_EQ(floats->as<float>()[1], -2.0f);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(floats->view().bytes) % sizeof(float), 0u);
    EXPECT_EQ(graph->constant_input(graph->nodes[1], 1)->as<float>()[0], 0.25f);
}

TEST(IrParameters, DynamicBatchBecomesOneAndOtherDynamicAxesAreRefused) {
    for (const char* shape : {"?,3,4,4", "-1,3,4,4", "1..8,3,4,4"}) {
        IrWriter writer;
        writer.result(writer.layer("y", "ReLU", "", {writer.parameter("x", "f32", shape)}));
        const auto graph = read(writer);
        ASSERT_TRUE(graph.ok()) << graph.error().text();
        EXPECT_EQ(graph->value(graph->inputs[0]).shape, (Shape{1, 3, 4, 4})) << shape;
    }
    IrWriter writer;
    writer.result(writer.layer("y", "ReLU", "", {writer.parameter("x", "f32", "1,?,4,4")}));
    expect_error(read(writer), ErrorCode::kUnsupported, {"input 'x'", "axis 1 is dynamic"});
}

TEST(IrErrors, NameEveryUnknownTypeWithItsFirstLayer) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    const auto first = writer.layer("first", "LSTMSequence", "", {x}, "opset5");
    const auto second = writer.layer("second", "LSTMSequence", "", {first}, "opset5");
    const auto third = writer.layer("third", "TopK", "", {second}, "opset3");
    writer.result(writer.layer("fourth", "ReLU", "", {third}, "opset99"));
    expect_error(read(writer), ErrorCode::kUnsupported,
                 {"LSTMSequence of opset5 (first in 'first')", "TopK of opset3 (first in 'third')",
                  "ReLU of opset99"});
}

TEST(IrErrors, NameOldVersions) {
    for (const char* version : {"2", "4", "5", "6", "7", "9", "12"}) {
        const TemporaryModel files;
        const auto path = files.write("model.xml", std::string("<net name=\"n\" version=\"") +
                                                       version + "\"><layers/></net>");
        const auto graph = read_model(path);
        ASSERT_FALSE(graph) << version;
        EXPECT_EQ(graph.error().text(), "Unsupported: " + path.string() + ": OpenVINO IR version " +
                                            version +
                                            "; supported: versions 10 and 11 "
                                            "(OpenVINO 2020.1 or newer)");
    }
}

TEST(IrErrors, NameLayerAndAttribute) {
    expect_error(read(around("Clamp", R"(min="0")")), ErrorCode::kCorrupt, {"'y' (Clamp)", "max"});
    expect_error(read(around("Clamp", R"(min="zero" max="1")")), ErrorCode::kCorrupt,
                 {"min=\"zero\""});
    const std::string three = R"(kernel="2,2,2" strides="2,2" rounding_type="floor")";
    expect_error(read(around("MaxPool", three)), ErrorCode::kUnsupported,
                 {"kernel of 3 axes", "two-dimensional"});
    const std::string zero = R"(kernel="2,2" strides="0,2")";
    expect_error(read(around("MaxPool", zero)), ErrorCode::kCorrupt, {"strides=\"0,2\""});
    const std::string pad = R"(kernel="2,2" strides="2,2" auto_pad="same_middle")";
    expect_error(read(around("MaxPool", pad)), ErrorCode::kUnsupported,
                 {"auto_pad=same_middle", "same_upper"});
}

TEST(IrErrors, RefuseAxesThatAreComputed) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4,8,8");
    const auto shape = writer.layer("shape", "ShapeOf", "", {x});
    writer.result(writer.layer("y", "ReduceMean", "", {x, shape}));
    expect_error(read(writer), ErrorCode::kUnsupported, {"'y'", "axes is not a constant"});
}

TEST(IrErrors, RefuseUnknownElementTypes) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    const auto bits = writer.constant<int8_t>("bits", "u1", "8", {1});
    writer.result(writer.layer("y", "Add", "", {x, bits}));
    expect_error(read(writer), ErrorCode::kUnsupported, {"'bits'", "'u1'", "boolean"});
}

// Text of the XML, and what replaces it, and what the error then says.
struct Damage {
    const char* from;
    const char* to;
    const char* says;
};

class IrDamage : public ::testing::TestWithParam<Damage> {};

TEST_P(IrDamage, IsCorruptAndSaysWhere) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    const auto c = writer.constant<float>("c", "f32", "4", {1, 2, 3, 4});
    writer.result(writer.layer("y", "Add", "", {x, c}));
    std::string xml = writer.xml();
    const size_t position = xml.find(GetParam().from);
    ASSERT_NE(position, std::string::npos) << xml;
    xml.replace(position, std::strlen(GetParam().from), GetParam().to);
    const TemporaryModel files;
    files.write("model.bin", writer.weights());
    expect_error(read_model(files.write("model.xml", xml)), ErrorCode::kCorrupt, {GetParam().says});
}

INSTANTIATE_TEST_SUITE_P(
    All, IrDamage,
    ::testing::Values(
        Damage{R"(size="16")", R"(size="12")", "does not match"},
        Damage{R"(offset="0")", R"(offset="4")", "outside the 16 bytes"},
        Damage{R"(offset="0")", R"(offset="9223372036854775807")", "outside the 16 bytes"},
        Damage{R"(offset="0")", R"(offset="-4")", "offset"},
        Damage{R"(shape="4")", R"(shape="-4")", "extent -4"},
        Damage{R"(to-layer="2")", R"(to-layer="9")", "layer 9"},
        Damage{R"(from-port="0")", R"(from-port="7")", "output port 7"},
        Damage{R"(to-port="1")", R"(to-port="0")", "two edges"},
        Damage{R"(<edge from-layer="0")", R"(<gone from-layer="0")", "no edge enters"},
        Damage{R"(layer id="1")", R"(layer id="0")", "shares id 0"},
        Damage{R"(name="y")", R"(name="")", "no name"}, Damage{R"(</net>)", R"(</met>)", "XML"},
        Damage{R"(<net )", R"(<not )", "XML"},
        Damage{R"(type="Result")", R"(type="ReLU")", "no output"}));

TEST(IrErrors, AFileCutAtAnyByteIsCorrupt) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    const auto c = writer.constant<float>("c", "f32", "4", {1, 2, 3, 4});
    writer.result(writer.layer("y", "Add", "", {x, c}));
    const std::string xml = writer.xml();
    const TemporaryModel files;
    files.write("model.bin", writer.weights());
    for (size_t size = 0; size < xml.rfind("</net>"); ++size) {
        const auto graph = read_model(files.write("model.xml", xml.substr(0, size)));
        ASSERT_FALSE(graph.ok()) << size;
        EXPECT_EQ(graph.error().code, ErrorCode::kCorrupt) << size;
    }
}

TEST(IrErrors, CyclesAreCorrupt) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    // Layers are numbered as they are added: "y" is 1 and reads "z", which is 2.
    const auto y = writer.layer("y", "Add", "", {x, {2, 0, {}}});
    const auto z = writer.layer("z", "ReLU", "", {y});
    writer.result(z);
    expect_error(read(writer), ErrorCode::kCorrupt, {"cycle"});
}

TEST(IrErrors, AbsurdShapesAreRefusedBeforeAnythingIsAllocated) {
    IrWriter writer;
    const auto x = writer.parameter("x", "f32", "1,4");
    writer.constant<float>("c", "f32", "4", {1, 2, 3, 4});
    writer.result(writer.layer("y", "ReLU", "", {x}));
    std::string xml = writer.xml();
    const std::string from = R"(shape="4")";
    xml.replace(xml.find(from), from.size(), R"(shape="4000000000,4000000000,0")");
    const TemporaryModel files;
    files.write("model.bin", writer.weights());
    expect_error(read_model(files.write("model.xml", xml)), ErrorCode::kUnsupported,
                 {"'c'", "elements"});
}

TEST(ModelReader, TellsFormatsByNameOrContent) {
    IrWriter writer;
    writer.result(writer.layer("y", "ReLU", "", {writer.parameter("x", "f32", "1,4")}));
    const TemporaryModel files;
    EXPECT_TRUE(read_model(files.write("model", writer.xml())).ok());
    const auto weights = read_model(files.write("model.bin", ""));
    ASSERT_FALSE(weights.ok());
    EXPECT_EQ(weights.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(weights.error().message.find("name the .xml"), std::string::npos);
    const auto other = read_model(files.write("model.tflite", "TFL3"));
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().code, ErrorCode::kUnsupported);
    EXPECT_EQ(read_model(files.path("absent.xml")).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(read_model(files.path(".")).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace facet
