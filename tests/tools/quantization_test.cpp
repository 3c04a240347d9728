// SPDX-License-Identifier: MIT
// facet-quantize: ranges from samples, and a model of the project's own quantised on photos.
#include "engine/tools/quantization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/byte_values.h"
#include "engine/graph/passes.h"
#include "engine/tools/onnx_quantizer.h"
#include "tests/formats/onnx_writer.h"
#include "tests/formats/temporary_model.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

using ::testing::HasSubstr;

ActivationHistogram histogram_of(const std::vector<float>& samples) {
    ActivationHistogram histogram;
    histogram.widen(samples);
    histogram.add(samples);
    return histogram;
}

// Evenly spread over [0, 1), and one far out.
std::vector<float> samples_with_outlier() {
    std::vector<float> samples;
    for (int i = 0; i < 10000; ++i) samples.push_back(static_cast<float>(i) / 10000);
    samples.push_back(8);
    return samples;
}

std::filesystem::path model_folder() {
    const char* directory = std::getenv("FACET_MODEL_INFO_PATH");
    return directory ? directory : "pipelines/models";
}

double figure(const QuantizationReport& report, const std::string& what) {
    for (const AgreementFigure& figure : report.comparison.agreement)
        if (figure.what == what) return figure.value;
    ADD_FAILURE() << "no " << what;
    return -1;
}

}  // namespace

TEST(ActivationRange, PercentileCutsTheTail) {
    const ActivationHistogram histogram = histogram_of(samples_with_outlier());
    EXPECT_NEAR(histogram.range(RangeMethod::kPercentile, 99.9).high, 1.0f, 0.02f);
    EXPECT_NEAR(histogram.range(RangeMethod::kPercentile, 100).high, 8.0f, 1e-5f);
}

TEST(ActivationRange, MseWeighsClippingAgainstCoarserSteps) {
    std::vector<float> samples = samples_with_outlier();
    const float alone = histogram_of(samples).range(RangeMethod::kMse, 0).high;
    EXPECT_GT(alone, 1.0f) << "one far out costs more than coarser steps at first";
    std::vector<float> crowd;
    for (int i = 0; i < 1000; ++i) crowd.insert(crowd.end(), samples.begin(), samples.end() - 1);
    crowd.push_back(8);
    EXPECT_LT(histogram_of(crowd).range(RangeMethod::kMse, 0).high, alone)
        << "the more samples lie low, the finer the steps";
}

TEST(ActivationRange, GoesAsFarBelowZeroAsTheSamplesDo) {
    std::vector<float> samples;
    for (int i = -1000; i < 9000; ++i) samples.push_back(static_cast<float>(i) / 1000);
    const ActivationRange range = histogram_of(samples).range(RangeMethod::kMse, 0);
    EXPECT_FLOAT_EQ(range.low, -1);
    EXPECT_NEAR(range.high, 9, 0.1);
}

TEST(ActivationRange, HoldsZeroAndSurvivesNothingElse) {
    EXPECT_EQ(histogram_of({3, 5}).range(RangeMethod::kPercentile, 100).low, 0);
    EXPECT_GT(histogram_of({0, 0}).range(RangeMethod::kMse, 0).high, 0);
}

TEST(FacetQuantize, MakesEveryLayerInt8AndStaysCloseToTheFloats) {
    FACET_DATA_OR_SKIP(photos, "images/dlib_faces");
    const testing::TemporaryModel folder;
    QuantizeOptions options;
    options.model = model_folder() / "facet-attributes.onnx";
    options.output = folder.path("quantised.onnx");
    options.crops = {photos};
    const auto report = quantize(options);
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->crops, 12u);
    ASSERT_EQ(report->comparison.outputs.size(), 3u);
    for (const auto& output : report->comparison.outputs) {
        EXPECT_LE(output.mean_error, 0.02) << output.name;
        EXPECT_LE(output.largest_error, 0.2) << output.name;
    }
    auto graph = read_model(options.output);
    ASSERT_TRUE(graph) << graph.error().text();
    ASSERT_TRUE(prepare(*graph, reference::evaluate));
    EXPECT_EQ(count_quantized_layers(*graph), report->layers);
    EXPECT_FALSE(std::filesystem::exists(options.output.string() + ".calibration.onnx"));
}

// Ranges from twelve photos, compared on those and eleven crowds. Measured: 98.8, 100 and 97.5 %
// of 258 faces.
TEST(FacetQuantize, UltraFaceFindsTheFacesThatItsFloatsFind) {
    FACET_DATA_OR_SKIP(model, "models/ultraface/version-RFB-320.onnx");
    FACET_DATA_OR_SKIP(crowds, "images");
    const testing::TemporaryModel folder;
    QuantizeOptions options;
    options.model = model;
    options.output = folder.path("quantised.onnx");
    options.info_directories = {model_folder()};
    options.crops = {crowds / "dlib_faces"};
    options.check = {crowds, crowds / "dlib_faces"};
    const auto report = quantize(options);
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_EQ(report->crops, 12u);
    EXPECT_EQ(report->checked, 23u);
    EXPECT_GE(figure(*report, "boxes of the first"), 200);
    EXPECT_GE(figure(*report, "recall"), 97.5);
    EXPECT_GE(figure(*report, "precision"), 97.5);
    EXPECT_GE(figure(*report, "mean overlap"), 96);
}

TEST(FacetQuantize, CropsAreWhatADetectorFinds) {
    FACET_DATA_OR_SKIP(detector, "models/ultraface/version-RFB-320.onnx");
    FACET_DATA_OR_SKIP(photos, "images/dlib_faces");
    const testing::TemporaryModel folder;
    QuantizeOptions options;
    options.model = model_folder() / "facet-attributes.onnx";
    options.output = folder.path("quantised.onnx");
    options.info_directories = {model_folder()};
    options.crops = {photos};
    options.detector = detector;
    const auto report = quantize(options);
    ASSERT_TRUE(report) << report.error().text();
    EXPECT_GE(report->crops, 35u) << "of 43 faces on twelve photos";
    EXPECT_GE(figure(*report, "same label"), 97);
    EXPECT_LE(figure(*report, "mean difference"), 1) << "years";
}

TEST(FacetQuantize, ModelsWithoutLayersToQuantiseAreRefusedByName) {
    testing::OnnxWriter writer(13);
    writer.node("Relu", {writer.input("x", {1, 3, 4, 4})}, {"y"});
    writer.output("y");
    const testing::TemporaryModel folder;
    const auto path = folder.write("plain.onnx", writer.bytes());
    const auto model = read_quantizable(path);
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, HasSubstr("plain.onnx: no Conv, Gemm or MatMul"));
}

// Operator set 9 has what a Slice takes as attributes, 13 as inputs.
// One channel of what the second layer reads is a thousand times as large as the others, which
// bytes of one step wipe out.
TEST(FacetQuantize, TensorsThatBytesRuinMayStayFloats) {
    FACET_DATA_OR_SKIP(photos, "images/dlib_faces");
    testing::OnnxWriter writer(13);
    const std::string first = writer.floats("w1", {3, 3, 1, 1}, {1000, 0, 0, 0, 1, 0, 0, 0, 1});
    const std::string second = writer.floats("w2", {2, 3, 1, 1}, {0, 1, 0, 0, 0, 1});
    const std::string x = writer.input("x", {1, 3, 8, 8});
    writer.node("Conv", {x, first}, {"a"});
    writer.node("Conv", {"a", second}, {"y"});
    writer.output("y");
    const testing::TemporaryModel folder;
    QuantizeOptions options;
    options.model = folder.write("uneven.onnx", writer.bytes());
    folder.write("uneven.json",
                 R"({"schema": "facet-model/1", "name": "uneven", "description": "of a test",
                     "input": {}, "outputs": [{"converter": "values", "attribute": "v"}]})");
    options.output = folder.path("quantised.onnx");
    options.crops = {photos};
    const auto all = quantize(options);
    ASSERT_TRUE(all) << all.error().text();
    EXPECT_EQ(all->layers, 2);
    EXPECT_GT(all->comparison.outputs[0].largest_error, 50);
    options.most_floats = 2;
    const auto fewer = quantize(options);
    ASSERT_TRUE(fewer) << fewer.error().text();
    EXPECT_EQ(fewer->floats, std::vector<std::string>{"a"});
    EXPECT_EQ(fewer->layers, 1);
    EXPECT_LT(fewer->comparison.outputs[0].largest_error, 1);
}

TEST(FacetQuantize, SlicesOfOldFilesCutTheSame) {
    testing::OnnxWriter writer(9);
    const std::string weights = writer.floats("w", {4, 3, 1, 1}, std::vector<float>(12, 0.5f));
    writer.node("Conv", {writer.input("x", {1, 3, 4, 4}), weights}, {"c"});
    onnx::NodeProto& slice = writer.node("Slice", {"c"}, {"y"});
    testing::set(slice, "starts", std::vector<int64_t>{1, 2});
    testing::set(slice, "ends", std::vector<int64_t>{3, 4});
    testing::set(slice, "axes", std::vector<int64_t>{1, 3});
    writer.output("y");
    const testing::TemporaryModel folder;
    const auto path = folder.write("old.onnx", writer.bytes());
    const auto copy = folder.path("new.onnx");
    const auto written = write_quantized(path, {{"x", {1, 0}}}, copy);
    ASSERT_TRUE(written) << written.error().text();
    auto graph = read_model(copy);
    ASSERT_TRUE(graph) << graph.error().text();
    ASSERT_TRUE(prepare(*graph, reference::evaluate));
    EXPECT_EQ(graph->value(graph->outputs[0]).shape, (Shape{1, 2, 4, 2}));
}

TEST(FacetQuantize, ConstantsAreNoInputsAnyMore) {
    testing::OnnxWriter writer(9);
    const std::string weights = writer.floats("w", {4, 3, 1, 1}, std::vector<float>(12, 0.5f));
    const std::string bias = writer.floats("b", {4}, {1, 2, 3, 4});
    const std::string x = writer.input("x", {1, 3, 4, 4});
    writer.input("w", {4, 3, 1, 1});
    writer.input("b", {4});
    writer.node("Conv", {x, weights, bias}, {"y"});
    writer.output("y");
    const testing::TemporaryModel folder;
    const auto copy = folder.path("new.onnx");
    ASSERT_TRUE(write_quantized(folder.write("old.onnx", writer.bytes()), {{"x", {1, 0}}}, copy));
    onnx::ModelProto model;
    std::ifstream file(copy, std::ios::binary);
    ASSERT_TRUE(model.ParseFromIstream(&file));
    ASSERT_EQ(model.graph().input_size(), 1);
    EXPECT_EQ(model.graph().input(0).name(), "x");
    EXPECT_EQ(model.graph().node(3).input(2), "b") << "and the bias is still there";
    const auto graph = read_model(copy);
    EXPECT_TRUE(graph) << graph.error().text();
}

TEST(FacetQuantize, OldOperatorsThatMeanSomethingElseAreRefusedByName) {
    testing::OnnxWriter writer(9);
    writer.node("Clip", {writer.input("x", {1, 3, 4, 4})}, {"y"}).set_name("cut");
    writer.output("y");
    const testing::TemporaryModel folder;
    const auto model = read_quantizable(folder.write("old.onnx", writer.bytes()));
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, HasSubstr("node 'cut' (Clip)"));
}

}  // namespace facet
