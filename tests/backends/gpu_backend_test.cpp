// SPDX-License-Identifier: MIT
// Promises of the GPU backend's model and requests, on the first OpenCL device there is.
#include "engine/backends/gpu/gpu_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/gpu_model.h"
#include "engine/backends/gpu/tile_tuning.h"
#include "tests/backends/gpu_fixture.h"

namespace facet::testing {

namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Graph> small_net() {
    ConvolutionParams same;
    same.pads_begin = same.pads_end = {1, 1};
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 9, 8});
    const ValueId stem = builder.relu(builder.conv(x, 20, 3, same));
    builder.output(builder.softmax(builder.conv(stem, 24, 1), 1));
    return prepared(builder);
}

// The largest element of each column finds its way back into floats: no kernel picks it.
std::shared_ptr<const Graph> net_with_a_node_for_the_cpu() {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 5, 6, 7});
    const ValueId y = builder.conv(x, 6, 1);
    const ValueId index = builder.node(ArgReduceParams{ArgReduceParams::Kind::kMax, 1}, {y}, "top");
    const ValueId floats = builder.node(ConvertParams{DataType::kF32}, {index});
    builder.output(builder.relu(builder.add(floats, y)));
    return prepared(builder);
}

std::shared_ptr<const Graph> one_convolution() {
    ModelBuilder builder;
    builder.output(builder.conv(builder.input("x", {1, 17, 5, 6}), 20, 3));
    return prepared(builder);
}

class GpuBackend : public ::testing::Test {
  protected:
    void SetUp() override {
        if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
    }
    static std::shared_ptr<CompiledModel> compiled(const std::shared_ptr<const Graph>& graph,
                                                   const CompileOptions& options) {
        auto model = gpu_backends().front()->compile(graph, options);
        EXPECT_TRUE(model) << model.error().text();
        return *model;
    }
};

}  // namespace

TEST_F(GpuBackend, RefusesRowsOutsideOneToMaxBatchStatingTheRange) {
    const auto request = *compiled(small_net(), {.max_batch = 4})->create_request();
    for (const int rows : {-1, 0, 5}) {
        const auto done = request->infer(rows);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
        EXPECT_THAT(done.error().message, HasSubstr("1 to 4"));
    }
}

TEST_F(GpuBackend, RefusesOptionsOutsideTheirRangeByName) {
    const Backend& gpu = *gpu_backends().front();
    EXPECT_THAT(gpu.compile(small_net(), {.max_batch = 0}).error().message,
                HasSubstr("max_batch is 0"));
    EXPECT_THAT(gpu.compile(small_net(), {.max_batch = 1, .threads = -1}).error().message,
                HasSubstr("threads is -1"));
    const auto bytes = gpu.compile(small_net(), {.precision = Precision::kInt8});
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(bytes.error().message, HasSubstr("fp16"));
}

TEST_F(GpuBackend, KeepsInputAndOutputMemoryInPlaceForEverySize) {
    const auto model = compiled(small_net(), {.max_batch = 7});
    const auto request = *model->create_request();
    const void* input = request->input(0).bytes;
    const void* output = request->output(0).bytes;
    for (const int rows : {1, 7, 3}) run(*request, *model, rows);
    EXPECT_EQ(request->input(0).bytes, input);
    EXPECT_EQ(request->output(0).bytes, output);
}

TEST_F(GpuBackend, RunsANodeWithoutAKernelOnTheCpuInsideTheSameGraphAndSaysSo) {
    const auto graph = net_with_a_node_for_the_cpu();
    const auto model = compiled(graph, {.max_batch = 3});
    EXPECT_THAT(model->description(), HasSubstr("on the CPU: node 'top' (ArgReduce): "));
    EXPECT_LE(worst(run(model, 3), expected(graph, 3)), 1e-4);
    EXPECT_THAT(compiled(small_net(), {})->description(), HasSubstr("all nodes on the device"));
}

TEST_F(GpuBackend, RequestsOfSeveralThreadsGiveWhatOneAloneGives) {
    const auto model = compiled(net_with_a_node_for_the_cpu(), {.max_batch = 6});
    std::vector<std::vector<float>> alone;
    for (int rows = 1; rows <= 6; ++rows) alone.push_back(run(model, rows));
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread)
        threads.emplace_back([&] {
            const auto request = *model->create_request();
            for (int round = 0; round < 5; ++round)
                for (int rows = 1; rows <= 6; ++rows)
                    EXPECT_EQ(run(*request, *model, rows), alone[rows - 1]);
        });
}

TEST_F(GpuBackend, StoresHalvesInHalfTheMemory) {
    const auto floats = compiled(small_net(), {.max_batch = 2, .precision = Precision::kF32});
    const auto halves = compiled(small_net(), {.max_batch = 2, .precision = Precision::kF16});
    EXPECT_LT(*halves->working_bytes(2), *floats->working_bytes(2));
    const std::vector<float> of_halves = run(halves, 2);
    const std::vector<float> of_floats = run(floats, 2);
    EXPECT_LE(worst(of_halves, of_floats), 2e-2);
    EXPECT_NE(of_halves, of_floats);
}

TEST_F(GpuBackend, ATileOfAnySizeGivesTheReferencesResult) {
    const auto& device = first_device();
    const auto graph = one_convolution();
    const std::vector<float> right = expected(graph, 5);
    for (size_t tile = 0; tile < gpu::plain_tiles(); ++tile) {
        const auto model = gpu::GpuModel::compile_with(device.info, device.name, graph,
                                                       {.max_batch = 5}, {tile, {}});
        ASSERT_TRUE(model) << model.error().text();
        EXPECT_LE(worst(run(*model, 5), right), 1e-5) << "tile " << tile;
    }
}

TEST_F(GpuBackend, TilesAreMeasuredOnceAndReadFromDiskAfterwards) {
    const auto& device = first_device();
    const auto graph = one_convolution();
    const TemporaryDirectory directory;
    const auto tuned = [&] {
        return *gpu::tuned_tiles(device.info, device.name, graph, {.max_batch = 2}, {},
                                 directory.path());
    };
    const gpu::TileTable measured = tuned();
    ASSERT_TRUE(measured.tile(0, 1) && measured.tile(0, 2));
    const auto files = std::filesystem::directory_iterator(directory.path());
    const std::filesystem::path file = files->path();
    std::ofstream(file) << "0 7 6\nend\n";
    EXPECT_EQ(tuned().tile(0, 1), 7u);
    EXPECT_EQ(tuned().tile(0, 2), 6u);
    for (const char* broken : {"0 7", "0 7 6\n", "0 7 99\nend\n", "words\nend\n"}) {
        std::ofstream(file) << broken;
        EXPECT_EQ(tuned().by_node.at(0).size(), 2u) << broken;
    }
}

// Few rows are summed by a work group each, many in tiles.
TEST_F(GpuBackend, AMatrixRowIsTheSameInSmallAndLargeBatches) {
    ModelBuilder builder;
    builder.output(builder.fully_connected(builder.input("x", {1, 100}), 10));
    const auto graph = prepared(builder);
    const auto model = compiled(graph, {.max_batch = 40});
    EXPECT_LE(worst(run(model, 40), expected(graph, 40)), 1e-4);
    EXPECT_LE(worst(run(model, 3), expected(graph, 3)), 1e-4);
}

TEST_F(GpuBackend, RefusesWhatIntCannotCount) {
    const auto model = gpu_backends().front()->compile(small_net(), {.max_batch = 1 << 30});
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, HasSubstr("less than 2^31 elements"));
}

}  // namespace facet::testing
