// SPDX-License-Identifier: MIT
// What the GPU backend plans before any OpenCL: steps, slots of memory, views and index texts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/program_builder.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

using gpu::View;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Graph prepared(const ModelBuilder& builder) {
    Graph graph = builder.build();
    EXPECT_TRUE(prepare(graph, reference::evaluate));
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return graph;
}

std::shared_ptr<const gpu::Program> program_of(const Graph& graph) {
    auto program = gpu::ProgramBuilder(graph, {.max_batch = 4}).build();
    EXPECT_TRUE(program) << program.error().text();
    return *program;
}

gpu::KernelStep step_of(std::vector<gpu::BufferId> buffers) {
    return {{{"kernel", std::move(buffers), {}}}, {}, true};
}

}  // namespace

TEST(GpuPlan, AResidualBlockIsTwoKernels) {
    ConvolutionParams same;
    same.pads_begin = same.pads_end = {1, 1};
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 8, 5, 5});
    const ValueId stem = builder.relu(builder.conv(x, 8, 3, same));
    builder.output(builder.relu(builder.add(builder.conv(stem, 8, 3, same), stem)));
    const Graph graph = prepared(builder);
    const auto plan = gpu::plan_steps(graph);
    ASSERT_EQ(plan.size(), 2u);
    EXPECT_THAT(plan[1].followers, ElementsAre(3, 4));
    EXPECT_EQ(program_of(graph)->steps.size(), 2u);
}

TEST(GpuPlan, AValueWithASecondReaderIsNotFusedAway) {
    ModelBuilder builder;
    const ValueId sum = builder.conv(builder.input("x", {1, 4, 5, 5}), 4, 1);
    builder.output(builder.relu(sum));
    builder.output(sum);
    EXPECT_EQ(gpu::plan_steps(builder.build()).size(), 2u);
}

TEST(GpuPlan, PixelsReachTheFirstConvolutionWithoutAKernelBeforeIt) {
    ModelBuilder builder;
    const ValueId pixels = builder.input("pixels", {1, 8, 9, 3}, DataType::kU8);
    const ValueId floats = builder.node(ConvertParams{DataType::kF32}, {pixels});
    const ValueId planes = builder.node(TransposeParams{{0, 3, 1, 2}}, {floats});
    builder.output(builder.relu(builder.conv(planes, 4, 3)));
    EXPECT_EQ(program_of(prepared(builder))->steps.size(), 1u);
}

TEST(GpuPlan, SplitsAndSlicesCostNothing) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 6, 4, 5});
    const auto halves = builder.nodes(SplitParams{1}, {x}, 2);
    builder.output(builder.conv(halves[0], 4, 1));
    builder.output(builder.conv(halves[1], 4, 1));
    EXPECT_EQ(program_of(prepared(builder))->steps.size(), 2u);
}

TEST(GpuPlan, AJoinIsOneKernelWhateverTheOrderOfItsPartsElements) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 4, 3, 5});
    std::vector<ValueId> heads;
    for (int64_t channels : {6, 4, 8}) {
        const ValueId planes = builder.conv(x, channels, 1);
        const ValueId pixels = builder.node(TransposeParams{{0, 2, 3, 1}}, {planes});
        heads.push_back(builder.reshape(pixels, {1, -1, 2}));
    }
    builder.output(builder.node(ConcatParams{1}, heads));
    EXPECT_EQ(program_of(prepared(builder))->steps.size(), 4u);
}

TEST(GpuPlan, AReorderedValueIsCopiedOnceWhereSomebodyNeedsItDense) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 4, 3, 5});
    const ValueId pixels = builder.node(TransposeParams{{0, 2, 3, 1}}, {x});
    const ValueId lines = builder.reshape(pixels, {1, -1, 2});
    builder.output(builder.softmax(lines, 2));
    builder.output(lines);
    EXPECT_EQ(program_of(prepared(builder))->steps.size(), 2u);
}

TEST(GpuSlots, BuffersInUseTogetherNeverShareASlotWhateverTheirLifetimes) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        gpu::Program program;
        const size_t steps = 2 + random() % 12;
        std::vector<std::vector<gpu::BufferId>> used(steps);
        std::vector<std::pair<size_t, size_t>> lives;
        for (gpu::BufferId id = 0; id < 12; ++id) {
            const size_t first = random() % steps;
            const size_t last = first + random() % (steps - first);
            program.buffers.push_back(
                {gpu::Buffer::Place::kArena, {random() % 500, random() % 1000}, 0});
            used[first].push_back(id);
            used[last].push_back(id);
            lives.emplace_back(first, last);
        }
        for (auto& buffers : used) program.steps.push_back({0, "step", step_of(buffers)});
        gpu::plan_slots(program);
        for (size_t a = 0; a < lives.size(); ++a) {
            const gpu::Buffer& one = program.buffers[a];
            EXPECT_LE(one.extent.bytes(3), program.slots[one.index].bytes(3));
            for (size_t b = 0; b < a; ++b) {
                const bool together =
                    lives[a].first <= lives[b].second && lives[b].first <= lives[a].second;
                EXPECT_TRUE(!together || one.index != program.buffers[b].index)
                    << "round " << round;
            }
        }
    }
}

TEST(GpuSlots, AChainOfStepsUsesTwoSlots) {
    gpu::Program program;
    for (int i = 0; i < 6; ++i) program.buffers.push_back({gpu::Buffer::Place::kArena, {0, 64}, 0});
    for (gpu::BufferId i = 0; i + 1 < 6; ++i)
        program.steps.push_back({0, "step", step_of({i + 1, i})});
    gpu::plan_slots(program);
    EXPECT_EQ(program.slots.size(), 2u);
}

TEST(GpuView, ATranspositionIsAViewAndAPermutationInsideAnAxisIsNone) {
    const Shape item{2, 3};
    const View whole = gpu::dense_view(0, gpu::Storage::kF32, {3, 2}, true);
    const std::vector<int64_t> transposed{0, 2, 4, 1, 3, 5};
    const auto view = gpu::affine_view(whole, item, transposed);
    ASSERT_TRUE(view);
    EXPECT_THAT(view->strides, ElementsAre(1, 2));
    for (int64_t e = 0; e < 6; ++e) EXPECT_EQ(gpu::element_offset(*view, item, e), transposed[e]);
    const std::vector<int64_t> shuffled{0, 4, 2, 1, 5, 3};
    EXPECT_FALSE(gpu::affine_view(whole, item, shuffled));
}

TEST(GpuView, IndexTextsDivideOnlyWhereStridesBreak) {
    const Shape item{3, 4, 5};
    const View dense = gpu::dense_view(0, gpu::Storage::kF32, item, true);
    EXPECT_EQ(gpu::index_text(dense, item, "i"), "(i)");
    View transposed = dense;
    transposed.strides = {20, 1, 4};
    EXPECT_EQ(gpu::index_text(transposed, item, "i"),
              "((i % 5) * (4) + i / 5 % 4 + (i / 20) * (20))");
    View scalar = dense;
    scalar.strides = {0, 0, 0};
    scalar.item_stride = 0;
    EXPECT_EQ(gpu::index_text(scalar, item, "i"), "(0)");
}

TEST(GpuSource, EqualSpecificationsShareAFunctionAndOthersDoNot) {
    gpu::KernelSource source;
    gpu::KernelSpec spec{"pool", {{"OUT_W", "5"}}, {}};
    const std::string first = source.add(spec);
    EXPECT_EQ(source.add(spec), first);
    spec.define("OUT_H", 3);
    EXPECT_NE(source.add(spec), first);
    EXPECT_THAT(source.text(), HasSubstr("#undef OUT_H"));
}

TEST(GpuSource, LiteralsReadBackToTheBit) {
    for (const float value : {0.1f, -1.0f / 3, 1e-38f, 3.4e38f, 0.0f}) {
        std::string text = gpu::literal(value);
        std::erase_if(text, [](char c) { return c == '(' || c == ')' || c == 'f'; });
        EXPECT_EQ(std::strtof(text.c_str(), nullptr), value);
    }
}

TEST(GpuGemm, SmallBatchesGetSmallTilesAndLargeOnesLargeTiles) {
    const gpu::Target card{.compute_units = 132, .max_batch = 256};
    const gpu::GemmSize size = gpu::gemm_size(31 * 31, 64, 288, 1);
    const auto area = [&](int rows) {
        const gpu::GemmTile tile = gpu::gemm_tiles()[gpu::choose_tile(size, rows, card)];
        return tile.tile_m * tile.tile_n;
    };
    EXPECT_LT(area(1), area(256));
    EXPECT_EQ(area(256), 128 * 64);
}

TEST(GpuGemm, ADeviceOfSmallWorkGroupsGetsTilesThatFitIt) {
    const gpu::Target phone{.compute_units = 4, .max_work_group = 64, .local_memory = 16384};
    for (const int64_t pixels : {1, 100, 10000})
        for (const int64_t channels : {8, 64, 500}) {
            const gpu::GemmSize size = gpu::gemm_size(pixels, channels, 288, 1);
            const gpu::GemmTile tile = gpu::gemm_tiles()[gpu::choose_tile(size, 1, phone)];
            EXPECT_LE(tile.lanes(), 64);
            EXPECT_LE((tile.tile_m + tile.tile_n) * gpu::kTileK * 4, 16384);
        }
}

}  // namespace facet::testing
