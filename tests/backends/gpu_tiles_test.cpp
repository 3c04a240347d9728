// SPDX-License-Identifier: MIT
// Kernels that only tuning chooses: on a matrix unit, here emulated to the letter of the PTX ISA's
// tables, and by Winograd. And that tuning trusts neither without having seen it right.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/gpu_model.h"
#include "engine/backends/gpu/tile_tuning.h"
#include "tests/backends/gpu_fixture.h"

namespace facet::testing {

namespace {

using gpu::GemmTile;
using gpu::MatrixUnit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using GraphPtr = std::shared_ptr<const Graph>;

std::vector<size_t> tiles_of(GemmTile::Kind kind) {
    std::vector<size_t> tiles;
    for (size_t tile = 0; tile < gpu::gemm_tiles().size(); ++tile)
        if (gpu::gemm_tiles()[tile].kind == kind) tiles.push_back(tile);
    return tiles;
}

ConvolutionParams padded(int64_t pad, int64_t groups = 1, int64_t stride = 1) {
    ConvolutionParams params;
    params.pads_begin = params.pads_end = {pad, pad};
    params.groups = groups;
    params.strides = {stride, stride};
    return params;
}

// A convolution as people's models have them, with what follows it.
GraphPtr convolution(const Shape& shape, int64_t channels, int64_t kernel,
                     const ConvolutionParams& params) {
    ModelBuilder builder;
    builder.output(builder.relu(builder.conv(builder.input("x", shape), channels, kernel, params)));
    return prepared(builder);
}

GraphPtr pixels() {
    ModelBuilder builder;
    const ValueId bytes = builder.input("pixels", {1, 10, 9, 3}, DataType::kU8);
    const ValueId floats = builder.node(ConvertParams{DataType::kF32}, {bytes});
    const ValueId planes = builder.node(TransposeParams{{0, 3, 1, 2}}, {floats});
    builder.output(builder.conv(planes, 20, 3));
    return prepared(builder);
}

GraphPtr matrix() {
    ModelBuilder builder;
    builder.output(builder.fully_connected(builder.input("x", {1, 100}), 37));
    return prepared(builder);
}

Result<std::shared_ptr<CompiledModel>> compiled(const GraphPtr& graph, size_t tile, int rows,
                                                Precision precision) {
    const gpu::GpuDevice& device = first_device();
    gpu::GpuModel::Tiles tiles;
    tiles.only = tile;
    tiles.matrix_functions = gpu::emulated_matrix_unit().functions;
    return gpu::GpuModel::compile_with(device.info, device.name, graph,
                                       {.max_batch = rows, .precision = precision}, tiles);
}

// Within `tolerance` of the largest result, and the same to the bit the second time.
void expect_right(const GraphPtr& graph, size_t tile, int rows, Precision precision,
                  const std::string& kernel, double tolerance) {
    const auto model = compiled(graph, tile, rows, precision);
    ASSERT_TRUE(model) << model.error().text();
    const auto& program = static_cast<const gpu::GpuModel&>(**model).program();
    EXPECT_THAT(program.source.text(), HasSubstr("KERNEL " + kernel));
    const std::vector<float> right = expected(graph, rows);
    const std::vector<float> found = run(*model, rows);
    const double largest = worst(right, std::vector<float>(right.size(), 0.0f));
    EXPECT_LE(worst(found, right), tolerance * largest) << "tile " << tile;
    EXPECT_EQ(run(*model, rows), found) << "tile " << tile;
}

class GpuTiles : public ::testing::Test {
  protected:
    void SetUp() override {
        if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
    }
    static gpu::TileTable tuned(const GraphPtr& graph, Precision precision, const MatrixUnit& unit,
                                const std::filesystem::path& directory = {}) {
        const gpu::GpuDevice& device = first_device();
        auto table = gpu::tuned_tiles(device.info, device.name, graph,
                                      {.max_batch = 2, .precision = precision}, unit, directory);
        EXPECT_TRUE(table) << table.error().text();
        return *table;
    }
    static bool uses(const gpu::TileTable& table, GemmTile::Kind kind) {
        for (const auto& [node, tiles] : table.by_node)
            for (const size_t tile : tiles)
                if (gpu::gemm_tiles()[tile].kind == kind) return true;
        return false;
    }
};

// The emulation with `right` replaced.
MatrixUnit liar(const std::string& right, const std::string& wrong) {
    MatrixUnit unit = gpu::emulated_matrix_unit();
    const size_t at = unit.functions.find(right);
    EXPECT_NE(at, std::string::npos) << right;
    return {unit.functions.replace(at, right.size(), wrong), {}};
}

std::vector<MatrixUnit> liars() {
    return {liar("result[i] +=", "result[i] -="),
            // Rows of the lower half of the block swapped, as a wrong table of fragments would.
            liar("result[2], result[3])", "result[3], result[2])"),
            liar("float result[4] = {sum.x,", "float result[4] = {NAN,")};
}

}  // namespace

TEST_F(GpuTiles, EveryMatrixTileMultipliesHalvesAndAddsFloats) {
    const GraphPtr graph = convolution({1, 32, 7, 6}, 40, 3, padded(1));
    for (const size_t tile : tiles_of(GemmTile::Kind::kMatrix))
        expect_right(graph, tile, 3, Precision::kF16, "conv_matrix", 2e-3);
}

TEST_F(GpuTiles, AMatrixUnitTakesAnyConvolutionAndMatrix) {
    const size_t tile = tiles_of(GemmTile::Kind::kMatrix).back();
    const auto right = [&](const GraphPtr& graph, int rows) {
        expect_right(graph, tile, rows, Precision::kF16, "conv_matrix", 2e-3);
    };
    right(convolution({1, 17, 6, 5}, 19, 3, padded(0, 1, 2)), 1);
    right(convolution({1, 12, 5, 5}, 24, 3, padded(1, 2)), 2);
    right(pixels(), 2);
    right(matrix(), 40);
}

TEST_F(GpuTiles, FloatsNeverRunOnAMatrixUnit) {
    const GraphPtr graph = convolution({1, 32, 7, 6}, 40, 3, padded(1));
    const auto model =
        compiled(graph, tiles_of(GemmTile::Kind::kMatrix).front(), 1, Precision::kF32);
    ASSERT_TRUE(model) << model.error().text();
    EXPECT_EQ(static_cast<const gpu::GpuModel&>(**model).program().source.text().find(
                  "KERNEL conv_matrix"),
              std::string::npos);
}

TEST_F(GpuTiles, WinogradGivesTheReferencesResultForEverySizeOfImageAndGroup) {
    const size_t tile = tiles_of(GemmTile::Kind::kWinograd).front();
    for (const GraphPtr& graph : {convolution({1, 16, 8, 8}, 32, 3, padded(1)),
                                  convolution({1, 13, 7, 5}, 37, 3, padded(0)),
                                  convolution({1, 24, 5, 6}, 16, 3, padded(1, 2))}) {
        expect_right(graph, tile, 3, Precision::kF32, "conv_winograd", 1e-5);
        expect_right(graph, tile, 1, Precision::kF16, "conv_winograd", 1e-2);
    }
}

TEST_F(GpuTiles, WinogradLeavesWhatItCannotDoToOthers) {
    const size_t tile = tiles_of(GemmTile::Kind::kWinograd).front();
    expect_right(convolution({1, 16, 8, 8}, 8, 3, padded(1, 1, 2)), tile, 1, Precision::kF32,
                 "conv_gemm", 1e-5);
    expect_right(convolution({1, 16, 8, 8}, 8, 5, padded(2)), tile, 1, Precision::kF32, "conv_gemm",
                 1e-5);
}

TEST_F(GpuTiles, TheTrialAtLoadTellsARightProductFromWrongOnes) {
    const gpu::opencl::DeviceInfo& device = first_device().info;
    const auto tried = gpu::try_matrix_unit(device, gpu::emulated_matrix_unit().functions);
    EXPECT_TRUE(tried) << tried.error().text();
    for (const MatrixUnit& unit : liars())
        EXPECT_THAT(gpu::try_matrix_unit(device, unit.functions).error().message,
                    HasSubstr("of the trial is"));
    EXPECT_THAT(gpu::try_matrix_unit(device, "no C\n").error().message,
                HasSubstr("clBuildProgram"));
}

TEST_F(GpuTiles, ADeviceWithoutAMatrixUnitSaysWhyNot) {
    gpu::opencl::DeviceInfo device = first_device().info;
    device.compute_capability = 0;
    EXPECT_THAT(gpu::matrix_unit_of(device).refused, HasSubstr(device.vendor));
    device.compute_capability = 75;
    EXPECT_EQ(gpu::matrix_unit_of(device).refused, "compute capability 7.5; needed: 8.0");
    if (device.type != gpu::opencl::DeviceType::kCpu) return;
    // What PoCL makes of PTX is no product, whatever it says.
    device.compute_capability = 90;
    const MatrixUnit unit = gpu::matrix_unit_of(device);
    EXPECT_EQ(unit.functions, "");
    EXPECT_NE(unit.refused, "");
}

TEST_F(GpuTiles, TuningTakesAMatrixUnitThatAgreesWithThePlainKernel) {
    const GraphPtr graph = convolution({1, 32, 5, 4}, 20, 3, padded(1));
    const gpu::TileTable table = tuned(graph, Precision::kF16, gpu::emulated_matrix_unit());
    EXPECT_THAT(table.notes, ElementsAre());
}

// As on a card: programs are built side by side.
TEST_F(GpuTiles, TuningBuildsSideBySideOnADeviceThatIsNoProcessor) {
    const gpu::GpuDevice& device = first_device();
    gpu::opencl::DeviceInfo card = device.info;
    card.type = gpu::opencl::DeviceType::kGpu;
    const GraphPtr graph = convolution({1, 8, 5, 4}, 20, 3, padded(1));
    const auto table = gpu::tuned_tiles(card, device.name, graph, {.max_batch = 2}, {}, {});
    ASSERT_TRUE(table) << table.error().text();
    EXPECT_THAT(table->notes, ElementsAre());
    EXPECT_TRUE(table->tile(0, 2));
}

TEST_F(GpuTiles, TuningRefusesAMatrixUnitThatLiesAndSaysByHowMuchAndWhere) {
    const GraphPtr graph = convolution({1, 32, 5, 4}, 20, 3, padded(1));
    const TemporaryDirectory directory;
    for (const MatrixUnit& unit : liars()) {
        const gpu::TileTable table = tuned(graph, Precision::kF16, unit, directory.path());
        EXPECT_FALSE(uses(table, GemmTile::Kind::kMatrix));
        ASSERT_EQ(table.notes.size(), 1u);
        EXPECT_THAT(table.notes[0], HasSubstr("matrix unit not used: node"));
        EXPECT_THAT(table.notes[0], HasSubstr("differs from the plain kernel by"));
        const gpu::TileTable kept = tuned(graph, Precision::kF16, unit, directory.path());
        EXPECT_EQ(kept.notes, table.notes);
        EXPECT_EQ(kept.by_node, table.by_node);
    }
}

TEST_F(GpuTiles, AMatrixUnitThatDoesNotBuildIsNoReasonToRefuseTheModel) {
    const GraphPtr graph = convolution({1, 32, 5, 4}, 20, 3, padded(1));
    const MatrixUnit unit = liar("static float4 multiply_fragments", "static float4 multiply");
    const gpu::TileTable table = tuned(graph, Precision::kF16, unit);
    EXPECT_FALSE(table.by_node.empty());
    EXPECT_FALSE(uses(table, GemmTile::Kind::kMatrix));
    ASSERT_EQ(table.notes.size(), 1u);
    EXPECT_THAT(table.notes[0], HasSubstr("clBuildProgram"));
}

TEST_F(GpuTiles, WhatWasRefusedStandsInTheModelsDescription) {
    const gpu::GpuDevice& device = first_device();
    const GraphPtr graph = convolution({1, 8, 4, 4}, 8, 3, padded(1));
    gpu::GpuModel::Tiles tiles;
    tiles.table.by_node[0] = {tiles_of(GemmTile::Kind::kWinograd).front()};
    tiles.table.notes = {"matrix unit not used: a reason"};
    const auto model =
        gpu::GpuModel::compile_with(device.info, device.name, graph, {.max_batch = 1}, tiles);
    ASSERT_TRUE(model) << model.error().text();
    EXPECT_THAT((*model)->description(),
                HasSubstr("1 by Winograd, matrix unit not used: a reason"));
}

}  // namespace facet::testing
