// SPDX-License-Identifier: MIT
// The CPU backend on the models of the test data, against the reference and against OpenCV.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <opencv2/dnn.hpp>
#include <thread>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "tests/backends/cpu_models.h"
#include "tests/support/data_path.h"

namespace facet::testing {

namespace {

constexpr const char* kPhoto = "images/linzaer_5.jpg";

// Largest absolute difference, as a share of the largest magnitude where that is above `least`.
double difference(std::span<const float> result, std::span<const float> expected,
                  double least = 1.0) {
    if (result.size() != expected.size()) return INFINITY;
    double worst = 0;
    double largest = least;
    for (size_t i = 0; i < result.size(); ++i) {
        worst = std::max(worst, std::abs(double{result[i]} - double{expected[i]}));
        largest = std::max(largest, std::abs(double{expected[i]}));
        if (std::isnan(result[i])) return INFINITY;
    }
    return worst / largest;
}

struct Compiled {
    std::shared_ptr<CompiledModel> model;
    std::unique_ptr<InferRequest> request;
};

Compiled compile(const Backend& backend, const std::shared_ptr<const Graph>& graph, int max_batch,
                 int threads = 2) {
    auto model = backend.compile(graph, {.max_batch = max_batch, .threads = threads});
    EXPECT_TRUE(model) << model.error().text();
    auto request = (*model)->create_request();
    EXPECT_TRUE(request) << request.error().text();
    return {*std::move(model), *std::move(request)};
}

std::vector<Tensor> infer(Compiled& compiled, const Tensor& input, int first, int rows) {
    auto outputs = infer_rows(*compiled.model, *compiled.request, input, first, rows);
    EXPECT_TRUE(outputs) << outputs.error().text();
    return *std::move(outputs);
}

std::string name_of_case(const ::testing::TestParamInfo<ModelCase>& info) {
    return info.param.name;
}

// Is output `port` a list of detections, whose first column is the row's number?
bool is_detection_list(const Graph& graph, size_t port) {
    return std::ranges::any_of(graph.nodes, [&](const Node& node) {
        return std::holds_alternative<DetectionOutputParams>(node.params) &&
               node.outputs[0] == graph.outputs[port];
    });
}

// The graph with what DetectionOutput reads as its outputs.
std::shared_ptr<const Graph> without_detection_output(Graph graph) {
    if (!std::holds_alternative<DetectionOutputParams>(graph.nodes.back().params))
        return std::make_shared<const Graph>(std::move(graph));
    const Node& detection = graph.nodes.back();
    graph.outputs = {detection.inputs[0], detection.inputs[1]};
    graph.nodes.pop_back();
    return std::make_shared<const Graph>(std::move(graph));
}

// Absolute differences as shares of the largest magnitude, in ascending order.
std::vector<double> sorted_differences(const Tensor& result, const Tensor& expected) {
    const auto a = result.as<float>();
    const auto b = expected.as<float>();
    const double largest =
        std::abs(*std::ranges::max_element(b, {}, [](float value) { return std::abs(value); }));
    std::vector<double> differences;
    for (size_t i = 0; i < b.size(); ++i)
        differences.push_back(std::abs(double{a[i]} - double{b[i]}) / largest);
    std::ranges::sort(differences);
    return differences;
}

class CpuFloatModel : public ::testing::TestWithParam<ModelCase> {};
class CpuBatchedModel : public ::testing::TestWithParam<ModelCase> {};
class CpuQuantisedModel : public ::testing::TestWithParam<ModelCase> {};
class CpuBf16Model : public ::testing::TestWithParam<ModelCase> {};
class CpuOnnxModel : public ::testing::TestWithParam<ModelCase> {};

}  // namespace

TEST_P(CpuFloatModel, AgreesWithTheReference) {
    FACET_DATA_OR_SKIP(path, GetParam().path);
    FACET_DATA_OR_SKIP(photo, kPhoto);
    const auto graph = load_model(path);
    ASSERT_TRUE(graph) << graph.error().text();
    Compiled cpu = compile(cpu_backend(), *graph, 2);
    Compiled reference = compile(reference_backend(), *graph, 2);
    const Tensor input = photo_rows(GetParam(), photo, cpu.model->inputs()[0].row_shape, 2);
    const auto results = infer(cpu, input, 0, 2);
    const auto expected = infer(reference, input, 0, 2);
    for (size_t port = 0; port < results.size(); ++port)
        EXPECT_LE(difference(results[port].as<float>(), expected[port].as<float>()),
                  GetParam().tolerance)
            << cpu.model->outputs()[port].name;
}

// FakeQuantize jumps where its argument lies halfway between two steps: two engines that differ in
// the last bit there differ by a whole step behind it. So nearly all outputs agree closely, the
// rest within what a few such steps bring about. A list of detections would hide that behind its
// order, so its inputs are compared instead.
TEST_P(CpuQuantisedModel, AgreesWithTheReferenceButForJumps) {
    FACET_DATA_OR_SKIP(path, GetParam().path);
    FACET_DATA_OR_SKIP(photo, kPhoto);
    const auto loaded = load_model(path);
    ASSERT_TRUE(loaded) << loaded.error().text();
    const auto graph = without_detection_output(**loaded);
    Compiled cpu = compile(cpu_backend(), graph, 2);
    Compiled reference = compile(reference_backend(), graph, 2);
    const Tensor input = photo_rows(GetParam(), photo, cpu.model->inputs()[0].row_shape, 2);
    const auto results = infer(cpu, input, 0, 2);
    const auto expected = infer(reference, input, 0, 2);
    for (size_t port = 0; port < results.size(); ++port) {
        const auto differences = sorted_differences(results[port], expected[port]);
        const std::string& name = cpu.model->outputs()[port].name;
        EXPECT_LE(differences[differences.size() / 2], 0.005) << "median of " << name;
        EXPECT_LE(differences[differences.size() * 99 / 100], 0.05) << "99 % of " << name;
        EXPECT_LE(differences[differences.size() * 999 / 1000], 0.06) << "99.9 % of " << name;
        EXPECT_LE(differences.back(), 0.1) << "largest of " << name;
    }
}

TEST_P(CpuOnnxModel, AgreesWithOpenCv) {
    FACET_DATA_OR_SKIP(path, GetParam().path);
    FACET_DATA_OR_SKIP(photo, kPhoto);
    const auto graph = load_model(path);
    ASSERT_TRUE(graph) << graph.error().text();
    Compiled cpu = compile(cpu_backend(), *graph, 1);
    const Shape shape = cpu.model->inputs()[0].row_shape;
    const Tensor input = photo_rows(GetParam(), photo, shape, 1);
    const auto results = infer(cpu, input, 0, 1);

    cv::dnn::Net net = cv::dnn::readNetFromONNX(path.string());
    const std::vector<int> extents(shape.extents().begin(), shape.extents().end());
    net.setInput(cv::Mat(extents, CV_32F, const_cast<void*>(input.view().bytes)));
    std::vector<std::string> names;
    for (const Port& port : cpu.model->outputs()) names.push_back(port.name);
    std::vector<cv::Mat> expected;
    net.forward(expected, names);
    for (size_t port = 0; port < results.size(); ++port)
        EXPECT_LE(difference(results[port].as<float>(),
                             {expected[port].ptr<float>(), expected[port].total()}),
                  GetParam().tolerance)
            << names[port];
}

TEST_P(CpuBatchedModel, RowsOfEveryBatchUpTo32EqualTheSameRowsAlone) {
    FACET_DATA_OR_SKIP(path, GetParam().path);
    FACET_DATA_OR_SKIP(photo, kPhoto);
    const auto graph = load_model(path);
    ASSERT_TRUE(graph) << graph.error().text();
    constexpr int kMaxBatch = 32;
    for (const int threads : {1, 2}) {
        Compiled cpu = compile(cpu_backend(), *graph, kMaxBatch, threads);
        const Tensor input =
            photo_rows(GetParam(), photo, cpu.model->inputs()[0].row_shape, kMaxBatch);
        std::vector<std::vector<Tensor>> alone;
        for (int row = 0; row < kMaxBatch; ++row) alone.push_back(infer(cpu, input, row, 1));
        // Every size with all threads; with one, some of each kind keep the test short.
        for (int rows = 2; rows <= kMaxBatch; rows += threads == 1 ? 5 : 1) {
            const auto batch = infer(cpu, input, 0, rows);
            for (size_t port = 0; port < batch.size(); ++port) {
                if (is_detection_list(**graph, port)) continue;
                const size_t size = batch[port].as<float>().size() / rows;
                for (int row = 0; row < rows; ++row)
                    ASSERT_LE(difference(batch[port].as<float>().subspan(row * size, size),
                                         alone[row][port].as<float>(), 1e-30),
                              1e-6)
                        << "row " << row << " of " << rows << ", " << threads << " threads, "
                        << cpu.model->outputs()[port].name;
            }
        }
    }
}

TEST(CpuModels, TwoRequestsInParallelGiveWhatEachGivesAlone) {
    const ModelCase& model = model_named("age_gender");
    FACET_DATA_OR_SKIP(path, model.path);
    FACET_DATA_OR_SKIP(photo, kPhoto);
    const auto graph = load_model(path);
    ASSERT_TRUE(graph) << graph.error().text();
    Compiled first = compile(cpu_backend(), *graph, 8, 1);
    auto second_request = first.model->create_request();
    ASSERT_TRUE(second_request) << second_request.error().text();
    Compiled second{first.model, *std::move(second_request)};
    const Tensor input = photo_rows(model, photo, first.model->inputs()[0].row_shape, 16);
    Compiled lone = compile(cpu_backend(), *graph, 8, 1);

    std::vector<std::vector<Tensor>> of_first, of_second;
    // Every size is new to both threads, so that they also build programs side by side.
    std::jthread other([&] {
        for (int rows = 1; rows <= 8; ++rows) of_second.push_back(infer(second, input, 8, rows));
    });
    for (int rows = 1; rows <= 8; ++rows) of_first.push_back(infer(first, input, 0, rows));
    other.join();
    for (int rows = 1; rows <= 8; ++rows) {
        for (size_t port = 0; port < 2; ++port) {
            const auto alone_first = infer(lone, input, 0, rows);
            EXPECT_EQ(
                0, difference(of_first[rows - 1][port].as<float>(), alone_first[port].as<float>()));
            const auto alone_second = infer(lone, input, 8, rows);
            EXPECT_EQ(0, difference(of_second[rows - 1][port].as<float>(),
                                    alone_second[port].as<float>()));
        }
    }
}

// bfloat16 keeps eight bits: what it costs the outputs stays within a hundredth of the largest.
TEST_P(CpuBf16Model, AgreesWithTheReferenceWithinAHundredth) {
    FACET_DATA_OR_SKIP(path, GetParam().path);
    FACET_DATA_OR_SKIP(photo, kPhoto);
    const auto graph = load_model(path);
    ASSERT_TRUE(graph) << graph.error().text();
    auto model = cpu_backend().compile(
        *graph, {.max_batch = 3, .threads = 1, .precision = Precision::kBf16});
    if (!model) {
        EXPECT_EQ(model.error().code, ErrorCode::kUnsupported);
        EXPECT_NE(model.error().message.find("supported: auto, fp32"), std::string::npos);
        GTEST_SKIP() << model.error().text();
    }
    EXPECT_NE((*model)->description().find(" bf16 layers"), std::string::npos);
    auto request = (*model)->create_request();
    ASSERT_TRUE(request) << request.error().text();
    Compiled cpu{*model, *std::move(request)};
    Compiled reference = compile(reference_backend(), *graph, 3);
    const Tensor input = photo_rows(GetParam(), photo, cpu.model->inputs()[0].row_shape, 3);
    const auto results = infer(cpu, input, 0, 3);
    const auto expected = infer(reference, input, 0, 3);
    for (size_t port = 0; port < results.size(); ++port) {
        const double apart = difference(results[port].as<float>(), expected[port].as<float>());
        EXPECT_LE(apart, 0.01) << cpu.model->outputs()[port].name;
        EXPECT_GT(apart, 1e-6) << "no layer computed in bfloat16";
    }
}

INSTANTIATE_TEST_SUITE_P(Models, CpuBf16Model,
                         ::testing::Values(model_named("age_gender"), model_named("emotions"),
                                           model_named("ultraface_rfb"), model_named("landmarks")),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Models, CpuFloatModel, ::testing::ValuesIn(float_models()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Models, CpuQuantisedModel, ::testing::ValuesIn(quantised_models()),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Models, CpuOnnxModel,
                         ::testing::Values(model_named("age_gender"), model_named("emotions"),
                                           model_named("ultraface_rfb"),
                                           model_named("ultraface_rfb_raw"),
                                           model_named("ultraface_slim"), model_named("yunet")),
                         name_of_case);
INSTANTIATE_TEST_SUITE_P(Models, CpuBatchedModel,
                         ::testing::Values(model_named("age_gender"), model_named("emotions"),
                                           model_named("ultraface_rfb")),
                         name_of_case);

}  // namespace facet::testing
