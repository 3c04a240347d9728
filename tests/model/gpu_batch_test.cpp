// SPDX-License-Identifier: MIT
// Automatic batching on an OpenCL device: by name, by hint, and where a model cannot be batched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "engine/backends/device_description.h"
#include "engine/backends/registry.h"
#include "engine/model.h"
#include "engine/model/free_memory.h"

namespace facet {
namespace {

using ::testing::HasSubstr;

// An OpenVINO IR of one SoftMax along `axis`; axis 0 holds the rows.
class GpuBatch : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!find_backend("GPU").ok()) GTEST_SKIP() << "no OpenCL device";
    }
    ~GpuBatch() override { std::filesystem::remove(path_); }

    std::shared_ptr<Model> load(int axis, const ModelOptions& options) {
        std::ofstream(path_) << R"(<net name="tiny" version="11"><layers>
<layer id="0" name="image" type="Parameter" version="opset1"><data shape="1,3" element_type="f32"/>
<output><port id="0" precision="FP32"><dim>1</dim><dim>3</dim></port></output></layer>
<layer id="1" name="mixed" type="SoftMax" version="opset1"><data axis=")"
                             << axis << R"("/>
<input><port id="0"><dim>1</dim><dim>3</dim></port></input>
<output><port id="1" precision="FP32"><dim>1</dim><dim>3</dim></port></output></layer>
<layer id="2" name="end" type="Result" version="opset1">
<input><port id="0"><dim>1</dim><dim>3</dim></port></input></layer></layers><edges>
<edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges></net>)";
        Result<std::shared_ptr<Model>> model = Model::load(path_, options);
        EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().text());
        return model.ok() ? *model : nullptr;
    }

  private:
    const std::filesystem::path path_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("facet-gpu-batch-") +
         ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".xml");
};

TEST_F(GpuBatch, ByNameRunsRequestsTogetherAndGivesEachItsRow) {
    const auto model = load(1, {.device = "BATCH:GPU(4)"});
    ASSERT_TRUE(model);
    EXPECT_EQ(model->optimal_batch_size(), 4);
    std::vector<std::unique_ptr<Request>> requests;
    for (int i = 0; i < 4; ++i) {
        requests.push_back(*model->create_request());
        auto row = requests.back()->input(0).as<float>();
        row[0] = row[1] = 0.0f;
        row[2] = static_cast<float>(i);
    }
    for (const auto& request : requests) ASSERT_TRUE(request->start().ok());
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(requests[i]->wait().ok());
        const double last = std::exp(static_cast<double>(i));
        EXPECT_NEAR(requests[i]->output(0).as<float>()[2], last / (last + 2), 1e-4);
    }
}

TEST_F(GpuBatch, KnowsTheMemoryThatBoundsIt) {
    const Backend& gpu = **find_backend("GPU");
    const std::vector<DeviceDescription> devices = describe_devices();
    const auto described = std::ranges::find(devices, gpu.name(), &DeviceDescription::name);
    ASSERT_NE(described, devices.end());
    EXPECT_GT(free_memory(gpu).value_or(0), 0u);
    EXPECT_LE(free_memory(gpu).value_or(0), described->memory);
}

TEST_F(GpuBatch, ByHintAModelThatMixesRowsRunsRequestByRequestAndSaysWhy) {
    const auto batched = load(1, {.device = "GPU", .hint = PerformanceHint::kThroughput});
    ASSERT_TRUE(batched);
    EXPECT_THAT(batched->description(), HasSubstr("in batches of up to 16"));
    const auto alone = load(0, {.device = "GPU", .hint = PerformanceHint::kThroughput});
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->optimal_batch_size(), 1);
    EXPECT_THAT(alone->description(),
                HasSubstr("not batched: automatic batching (device 'GPU' runs request by request): "
                          "the model cannot run batches: node 'mixed' (SoftMax): softmax runs "
                          "along axis 0, which holds the batch"));
}

}  // namespace
}  // namespace facet
