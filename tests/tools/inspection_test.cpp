// SPDX-License-Identifier: MIT
// What facet-inspect says of models: their cost, their batches, their devices.
#include "engine/tools/inspection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/tools/inspection_report.h"
#include "tests/formats/onnx_writer.h"
#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using ::testing::HasSubstr;
using testing::OnnxWriter;
using testing::set;
using testing::TemporaryModel;

// x [1,2,4,4] -> 3x3 convolution to 5 channels -> softmax along `axis`.
Result<Inspection> inspect_softmax_along(int64_t axis) {
    OnnxWriter writer(13);
    writer.input("x", {1, 2, 4, 4});
    writer.floats("w", {5, 2, 3, 3}, std::vector<float>(90, 0.1f));
    writer.node("Conv", {"x", "w"}, {"c"});
    set(writer.node("Softmax", {"c"}, {"y"}), "axis", axis);
    writer.output("y");
    const TemporaryModel file;
    InspectOptions options{.model = file.write("model.onnx", writer.bytes())};
    options.batch_sizes = {1, 8};
    options.threads = 1;
    return inspect(options);
}

TEST(Inspection, CountsParametersAndWork) {
    const auto inspection = inspect_softmax_along(1);
    ASSERT_TRUE(inspection) << inspection.error().text();
    EXPECT_EQ(inspection->format, "ONNX");
    EXPECT_EQ(inspection->parameters, 90);
    EXPECT_EQ(inspection->parameter_bytes, 360);
    ASSERT_EQ(inspection->nodes.size(), 2u);
    // 5 x 2 x 2 results of 2 x 3 x 3 multiplications and additions, then one step for each.
    EXPECT_EQ(inspection->nodes[0].operations, 20 * 36);
    EXPECT_EQ(inspection->operations(), 20 * 36 + 20);
}

TEST(Inspection, WorkingMemoryGrowsWithTheBatch) {
    const auto inspection = inspect_softmax_along(1);
    ASSERT_TRUE(inspection) << inspection.error().text();
    EXPECT_TRUE(inspection->batchable);
    const InspectedDevice& cpu = inspection->devices.at(0);
    EXPECT_EQ(cpu.name, "CPU");
    EXPECT_EQ(cpu.taken, 2u);
    ASSERT_EQ(cpu.memory.size(), 2u);
    EXPECT_EQ(cpu.memory[1].ports, 8 * cpu.memory[0].ports);
    ASSERT_TRUE(cpu.memory[0].working && cpu.memory[1].working);
    EXPECT_GT(*cpu.memory[1].working, *cpu.memory[0].working);
}

TEST(Inspection, NamesTheNodesThatMixRowsAndPlansOneRow) {
    const auto inspection = inspect_softmax_along(0);
    ASSERT_TRUE(inspection) << inspection.error().text();
    EXPECT_FALSE(inspection->batchable);
    EXPECT_EQ(inspection->devices.at(0).memory.size(), 1u);
    const std::string text = inspection_text(*inspection, false);
    EXPECT_THAT(text, HasSubstr("of one row only, because of"));
    EXPECT_THAT(text, HasSubstr("node 'node_y' (Softmax): softmax runs along axis 0"));
}

TEST(Inspection, JsonHoldsTheSame) {
    const auto inspection = inspect_softmax_along(0);
    ASSERT_TRUE(inspection) << inspection.error().text();
    const auto json = nlohmann::json::parse(inspection_json(*inspection));
    EXPECT_EQ(json["parameters"], 90);
    EXPECT_EQ(json["batchable"], false);
    EXPECT_EQ(json["nodes"][0]["mixes_rows"], nullptr);
    EXPECT_THAT(json["nodes"][1]["mixes_rows"].get<std::string>(), HasSubstr("softmax"));
    EXPECT_EQ(json["devices"][0]["memory"][0]["batch"], 1);
    EXPECT_EQ(json["inputs"][0]["shape"], (std::vector<int>{1, 2, 4, 4}));
}

TEST(Inspection, SaysWhichNodesADeviceLeavesAndWhy) {
    auto inspection = inspect_softmax_along(1);
    ASSERT_TRUE(inspection);
    InspectedDevice device;
    device.name = "GPU.0";
    device.taken = 1;
    device.refusals.push_back({"node 'node_y' (Softmax)", "no kernel for Softmax"});
    device.error = "no driver";
    inspection->devices = {device};
    EXPECT_THAT(inspection_text(*inspection, false),
                HasSubstr("GPU.0: takes 1 of 2 nodes\n"
                          "            not node 'node_y' (Softmax): no kernel for Softmax\n"
                          "            no driver\n"));
    const auto json = nlohmann::json::parse(inspection_json(*inspection));
    EXPECT_EQ(json["devices"][0]["refused"][0]["reason"], "no kernel for Softmax");
    EXPECT_EQ(json["devices"][0]["error"], "no driver");
}

TEST(Inspection, ListsEveryNodeWithItsWorkWhenAsked) {
    const auto inspection = inspect_softmax_along(0);
    ASSERT_TRUE(inspection);
    const std::string text = inspection_text(*inspection, true);
    EXPECT_THAT(text, HasSubstr("Convolution"));
    EXPECT_THAT(text, HasSubstr("[1,5,2,2]"));
    EXPECT_THAT(text, HasSubstr("keeps rows apart"));
}

TEST(Inspection, AMissingFileIsAnErrorThatNamesIt) {
    const auto inspection = inspect({.model = "/nowhere/model.onnx"});
    ASSERT_FALSE(inspection);
    EXPECT_THAT(inspection.error().text(), HasSubstr("/nowhere/model.onnx"));
}

}  // namespace
}  // namespace facet
