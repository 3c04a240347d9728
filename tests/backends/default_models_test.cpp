// SPDX-License-Identifier: MIT
// Facet's own models say what they said to PyTorch when they were trained, alone and in batches.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

constexpr int kMaxBatch = 32;
constexpr double kTolerance = 1e-4;
// A sum that ends near the middle between two steps is rounded either way.
constexpr double kQuantisedTolerance = 0.02;

std::filesystem::path own_models() {
    const char* directory = std::getenv("FACET_MODEL_INFO_PATH");
    return directory != nullptr ? directory : "pipelines/models";
}

// As test_input() in train/export.py makes it: pixels of a plaid, different in each row.
std::vector<float> plaid(const Shape& shape, int row) {
    std::vector<float> values;
    for (int64_t channel = 0; channel < shape[1]; ++channel)
        for (int64_t y = 0; y < shape[2]; ++y)
            for (int64_t x = 0; x < shape[3]; ++x) {
                const int64_t pixel =
                    (x * 7 + y * 13 + channel * 29 + (x * y) % 31 * 5 + row * 17) % 256;
                values.push_back((static_cast<float>(pixel) - 127) / 128);
            }
    return values;
}

class DefaultModel : public ::testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        std::ifstream file(own_models() / "train" / "expected.json");
        ASSERT_TRUE(file) << "train/expected.json";
        expected_ = nlohmann::json::parse(file).at(GetParam());
        auto graph = read_model(own_models() / (std::string(GetParam()) + ".onnx"));
        ASSERT_TRUE(graph) << graph.error().text();
        ASSERT_TRUE(prepare(*graph, reference::evaluate));
        const auto batchable = require_batchable(*graph, analyze_batchability(*graph));
        ASSERT_TRUE(batchable) << batchable.error().text();
        graph_ = std::make_shared<const Graph>(*std::move(graph));
    }

    // Rows 0 and 1 of what was expected are looked for in the first and last of `rows`.
    void expect_right(const Backend& backend, int rows) {
        const auto model = backend.compile(graph_, {.max_batch = kMaxBatch, .threads = 1});
        ASSERT_TRUE(model) << model.error().text();
        const auto request = (*model)->create_request();
        ASSERT_TRUE(request) << request.error().text();
        const Shape shape = (*model)->inputs()[0].row_shape;
        auto* input = reinterpret_cast<float*>((*request)->input(0).bytes);
        for (int row = 0; row < rows; ++row) {
            const std::vector<float> values = plaid(shape, row == rows - 1 ? 1 : row == 0 ? 0 : 2);
            std::memcpy(input + row * values.size(), values.data(), values.size() * sizeof(float));
        }
        ASSERT_TRUE((*request)->infer(rows));
        for (size_t port = 0; port < (*model)->outputs().size(); ++port) {
            const Port& output = (*model)->outputs()[port];
            const auto values = (*request)->output(port).as<float>();
            for (int row : {0, 1})
                compare(output,
                        values.subspan((row == 0 ? 0 : rows - 1) * output.row_shape.elements()),
                        row);
        }
    }

  private:
    // Of long outputs only every so many-th value was kept.
    void compare(const Port& output, std::span<const float> values, int row) {
        const nlohmann::json& kept = expected_.at(output.name);
        const auto step = kept.at("step").get<size_t>();
        const auto wanted = kept.at("rows").at(row).get<std::vector<float>>();
        const bool quantised = std::string(GetParam()).ends_with("int8");
        const double tolerance = quantised ? kQuantisedTolerance : kTolerance;
        ASSERT_EQ(wanted.size(), (output.row_shape.elements() + step - 1) / step);
        for (size_t i = 0; i < wanted.size(); ++i)
            EXPECT_NEAR(values[i * step], wanted[i], tolerance)
                << output.name << "[" << i * step << "] of row " << row;
    }

    nlohmann::json expected_;
    std::shared_ptr<const Graph> graph_;
};

TEST_P(DefaultModel, SaysOnTheCpuWhatItSaidInTraining) {
    expect_right(cpu_backend(), 2);
    expect_right(cpu_backend(), kMaxBatch);
}

TEST_P(DefaultModel, SaysOnTheTestDeviceWhatItSaidInTraining) {
    const std::string name = testing::test_device("");
    if (name.empty()) GTEST_SKIP() << "no FACET_TEST_DEVICE";
    const auto device = find_backend(name);
    if (!device) GTEST_SKIP() << device.error().text();
    expect_right(**device, 2);
}

TEST_P(DefaultModel, SaysByTheReferenceWhatItSaidInTraining) {
    expect_right(reference_backend(), 2);
}

INSTANTIATE_TEST_SUITE_P(Own, DefaultModel, ::testing::Values("facet-faces", "facet-attributes"));
INSTANTIATE_TEST_SUITE_P(OwnInt8, DefaultModel,
                         ::testing::Values("facet-faces-int8", "facet-attributes-int8"));

}  // namespace
}  // namespace facet
