// SPDX-License-Identifier: MIT
// Promises of the CPU backend's model and requests, and of the arena planner.
#include "engine/backends/cpu/cpu_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/backends/cpu/fusion/fusion.h"
#include "engine/backends/cpu/program/program.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

namespace {

using ::testing::HasSubstr;

// conv -> relu -> conv + input -> relu: a residual block.
std::shared_ptr<const Graph> prepared(const ModelBuilder& builder) {
    Graph graph = builder.build();
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    EXPECT_TRUE(analyze_batchability(graph).empty());
    return std::make_shared<const Graph>(std::move(graph));
}

std::shared_ptr<const Graph> residual_block() {
    ConvolutionParams same;
    same.pads_begin = same.pads_end = {1, 1};
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 16, 8, 8});
    const ValueId stem = builder.relu(builder.conv(x, 16, 3, same));
    const ValueId inner = builder.relu(builder.conv(stem, 16, 3, same));
    const ValueId sum = builder.add(builder.conv(inner, 16, 3, same), stem);
    builder.output(builder.relu(sum));
    return prepared(builder);
}

std::shared_ptr<CompiledModel> compiled(const CompileOptions& options) {
    auto model = cpu_backend().compile(residual_block(), options);
    EXPECT_TRUE(model) << model.error().text();
    return *model;
}

cpu::Step loop_step(std::vector<cpu::BufferId> buffers) {
    return {"step", cpu::LoopStep{{}, std::move(buffers)}};
}

}  // namespace

TEST(CpuBackend, RefusesRowsOutsideOneToMaxBatchStatingTheRange) {
    const auto model = compiled({.max_batch = 4, .threads = 1});
    const auto request = model->create_request();
    ASSERT_TRUE(request);
    for (const int rows : {-1, 0, 5}) {
        const auto done = (*request)->infer(rows);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
        EXPECT_THAT(done.error().message, HasSubstr("1 to 4"));
    }
    EXPECT_TRUE((*request)->infer(4));
}

TEST(CpuBackend, RefusesOptionsOutsideTheirRangeByName) {
    const auto graph = residual_block();
    const auto no_rows = cpu_backend().compile(graph, {.max_batch = 0});
    ASSERT_FALSE(no_rows);
    EXPECT_THAT(no_rows.error().message, HasSubstr("max_batch is 0"));
    const auto no_threads = cpu_backend().compile(graph, {.max_batch = 1, .threads = -1});
    ASSERT_FALSE(no_threads);
    EXPECT_THAT(no_threads.error().message, HasSubstr("threads is -1"));
}

TEST(CpuBackend, KeepsInputAndOutputMemoryInPlaceForEverySize) {
    const auto model = compiled({.max_batch = 7, .threads = 1});
    const auto request = model->create_request();
    ASSERT_TRUE(request);
    const void* input = (*request)->input(0).bytes;
    const void* output = (*request)->output(0).bytes;
    for (const int rows : {1, 7, 3}) ASSERT_TRUE((*request)->infer(rows));
    EXPECT_EQ((*request)->input(0).bytes, input);
    EXPECT_EQ((*request)->output(0).bytes, output);
}

TEST(CpuBackend, RunsTransposedConvolutionWithoutTheReferenceLoops) {
    TransposedConvolutionParams twice;
    twice.strides = {2, 2};
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 16, 8, 8});
    builder.output(builder.node(twice, {x, builder.random({16, 8, 2, 2})}));
    const auto model = cpu_backend().compile(prepared(builder), {.max_batch = 2, .threads = 1});
    ASSERT_TRUE(model) << model.error().text();
    EXPECT_THAT((*model)->description(), HasSubstr(", 0 by the reference loops"));
}

TEST(CpuBackend, SaysLibraryThreadsAndSteps) {
    const auto model = compiled({.max_batch = 2, .threads = 1});
    EXPECT_THAT(model->description(), HasSubstr("oneDNN "));
    EXPECT_THAT(model->description(), HasSubstr("1 thread, "));
    EXPECT_THAT(model->description(), HasSubstr(", 0 by the reference loops"));
}

TEST(CpuFusion, AResidualBlockIsThreeSteps) {
    const auto graph = residual_block();
    const auto plan = cpu::plan_steps(*graph);
    ASSERT_EQ(plan.size(), 3u);
    ASSERT_EQ(plan[2].followers.size(), 2u);
    EXPECT_EQ(plan[2].followers[0].kind, cpu::Follower::Kind::kResidual);
    EXPECT_EQ(plan[2].followers[1].kind, cpu::Follower::Kind::kActivation);
}

TEST(CpuFusion, AValueWithASecondReaderIsNotFusedAway) {
    ModelBuilder builder;
    const ValueId sum = builder.conv(builder.input("x", {1, 4, 5, 5}), 4, 1);
    builder.output(builder.relu(sum));
    builder.output(sum);
    const Graph graph = builder.build();
    EXPECT_EQ(cpu::plan_steps(graph).size(), 2u);
}

TEST(CpuArena, BuffersInUseTogetherNeverOverlapWhateverTheirLifetimes) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        cpu::Program program;
        const size_t steps = 2 + random() % 12;
        std::vector<std::vector<cpu::BufferId>> used(steps);
        std::vector<std::pair<size_t, size_t>> lives;
        for (cpu::BufferId id = 0; id < 12; ++id) {
            const size_t first = random() % steps;
            const size_t last = first + random() % (steps - first);
            program.buffers.push_back({cpu::Buffer::Place::kArena, 1 + random() % 1000});
            used[first].push_back(id);
            used[last].push_back(id);
            lives.emplace_back(first, last);
        }
        for (auto& buffers : used) program.steps.push_back(loop_step(buffers));
        cpu::plan_arena(program);
        for (size_t a = 0; a < lives.size(); ++a) {
            const cpu::Buffer& one = program.buffers[a];
            EXPECT_EQ(one.offset % 64, 0u);
            EXPECT_LE(one.offset + one.bytes, program.arena_bytes);
            for (size_t b = 0; b < a; ++b) {
                const cpu::Buffer& other = program.buffers[b];
                const bool together =
                    lives[a].first <= lives[b].second && lives[b].first <= lives[a].second;
                const bool apart = one.offset + one.bytes <= other.offset ||
                                   other.offset + other.bytes <= one.offset;
                EXPECT_TRUE(!together || apart) << "round " << round;
            }
        }
    }
}

TEST(CpuArena, AChainOfStepsReusesTwoBuffersMemory) {
    cpu::Program program;
    for (int i = 0; i < 6; ++i) program.buffers.push_back({cpu::Buffer::Place::kArena, 64});
    for (cpu::BufferId i = 0; i + 1 < 6; ++i) program.steps.push_back(loop_step({i, i + 1}));
    cpu::plan_arena(program);
    EXPECT_EQ(program.arena_bytes, 128u);
}

}  // namespace facet::testing
