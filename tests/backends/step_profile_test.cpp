// SPDX-License-Identifier: MIT
// What profile() says of the steps of an inference, on every device that times them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/graph/batchability.h"
#include "engine/graph/operation_count.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int kRows = 3;

// conv -> relu -> conv + its input -> relu -> softmax over the width.
std::shared_ptr<const Graph> residual_block() {
    ConvolutionParams same;
    same.pads_begin = same.pads_end = {1, 1};
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 16, 8, 8});
    const ValueId stem = builder.relu(builder.conv(x, 16, 3, same));
    const ValueId sum = builder.add(builder.conv(stem, 16, 3, same), stem);
    builder.output(builder.softmax(builder.relu(sum)));
    Graph graph = builder.build();
    EXPECT_TRUE(prepare(graph, reference::evaluate));
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

std::unique_ptr<InferRequest> request_on(std::string_view device) {
    const auto model =
        (*find_backend(device))->compile(residual_block(), {.max_batch = kRows, .threads = 1});
    EXPECT_TRUE(model) << model.error().text();
    auto request = (*model)->create_request();
    EXPECT_TRUE(request) << request.error().text();
    const auto values = (*request)->input(0).as<float>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 13) - 6;
    return std::move(*request);
}

double total_flop(const std::vector<StepProfile>& steps) {
    return std::accumulate(steps.begin(), steps.end(), 0.0,
                           [](double sum, const StepProfile& step) { return sum + step.flop; });
}

const StepProfile& last_convolution(const std::vector<StepProfile>& steps) {
    const auto found = std::find_if(steps.rbegin(), steps.rend(), [](const StepProfile& step) {
        return step.kind == "Convolution";
    });
    return *found;
}

class Profile : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        const auto device = find_backend(GetParam());
        if (!device) GTEST_SKIP() << device.error().text();
    }
};

}  // namespace

TEST_P(Profile, ComputesWhatInferComputes) {
    const auto request = request_on(GetParam());
    ASSERT_TRUE(request->infer(kRows));
    const auto result = request->output(0).as<float>();
    const std::vector<float> inferred(result.begin(), result.end());
    std::ranges::fill(std::span(const_cast<float*>(result.data()), result.size()), -1.0f);
    ASSERT_TRUE(request->profile(kRows));
    EXPECT_EQ(inferred, std::vector<float>(result.begin(), result.end()));
}

TEST_P(Profile, CountsTheWorkOfEveryNodeOnceForEachRow) {
    const auto graph = residual_block();
    double expected = 0;
    for (const Node& node : graph->nodes)
        expected += kRows * static_cast<double>(operation_count(*graph, node));
    const auto steps = request_on(GetParam())->profile(kRows);
    ASSERT_TRUE(steps) << steps.error().text();
    EXPECT_DOUBLE_EQ(total_flop(*steps), expected);
}

TEST_P(Profile, NamesTheEarlierStepsThatEachStepReads) {
    const auto steps = request_on(GetParam())->profile(kRows);
    ASSERT_TRUE(steps);
    for (size_t i = 0; i < steps->size(); ++i) {
        for (const size_t read : (*steps)[i].inputs) EXPECT_LT(read, i);
        EXPECT_EQ((*steps)[i].device, GetParam());
        EXPECT_FALSE((*steps)[i].implementation.empty()) << (*steps)[i].name;
        EXPECT_GT((*steps)[i].seconds, 0) << (*steps)[i].name;
    }
    // Only what reads the model's input alone has no step before it.
    EXPECT_TRUE(steps->front().inputs.empty());
    EXPECT_THAT(steps->back().inputs, SizeIs(1));
}

TEST_P(Profile, RefusesRowsOutsideOneToMaxBatch) {
    const auto request = request_on(GetParam());
    for (const int rows : {0, kRows + 1}) {
        const auto steps = request->profile(rows);
        ASSERT_FALSE(steps);
        EXPECT_THAT(steps.error().message, HasSubstr("1 to 3"));
    }
}

INSTANTIATE_TEST_SUITE_P(Devices, Profile, ::testing::Values("CPU", "REFERENCE", "GPU"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(ProfileOfTheCpu, NamesTheNodesThatAConvolutionComputesOnTheWay) {
    const auto graph = residual_block();
    const auto steps = request_on("CPU")->profile(kRows);
    ASSERT_TRUE(steps);
    const StepProfile& block = last_convolution(*steps);
    std::vector<std::string> names;
    for (const Node& node : graph->nodes) names.push_back(node.name);
    // In the graph's order: convolution, relu, convolution, addition, relu, softmax.
    ASSERT_THAT(names, SizeIs(6));
    EXPECT_EQ(block.name, names[2]);
    EXPECT_THAT(block.fused, ElementsAre(names[3], names[4]));
    EXPECT_THAT(block.layout, HasSubstr("f32"));
}

TEST(ProfileOfTheCpu, ShowsTheReordersBetweenLayouts) {
    const auto steps = request_on("CPU")->profile(1);
    ASSERT_TRUE(steps);
    std::vector<std::string> kinds;
    for (const StepProfile& step : *steps) kinds.push_back(step.kind);
    EXPECT_EQ(std::ranges::count(kinds, "Convolution"), 2);
    EXPECT_EQ(std::ranges::count(kinds, "Softmax"), 1);
    EXPECT_GE(std::ranges::count(kinds, "Reorder"), 1);
    for (const StepProfile& step : *steps)
        EXPECT_EQ(step.flop > 0, step.kind != "Reorder" && step.kind != "Copy") << step.name;
}

}  // namespace facet::testing
