// SPDX-License-Identifier: MIT
// Every model of the test data is read, with the names, shapes, operations and weights it has.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/formats/model_reader.h"
#include "engine/graph/graph.h"
#include "tests/formats/data_models.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

using namespace testing::models;

struct Expectation {
    const char* path;
    const char* input;
    Shape input_shape;
    std::vector<std::string> outputs;
    size_t nodes;
};

void PrintTo(const Expectation& expectation, std::ostream* stream) {
    *stream << expectation.path;
}

class DataModel : public ::testing::TestWithParam<Expectation> {};

TEST_P(DataModel, HasItsNamesShapesAndNodes) {
    const Expectation& expected = GetParam();
    FACET_DATA_OR_SKIP(path, std::string("models/") + expected.path);
    const auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    ASSERT_EQ(graph->inputs.size(), 1u);
    const Value& input = graph->value(graph->inputs[0]);
    EXPECT_EQ(input.name, expected.input);
    EXPECT_EQ(input.type, DataType::kF32);
    EXPECT_EQ(input.shape, expected.input_shape) << input.shape.text();
    std::vector<std::string> outputs;
    for (ValueId id : graph->outputs) outputs.push_back(graph->value(id).name);
    EXPECT_EQ(outputs, expected.outputs);
    EXPECT_EQ(graph->nodes.size(), expected.nodes);
    EXPECT_TRUE(validate(*graph).ok());
}

// Nodes are the file's operations, counted apart from this code (layers but Parameter, Const and
// Result; nodes but Constant), and one Reshape per group convolution whose weights are computed.
INSTANTIATE_TEST_SUITE_P(
    All, DataModel,
    ::testing::Values(
        Expectation{kAgeGenderInt8, "data", Shape{1, 3, 62, 62}, {"age_conv3", "prob"}, 61},
        Expectation{kAgeGenderOnnx, "data", Shape{1, 3, 62, 62}, {"age_conv3", "prob"}, 35},
        Expectation{kEmotionsInt8, "data", Shape{1, 3, 64, 64}, {"prob_emotion"}, 98},
        Expectation{kEmotionsOnnx, "data", Shape{1, 3, 64, 64}, {"prob_emotion"}, 51},
        Expectation{kFaceAdas, "data", Shape{1, 3, 384, 672}, {"detection_out"}, 263},
        Expectation{kFace0004Fp16, "data", Shape{1, 3, 300, 300}, {"detection_out"}, 128},
        Expectation{kFace0004Fp32, "data", Shape{1, 3, 300, 300}, {"detection_out"}, 128},
        Expectation{kFace0004Int8, "data", Shape{1, 3, 300, 300}, {"detection_out"}, 225},
        Expectation{kFace0005Int8, "input.1", Shape{1, 3, 300, 300}, {"527"}, 374 + 19},
        Expectation{kLandmarks, "0", Shape{1, 3, 48, 48}, {"95"}, 46},
        Expectation{
            kHeadPose, "data", Shape{1, 3, 60, 60}, {"angle_p_fc", "angle_r_fc", "angle_y_fc"}, 57},
        Expectation{kUltraFaceRfb, "input", Shape{1, 3, 240, 320}, {"scores", "boxes"}, 211},
        Expectation{kUltraFaceRfbRaw, "input", Shape{1, 3, 240, 320}, {"scores", "boxes"}, 193},
        Expectation{kUltraFaceSlim, "input", Shape{1, 3, 240, 320}, {"scores", "boxes"}, 95}));

const Tensor* constant_named(const Graph& graph, const std::string& name) {
    const auto found = std::ranges::find(graph.values, name, &Value::name);
    return found == graph.values.end() || !found->constant ? nullptr : &*found->constant;
}

TEST(DataModelWeights, AreThoseOfTheBinFile) {
    FACET_DATA_OR_SKIP(path, std::string("models/") + kAgeGenderInt8);
    const auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const Tensor* weights = constant_named(
        *graph, "conv1/WithoutBiases/fq_weights_1/Convert_to_float/Cast_01082_const");
    ASSERT_NE(weights, nullptr);
    EXPECT_EQ(weights->type(), DataType::kU8);
    EXPECT_EQ(weights->shape(), (Shape{48, 3, 3, 3}));
    const auto first = weights->as<uint8_t>().first(6);
    EXPECT_TRUE(std::ranges::equal(first, std::vector<uint8_t>{144, 165, 165, 102, 121, 146}));
    const Tensor* high = constant_named(*graph, "367371_const");
    ASSERT_NE(high, nullptr);
    EXPECT_EQ(high->type(), DataType::kF16);
    EXPECT_EQ(high->shape(), Shape{});
    EXPECT_EQ(to_float(high->as<Half>()[0]), 245.75f);
}

TEST(DataModelWeights, AreThoseOfTheOnnxMessage) {
    FACET_DATA_OR_SKIP(path, std::string("models/") + kEmotionsOnnx);
    const auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const Tensor* scale = constant_named(*graph, "data_mul_2386/copy_const77_const");
    ASSERT_NE(scale, nullptr);
    EXPECT_EQ(scale->shape(), (Shape{1, 3, 1, 1}));
    EXPECT_FLOAT_EQ(scale->as<float>()[0], 0.00519180298f);  // bytes 00 20 aa 3b
}

TEST(DataModelGroups, WeightsOfAGroupConvolutionLoseTheirGroupAxis) {
    FACET_DATA_OR_SKIP(path, std::string("models/") + kLandmarks);
    const auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const auto node = std::ranges::find(graph->nodes, "86/WithoutBiases", &Node::name);
    ASSERT_NE(node, graph->nodes.end());
    EXPECT_EQ(std::get<ConvolutionParams>(node->params).groups, 128);
    const Tensor* weights = graph->constant_input(*node, 1);
    ASSERT_NE(weights, nullptr);
    EXPECT_EQ(weights->shape(), (Shape{128, 1, 6, 6}));
    EXPECT_EQ(weights->view().bytes, constant_named(*graph, "36693672_const")->view().bytes)
        << "reshaping a constant copied it";
}

TEST(DataModelOpenSize, IsTakenFromTheCallerOrRefusedByInputAndAxis) {
    FACET_DATA_OR_SKIP(path, std::string("models/") + kYuNet);
    const auto sized = read_model(path, Extent2{320, 640});
    ASSERT_TRUE(sized.ok()) << sized.error().text();
    EXPECT_EQ(sized->value(sized->inputs[0]).shape, (Shape{1, 3, 320, 640}));
    EXPECT_EQ(sized->nodes.size(), 106u);
    const auto graph = read_model(path);
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(graph.error().message.find("input 'input': axis 2 is dynamic"), std::string::npos)
        << graph.error().message;
}

}  // namespace
}  // namespace facet
