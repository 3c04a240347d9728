// SPDX-License-Identifier: MIT
// Convolutions that the Winograd loops take as steps of a program.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/backends/cpu/lower/program_builder.h"
#include "engine/backends/cpu/lower/winograd_step.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

constexpr int kRows = 3;

std::shared_ptr<const Graph> one_convolution(int64_t channels, bool bias, bool relu) {
    ConvolutionParams same;
    same.pads_begin = same.pads_end = {1, 1};
    ModelBuilder builder;
    ValueId y = builder.conv(builder.input("x", {1, 32, 7, 9}), channels, 3, same, bias);
    if (relu) y = builder.relu(y);
    builder.output(y, "y");
    Graph graph = builder.build();
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

Tensor ramp(const Shape& shape) {
    Tensor tensor = Tensor::allocate(DataType::kF32, shape);
    size_t at = 0;
    for (float& value : tensor.mutable_view().as<float>())
        value = std::sin(static_cast<float>(at++));
    return tensor;
}

std::vector<float> by_winograd(const Graph& graph, int tile, const Tensor& input) {
    std::vector<cpu::PlannedStep> plan = cpu::plan_steps(graph);
    plan.front().winograd_tile = tile;
    cpu::Packing packing(graph);
    const ByteValues no_bytes;
    cpu::ProgramBuilder builder(graph, plan, no_bytes, packing, kRows, 1);
    const auto program = builder.build();
    EXPECT_TRUE(program) << program.error().text();
    Tensor arena =
        Tensor::allocate(DataType::kU8, Shape{static_cast<int64_t>((*program)->arena_bytes)});
    Tensor source = ramp(input.shape());
    Tensor result =
        Tensor::allocate(DataType::kF32, graph.value(graph.outputs[0]).shape.scaled(kRows));
    void* const inputs[] = {source.mutable_view().bytes};
    void* const outputs[] = {result.mutable_view().bytes};
    cpu::BoundProgram bound(**program,
                            {static_cast<std::byte*>(arena.mutable_view().bytes), inputs, outputs});
    const dnnl::stream stream(cpu::onednn::engine());
    const auto done = bound.run(stream);
    EXPECT_TRUE(done) << done.error().text();
    const auto values = result.as<float>();
    return {values.begin(), values.end()};
}

std::vector<float> by_reference(const std::shared_ptr<const Graph>& graph, const Tensor& input) {
    const auto model = reference_backend().compile(graph, {.max_batch = kRows});
    EXPECT_TRUE(model) << model.error().text();
    const auto request = (*model)->create_request();
    std::memcpy((*request)->input(0).bytes, input.view().bytes, input.view().byte_size());
    EXPECT_TRUE((*request)->infer(kRows));
    const auto values = (*request)->output(0).as<float>();
    return {values.begin(), values.end()};
}

}  // namespace

TEST(CpuWinogradStep, ChannelsThatFillNoVectorAreAsTheReferences) {
    if (!cpu::WinogradConvolution::is_available()) GTEST_SKIP() << "no 512-bit vectors here";
    const Tensor input = ramp({kRows, 32, 7, 9});
    for (const int64_t channels : {18, 36, 32}) {
        for (const bool bias : {true, false}) {
            const auto graph = one_convolution(channels, bias, false);
            const auto expected = by_reference(graph, input);
            for (const int tile : cpu::WinogradConvolution::kTiles) {
                const auto found = by_winograd(*graph, tile, input);
                ASSERT_EQ(found.size(), expected.size());
                for (size_t i = 0; i < found.size(); ++i)
                    ASSERT_NEAR(found[i], expected[i], 1e-4)
                        << channels << " channels, tile " << tile << ", at " << i;
            }
        }
    }
}

TEST(CpuWinogradStep, FewChannelsAndPartsOfVectorsWithFollowersAreLeftToOneDnn) {
    const auto geometry_of = [](int64_t channels, bool relu) {
        const auto graph = one_convolution(channels, true, relu);
        return cpu::winograd_geometry(*graph, cpu::plan_steps(*graph).front(), 1);
    };
    EXPECT_FALSE(geometry_of(8, false));
    EXPECT_FALSE(geometry_of(36, true));
    ASSERT_TRUE(geometry_of(36, false));
    EXPECT_EQ(geometry_of(36, false)->result_channels, 48);
    EXPECT_TRUE(geometry_of(32, true));
}

}  // namespace facet::testing
