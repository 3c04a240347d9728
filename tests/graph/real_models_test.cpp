// SPDX-License-Identifier: MIT
// Models people use: passes keep their results, shrink them, and every one may run batches.
#include <gtest/gtest.h>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/pass_steps.h"
#include "tests/graph/interpreter.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

struct RealModel {
    const char* path;
    size_t most_nodes;  // after preparation
};

class RealModels : public ::testing::TestWithParam<RealModel> {};

TEST_P(RealModels, KeepTheirResultsAndRunBatches) {
    FACET_DATA_OR_SKIP(path, std::filesystem::path("models") / GetParam().path);
    auto graph = read_model(path);
    ASSERT_TRUE(graph.ok()) << graph.error().text();
    Graph original = *graph;
    widen_f16(original);  // so that a plain interpreter can run it; exact

    const auto result = prepare(*graph, reference::evaluate);
    ASSERT_TRUE(result.ok()) << result.error().text();
    ASSERT_TRUE(validate(*graph).ok());
    EXPECT_LE(graph->nodes.size(), GetParam().most_nodes);
    const auto batchable = require_batchable(*graph, analyze_batchability(*graph));
    EXPECT_TRUE(batchable.ok()) << batchable.error().text();

    const auto inputs = testing::random_inputs(original);
    const auto expected = testing::interpret(original, inputs);
    const auto actual = testing::interpret(*graph, inputs);
    for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_LT(testing::relative_difference(expected[i], actual[i]), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(
    Data, RealModels,
    ::testing::Values(RealModel{"age-gender-recognition-retail-0013/FP16-INT8/"
                                "age-gender-recognition-retail-0013.xml",
                                32},
                      RealModel{"emotions-recognition-retail-0003/FP32-dequantized/"
                                "emotions-recognition-retail-0003.onnx",
                                37},
                      RealModel{"landmarks-regression-retail-0009/FP32/"
                                "landmarks-regression-retail-0009.xml",
                                26},
                      RealModel{"head-pose-estimation-adas-0001/FP16/"
                                "head-pose-estimation-adas-0001.xml",
                                41},
                      RealModel{"face-detection-retail-0004/FP16/face-detection-retail-0004.xml",
                                83},
                      RealModel{"ultraface/version-RFB-320.onnx", 128}));

}  // namespace
}  // namespace facet
