// SPDX-License-Identifier: MIT
// What facet-bench loads, runs and reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/tools/bench_report.h"
#include "engine/tools/bench_run.h"
#include "tests/formats/onnx_writer.h"
#include "tests/formats/temporary_model.h"

namespace facet {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::OnnxWriter;
using testing::set;
using testing::TemporaryModel;

// The softmax of the mean of each channel, along `axis`: a classifier of blue, green and red.
std::string color_classifier(int64_t axis) {
    OnnxWriter writer(13);
    writer.input("x", {1, 3, 4, 4});
    writer.node("GlobalAveragePool", {"x"}, {"mean"});
    writer.node("Flatten", {"mean"}, {"flat"});
    set(writer.node("Softmax", {"flat"}, {"y"}), "axis", axis);
    writer.output("y");
    return writer.bytes();
}

class Bench : public ::testing::Test {
  protected:
    Bench() {
        options_.model = file_.write("colors.onnx", color_classifier(1));
        options_.labels = file_.write("labels.txt", "blue\r\ngreen\nred\n");
        options_.threads = 1;
        options_.iterations = 2;
        options_.max_batch = 5;
        for (const auto& [name, color] :
             {std::pair{"g", std::array<uint8_t, 3>{0, 200, 0}}, {"r", {0, 0, 9}}}) {
            ImageRow row{name, {}};
            for (int pixel = 0; pixel < 16; ++pixel)
                row.pixels.insert(row.pixels.end(), color.begin(), color.end());
            rows_.push_back(row);
        }
    }

    void load() {
        auto model = load_bench_model(options_);
        ASSERT_TRUE(model) << model.error().text();
        model_ = std::move(*model);
    }
    void measure_all() {
        load();
        auto measured = measure(model_, rows_, options_);
        ASSERT_TRUE(measured) << measured.error().text();
        measured_ = std::move(*measured);
        auto results = classify(model_, rows_);
        ASSERT_TRUE(results) << results.error().text();
        results_ = std::move(*results);
    }
    [[nodiscard]] BenchReport report() const {
        return {options_, model_, rows_, results_, measured_};
    }

    const TemporaryModel file_;
    BenchOptions options_;
    std::vector<ImageRow> rows_;  // interleaved BGR, as a model without model-info takes it
    BenchModel model_;
    BenchMeasurement measured_;
    std::vector<Converted> results_;
};

TEST_F(Bench, ShowsTheLikeliestLabelOfAPlainClassifier) {
    measure_all();
    ASSERT_EQ(results_.size(), 2u);
    EXPECT_EQ(result_text(results_[0]), "class green 1.00");
    EXPECT_THAT(result_text(results_[1]), HasSubstr("class red"));
    options_.labels.clear();
    measure_all();
    EXPECT_THAT(result_text(results_[1]), HasSubstr("class 2"));
}

TEST_F(Bench, WantsAsManyLabelsAsThereAreClasses) {
    options_.labels = file_.write("short.txt", "blue\n");
    const auto model = load_bench_model(options_);
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().text(), HasSubstr("1 elements, one per label"));
}

TEST_F(Bench, RunsEverySizeUpToTheMaximumAsItIs) {
    measure_all();
    ASSERT_EQ(measured_.points.size(), 5u);
    EXPECT_EQ(measured_.largest_run, 5);
    for (size_t i = 0; i < 5; ++i) {
        const BenchPoint& point = measured_.points[i];
        EXPECT_EQ(point.rows, static_cast<int>(i) + 1);
        EXPECT_THAT(point.runs, ElementsAre(point.rows));
        EXPECT_GT(point.seconds, 0);
    }
    EXPECT_DOUBLE_EQ(measured_.points.back().gain(), 1);
    EXPECT_EQ(measured_.points.back().seconds, measured_.points.front().padded_seconds);
}

TEST_F(Bench, RunsOnlyProfilesWhereThereAreAny) {
    options_.profiles = {2, 4};
    options_.max_batch = 9;
    measure_all();
    ASSERT_EQ(measured_.points.size(), 9u);
    for (const BenchPoint& point : measured_.points) {
        EXPECT_THAT(point.runs, Each(::testing::AnyOf(2, 4)));
        EXPECT_GE(std::accumulate(point.runs.begin(), point.runs.end(), 0), point.rows);
    }
    // Nine rows padded are three runs of the largest profile.
    EXPECT_DOUBLE_EQ(measured_.points[8].padded_seconds, 3 * measured_.points[3].padded_seconds);
}

TEST_F(Bench, CountsTheRowsOfAllRequests) {
    options_.requests = 3;
    options_.batch_sizes = {4};
    options_.iterations = 1;
    measure_all();
    const BenchPoint& point = measured_.points.at(0);
    // Three requests end no earlier than the one that took the time of the middle one.
    EXPECT_LE(point.rows_per_second, 3 * 4 / point.seconds * 1.001);
    EXPECT_GT(point.rows_per_second, 0);
}

TEST_F(Bench, SaysWhyAModelRunsOneRowOnly) {
    options_.model = file_.write("mixing.onnx", color_classifier(0));
    measure_all();
    ASSERT_EQ(measured_.points.size(), 1u);
    const std::string text = bench_text(report());
    EXPECT_THAT(text, HasSubstr("one row at a time only: node 'node_y' (Softmax): softmax runs"));
    EXPECT_EQ(nlohmann::json::parse(bench_json(report()))["batchable"], false);
}

TEST_F(Bench, TimesTheStepsOfTheLargestBatchWhenAsked) {
    measure_all();
    EXPECT_TRUE(measured_.steps.empty());
    EXPECT_THAT(bench_text(report()), Not(HasSubstr("GFLOP/s")));
    options_.counters = true;
    measure_all();
    EXPECT_EQ(measured_.profiled_rows, 5);
    EXPECT_THAT(bench_text(report()), HasSubstr("steps of a batch of 5"));
    const auto json = nlohmann::json::parse(bench_json(report()));
    ASSERT_EQ(json["steps"].size(), measured_.steps.size());
    EXPECT_EQ(json["steps"].back()["kind"], "Softmax");
    EXPECT_EQ(json["batches"][1]["runs"], std::vector<int>{2});
    EXPECT_EQ(json["results"][0]["attributes"][0]["label"], "green");
}

TEST_F(Bench, RefusesAModelThatTakesNoImage) {
    OnnxWriter writer(13);
    writer.input("x", {1, 7});
    writer.node("Relu", {"x"}, {"y"});
    writer.output("y");
    options_.model = file_.write("numbers.onnx", writer.bytes());
    const auto model = load_bench_model(options_);
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().text(),
                HasSubstr("numbers.onnx: input 'x' [1,7]; supported: images"));
}

TEST_F(Bench, DrawsBothCurves) {
    measure_all();
    const std::string svg = bench_plot(report());
    for (const char* words : {"colors", "Throughput", "Latency", "padded to 5", "true size"})
        EXPECT_THAT(svg, HasSubstr(words));
}

}  // namespace
}  // namespace facet
