// SPDX-License-Identifier: MIT
// Every model of the test data can be prepared and keeps the rows of a batch apart.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/formats/data_models.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

class PreparedModel : public ::testing::TestWithParam<const char*> {};

TEST_P(PreparedModel, IsBatchableAndFreeOfShapeArithmetic) {
    FACET_DATA_OR_SKIP(path, std::filesystem::path("models") / GetParam());
    auto graph = read_model(path, Extent2{320, 320});
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const auto prepared = prepare(*graph, reference::evaluate);
    ASSERT_TRUE(prepared.ok()) << prepared.error().text();
    const std::vector<BatchVerdict> verdicts = analyze_batchability(*graph);
    const auto batchable = require_batchable(*graph, verdicts);
    EXPECT_TRUE(batchable.ok()) << batchable.error().text();
    for (const Node& node : graph->nodes) {
        EXPECT_NE(name_of(node.params), "ShapeOf") << node.text();
        for (ValueId id : node.outputs) EXPECT_EQ(graph->value(id).type, DataType::kF32);
    }
}

INSTANTIATE_TEST_SUITE_P(All, PreparedModel, ::testing::ValuesIn(testing::models::kAll),
                         testing::models::test_name);

// Shapes of the outputs, whatever the files themselves state.
struct OutputShapes {
    const char* path;
    std::vector<Shape> shapes;
};

class PreparedOutputs : public ::testing::TestWithParam<OutputShapes> {};

TEST_P(PreparedOutputs, HaveTheShapesTheModelIsKnownFor) {
    FACET_DATA_OR_SKIP(path, std::filesystem::path("models") / GetParam().path);
    auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    const auto prepared = prepare(*graph, reference::evaluate);
    ASSERT_TRUE(prepared.ok()) << prepared.error().text();
    std::vector<Shape> shapes;
    for (ValueId id : graph->outputs) shapes.push_back(graph->value(id).shape);
    EXPECT_EQ(shapes, GetParam().shapes) << shapes[0].text();
}

using namespace testing::models;

INSTANTIATE_TEST_SUITE_P(
    All, PreparedOutputs,
    ::testing::Values(OutputShapes{kAgeGenderInt8, {{1, 1, 1, 1}, {1, 2, 1, 1}}},
                      OutputShapes{kAgeGenderOnnx, {{1, 1, 1, 1}, {1, 2, 1, 1}}},
                      OutputShapes{kEmotionsInt8, {{1, 5, 1, 1}}},
                      OutputShapes{kFaceAdas, {{1, 1, 200, 7}}},
                      OutputShapes{kFace0005Int8, {{1, 1, 200, 7}}},
                      OutputShapes{kLandmarks, {{1, 10, 1, 1}}},
                      OutputShapes{kHeadPose, {{1, 1}, {1, 1}, {1, 1}}},
                      OutputShapes{kUltraFaceRfb, {{1, 4420, 2}, {1, 4420, 4}}},
                      OutputShapes{kUltraFaceSlim, {{1, 4420, 2}, {1, 4420, 4}}}));

}  // namespace
}  // namespace facet
