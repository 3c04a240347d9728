// SPDX-License-Identifier: MIT
// Joins of channels whose parts are written where they belong, beside parts that are copied.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/lower/program_builder.h"
#include "engine/backends/cpu/lower/winograd_step.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "tests/backends/all_outputs.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

constexpr int kRows = 3;

ConvolutionParams same() {
    ConvolutionParams params;
    params.pads_begin = params.pads_end = {1, 1};
    return params;
}

std::shared_ptr<const Graph> finished(const ModelBuilder& builder) {
    Graph graph = builder.build();
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

// Parts by every kind of loop, one of oneDNN's, the input itself, and one that is an output, too.
std::shared_ptr<const Graph> join_of_many() {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 32, 19, 18});
    const ValueId winograd = builder.relu(builder.conv(x, 48, 3, same()));
    const ValueId pointwise =
        builder.activation(builder.conv(x, 16, 1), ActivationParams::Kind::kLeakyRelu, 0.1f);
    const ValueId odd = builder.conv(x, 24, 3, same());
    const ValueId known = builder.conv(x, 32, 1);
    builder.output(known, "known");
    builder.output(
        builder.conv(builder.node(ConcatParams{1}, {winograd, x, pointwise, odd, known}), 8, 1),
        "y");
    return finished(builder);
}

std::vector<float> results(const Backend& backend, const std::shared_ptr<const Graph>& graph,
                           int threads) {
    const auto model = backend.compile(graph, {.max_batch = kRows, .threads = threads});
    EXPECT_TRUE(model) << model.error().text();
    const auto request = (*model)->create_request();
    size_t at = 0;
    for (float& number : (*request)->input(0).as<float>())
        number = std::sin(static_cast<float>(at++));
    EXPECT_TRUE((*request)->infer(kRows));
    return testing::all_outputs(**model, **request);
}

// Steps of a plan in which loops of Facet's own run what they can.
size_t steps_on_own_loops(const Graph& graph) {
    std::vector<cpu::PlannedStep> plan = cpu::plan_steps(graph);
    for (cpu::PlannedStep& step : plan)
        if (cpu::winograd_geometry(graph, step, 1)) step.winograd_tile = 4;
    cpu::Packing packing(graph);
    const ByteValues no_bytes;
    cpu::ProgramBuilder builder(graph, plan, no_bytes, packing, 1, 1);
    const auto program = builder.build();
    EXPECT_TRUE(program) << program.error().text();
    return (*program)->steps.size();
}

}  // namespace

TEST(CpuJoinStep, ResultsAreTheReferencesOnOneThreadAndOnTwo) {
    const auto graph = join_of_many();
    const std::vector<float> expected = results(reference_backend(), graph, 1);
    for (const int threads : {1, 2}) {
        const std::vector<float> found = results(cpu_backend(), graph, threads);
        ASSERT_EQ(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-4) << i;
    }
}

TEST(CpuJoinStep, PartsOnOwnLoopsNeedNoStepToBeJoined) {
    if (!cpu::WinogradConvolution::is_available()) GTEST_SKIP() << "no 512-bit vectors here";
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 32, 19, 18});
    const ValueId left = builder.conv(x, 48, 3, same()), right = builder.conv(x, 16, 3, same());
    const ValueId joined = builder.node(ConcatParams{1}, {left, right});
    builder.output(builder.conv(joined, 16, 3, same()), "y");
    const auto graph = finished(builder);
    // The input and the output change their layout once.
    EXPECT_EQ(steps_on_own_loops(*graph), 5U);
}

}  // namespace facet::testing
