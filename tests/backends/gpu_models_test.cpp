// SPDX-License-Identifier: MIT
// The first OpenCL device on the models of the test data, against the CPU backend, which is tested
// against the reference and against OpenCV.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/gpu/program_builder.h"
#include "tests/backends/cpu_models.h"
#include "tests/support/data_path.h"

namespace facet::testing {

namespace {

constexpr const char* kPhoto = "images/linzaer_5.jpg";
constexpr int kRows = 3;
constexpr double kFloatTolerance = 1e-4;
constexpr double kHalfTolerance = 2e-2;

struct Compiled {
    std::shared_ptr<CompiledModel> model;
    std::unique_ptr<InferRequest> request;
};

Result<Compiled> compile(const Backend& backend, std::shared_ptr<const Graph> graph,
                         Precision precision) {
    FACET_ASSIGN(auto model,
                 backend.compile(std::move(graph), {.max_batch = kRows, .precision = precision}));
    FACET_ASSIGN(auto request, model->create_request());
    return Compiled{std::move(model), std::move(request)};
}

// The graph with what DetectionOutput reads as its outputs: lists hide differences in their order.
std::shared_ptr<const Graph> without_detection_output(Graph graph) {
    if (std::holds_alternative<DetectionOutputParams>(graph.nodes.back().params)) {
        const Node& detection = graph.nodes.back();
        graph.outputs = {detection.inputs[0], detection.inputs[1]};
        graph.nodes.pop_back();
    }
    return std::make_shared<const Graph>(std::move(graph));
}

// Absolute differences as shares of the largest magnitude, or of one, in ascending order.
std::vector<double> sorted_differences(const Tensor& result, const Tensor& expected) {
    const auto a = result.as<float>();
    const auto b = expected.as<float>();
    double largest = 1;
    for (const float value : b) largest = std::max<double>(largest, std::abs(value));
    std::vector<double> differences;
    for (size_t i = 0; i < b.size(); ++i)
        differences.push_back(std::abs(double{a[i]} - double{b[i]}) / largest);
    std::ranges::sort(differences);
    return differences;
}

class GpuModels : public ::testing::TestWithParam<ModelCase> {
  protected:
    // Differences of every output for the largest batch; empty after a failure.
    std::vector<std::vector<double>> differences(Precision precision) {
        std::vector<std::vector<double>> result;
        const auto run = [&]() -> Result<void> {
            const auto photo = data_path(kPhoto);
            FACET_ASSIGN(const auto loaded, load_model(*data_path(GetParam().path)));
            const auto graph = without_detection_output(*loaded);
            FACET_ASSIGN(Compiled gpu, compile(*gpu_backends().front(), graph, precision));
            FACET_ASSIGN(Compiled cpu, compile(cpu_backend(), graph, Precision::kF32));
            const Shape shape = cpu.model->inputs()[0].row_shape;
            const Tensor input = photo_rows(GetParam(), *photo, shape, kRows);
            FACET_ASSIGN(const auto found, infer_rows(*gpu.model, *gpu.request, input, 0, kRows));
            FACET_ASSIGN(const auto expected,
                         infer_rows(*cpu.model, *cpu.request, input, 0, kRows));
            for (size_t port = 0; port < found.size(); ++port)
                result.push_back(sorted_differences(found[port], expected[port]));
            return {};
        };
        const Result<void> done = run();
        EXPECT_TRUE(done) << done.error().text();
        return result;
    }
    void SetUp() override {
        if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
        FACET_DATA_OR_SKIP(path, GetParam().path);
        FACET_DATA_OR_SKIP(photo, kPhoto);
    }
};
class GpuFloatModel : public GpuModels {};
class GpuHalfModel : public GpuModels {};
class GpuQuantisedModel : public GpuModels {};

std::string name_of_case(const ::testing::TestParamInfo<ModelCase>& info) {
    return info.param.name;
}

}  // namespace

TEST_P(GpuFloatModel, AgreesWithTheCpu) {
    for (const auto& output : differences(Precision::kF32))
        EXPECT_LE(output.back(), std::max(kFloatTolerance, GetParam().tolerance));
}

TEST_P(GpuHalfModel, AgreesWithTheCpuInHalves) {
    for (const auto& output : differences(Precision::kF16))
        EXPECT_LE(output.back(), kHalfTolerance);
}

// Launching costs more than computing where a net is small.
TEST(GpuLaunches, ModelsTakeNoMoreStepsThanWhatCannotBeJoined) {
    if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
    const std::pair<const char*, size_t> most[] = {
        {"age_gender", 15}, {"emotions", 16}, {"ultraface_rfb", 62}};
    for (const auto& [name, steps] : most) {
        FACET_DATA_OR_SKIP(path, model_named(name).path);
        const auto graph = load_model(path);
        ASSERT_TRUE(graph) << graph.error().text();
        const auto program = gpu::ProgramBuilder(**graph, {.max_batch = 4}).build();
        ASSERT_TRUE(program) << program.error().text();
        EXPECT_LE((*program)->steps.size(), steps) << name;
    }
}

// FakeQuantize jumps where its argument lies halfway between two steps.
TEST_P(GpuQuantisedModel, AgreesWithTheCpuButForJumps) {
    for (const auto& output : differences(Precision::kF32)) {
        EXPECT_LE(output[output.size() / 2], 0.005) << "median";
        EXPECT_LE(output[output.size() * 99 / 100], 0.05) << "99 %";
        EXPECT_LE(output.back(), 0.1) << "largest";
    }
}

INSTANTIATE_TEST_SUITE_P(Models, GpuFloatModel, ::testing::ValuesIn(float_models()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Models, GpuHalfModel, ::testing::ValuesIn(float_models()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Models, GpuQuantisedModel, ::testing::ValuesIn(quantised_models()),
                         name_of_case);

}  // namespace facet::testing
