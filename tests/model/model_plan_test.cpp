// SPDX-License-Identifier: MIT
// What options ask for, and every refusal of those that do not fit; and how batches between
// profiles run.
#include "engine/model/model_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/model/batch_device.h"
#include "engine/model/batch_profiles.h"

namespace facet {
namespace {

using ::testing::ElementsAre;

constexpr int kProcessors = 6;

ModelPlan planned(const ModelOptions& options) {
    const Result<ModelPlan> plan = plan_model(options, kProcessors);
    EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().text());
    return plan.ok() ? *plan : ModelPlan{};
}

std::string refusal(const ModelOptions& options) {
    const Result<ModelPlan> plan = plan_model(options, kProcessors);
    return plan.ok() ? "planned" : plan.error().message;
}

TEST(ModelPlan, StatesTheRangeOfEverySetting) {
    EXPECT_EQ(refusal({.max_batch = 2049}), "setting 'max_batch': 2049 is outside 0..2048");
    EXPECT_EQ(refusal({.threads = 1025}), "setting 'threads': 1025 is outside 0..1024");
    EXPECT_EQ(refusal({.requests = 65}), "setting 'requests': 65 is outside 0..64");
    EXPECT_EQ(refusal({.num_requests = -1}), "setting 'num_requests': -1 is outside 0..2048");
    EXPECT_EQ(refusal({.auto_batch_timeout = Duration{-1}}),
              "setting 'auto_batch_timeout': -1 is outside 0..9223372036854775807");
}

TEST(ModelPlan, RefusesProfilesThatAreNoneInWords) {
    EXPECT_EQ(refusal({.batch_profiles = {0, 2}}),
              "setting 'batch_profiles': 0 is outside 1..2048");
    EXPECT_EQ(refusal({.batch_profiles = {1, 2049}}),
              "setting 'batch_profiles': 2049 is outside 1..2048");
    EXPECT_EQ(refusal({.batch_profiles = {2, 4, 4}}),
              "setting 'batch_profiles': 4 after 4; sizes ascend, each once");
    std::vector<int> many(101);
    for (int i = 0; i < 101; ++i) many[static_cast<size_t>(i)] = i + 1;
    EXPECT_EQ(refusal({.batch_profiles = many}),
              "setting 'batch_profiles': 101 sizes; supported: at most 100");
    many.pop_back();
    EXPECT_EQ(planned({.batch_profiles = many}).max_batch, 100);
    EXPECT_EQ(planned({.batch_profiles = {8}}).max_batch, 8) << "one is enough";
}

TEST(ModelPlan, RefusesImageSizesThatAreNoneInWords) {
    EXPECT_EQ(refusal({.image_size_profiles = {{320, 0}}}),
              "setting 'image_size_profiles': 320x0 has a side outside 1..16384");
    EXPECT_EQ(refusal({.image_size_profiles = {{320, 240}, {640, 480}, {320, 240}}}),
              "setting 'image_size_profiles': 320x240 comes twice");
    EXPECT_EQ(refusal({.image_size_profiles = std::vector<ImageSize>(101, ImageSize{1, 1})}),
              "setting 'image_size_profiles': 101 sizes; supported: at most 100");
}

TEST(ModelPlan, RefusesSettingsThatExcludeEachOther) {
    EXPECT_EQ(refusal({.batch_profiles = {1, 2}, .image_size_profiles = {{320, 240}}}),
              "setting 'image_size_profiles': not together with 'batch_profiles'; max_batch bounds "
              "the batch");
    EXPECT_EQ(refusal({.max_batch = 8, .batch_profiles = {1, 16}}),
              "setting 'max_batch': 8 is not the largest of 'batch_profiles', 16; 0 follows them");
    EXPECT_EQ(refusal({.max_batch = 8, .strict_profiles = true}),
              "setting 'strict_profiles': no 'batch_profiles' to be strict about");
    EXPECT_EQ(refusal({.dynamic_batching = false, .batch_profiles = {1, 2}}),
              "setting 'dynamic_batching': false leaves no use for 'batch_profiles'");
    EXPECT_EQ(refusal({.device = "BATCH:CPU(8)", .max_batch = 4}),
              "setting 'max_batch': not together with device 'BATCH:CPU(8)', whose requests hold "
              "one row each");
}

TEST(ModelPlan, ReadsTheDeviceAndTheBatchOfItsName) {
    const ModelPlan plan = planned({.device = "BATCH:CPU(8)"});
    EXPECT_EQ(plan.device, "CPU");
    EXPECT_EQ(plan.auto_batch->batch, 8);
    EXPECT_TRUE(plan.auto_batch->asked);
    EXPECT_EQ(planned({.device = "BATCH:GPU.1"}).auto_batch->batch, kUsualAutoBatch);
    EXPECT_EQ(planned({.device = "BATCH:GPU.1"}).device, "GPU.1");
    EXPECT_EQ(planned({.device = "BATCH:GPU:H200 (PCIe)(4)"}).device, "GPU:H200 (PCIe)");
    EXPECT_FALSE(planned({.device = "BATCH:CPU(1)"}).auto_batch) << "one row is no batch";
}

TEST(ModelPlan, RefusesNamesOfBatchDevicesThatAreNone) {
    const std::string supported =
        "; supported: BATCH:DEVICE, and BATCH:DEVICE(N) for batches of up to N, 1 to 2048";
    EXPECT_EQ(refusal({.device = "BATCH:"}),
              "setting 'device': 'BATCH:' names no device" + supported);
    EXPECT_EQ(refusal({.device = "BATCH:(4)"}),
              "setting 'device': 'BATCH:(4)' names no device" + supported);
    EXPECT_EQ(refusal({.device = "BATCH:CPU(0)"}),
              "setting 'device': 'BATCH:CPU(0)' has no such batch: '0'" + supported);
    EXPECT_EQ(refusal({.device = "BATCH:CPU(4x)"}),
              "setting 'device': 'BATCH:CPU(4x)' has no such batch: '4x'" + supported);
    EXPECT_EQ(refusal({.device = "BATCH:CPU4)"}),
              "setting 'device': 'BATCH:CPU4)' closes no parenthesis" + supported);
    EXPECT_EQ(refusal({.device = "BATCH:BATCH:CPU"}),
              "setting 'device': 'BATCH:BATCH:CPU' batches twice" + supported);
}

TEST(ModelPlan, ThroughputBatchesByItselfOnAGpuAndUsesAllThreadsOfACpu) {
    const auto hint = PerformanceHint::kThroughput;
    const ModelPlan gpu = planned({.device = "GPU", .hint = hint});
    EXPECT_EQ(gpu.auto_batch->batch, kUsualAutoBatch);
    EXPECT_FALSE(gpu.auto_batch->asked);
    EXPECT_EQ(planned({.device = "GPU", .hint = hint, .num_requests = 4}).auto_batch->batch, 4);
    const ModelPlan cpu = planned({.hint = hint});
    EXPECT_FALSE(cpu.auto_batch);
    EXPECT_EQ(cpu.requests, kProcessors);
    EXPECT_EQ(cpu.threads, 1);
    EXPECT_EQ(planned({.threads = 2, .hint = hint}).requests, 1) << "what is given stays";
}

TEST(ModelPlan, LatencyAndARefusalLeaveRequestsAlone) {
    EXPECT_FALSE(planned({.device = "GPU", .hint = PerformanceHint::kLatency}).auto_batch);
    const ModelPlan off = planned(
        {.device = "GPU", .hint = PerformanceHint::kThroughput, .allow_auto_batching = false});
    EXPECT_FALSE(off.auto_batch);
    EXPECT_EQ(off.reason, "not batched: allow_auto_batching is false");
    const ModelPlan named = planned({.device = "BATCH:CPU(8)", .allow_auto_batching = false});
    EXPECT_EQ(named.device, "CPU");
    EXPECT_FALSE(named.auto_batch);
    const ModelPlan own =
        planned({.device = "GPU", .max_batch = 4, .hint = PerformanceHint::kThroughput});
    EXPECT_FALSE(own.auto_batch);
    EXPECT_EQ(own.reason, "not batched automatically: 'max_batch' is given");
}

CostTable costs(std::vector<CostTable::Point> points) {
    return CostTable(std::move(points));
}

TEST(BatchProfiles, TakeTheCheapestOfPaddedSplitAndTrueSize) {
    const auto ms = [](int n) { return Duration{n * 1'000'000}; };
    const std::vector<int> profiles{1, 4, 8};
    EXPECT_THAT(plan_parts({}, {}, 3), ElementsAre(RunPart{3, 3}));
    EXPECT_THAT(plan_parts(profiles, {}, 3), ElementsAre(RunPart{3, 4})) << "no costs known";
    EXPECT_THAT(plan_parts(profiles, {}, 4), ElementsAre(RunPart{4, 4}));
    const CostTable flat = costs({{1, ms(10)}, {4, ms(10)}, {8, ms(11)}});
    EXPECT_THAT(plan_parts(profiles, flat, 3), ElementsAre(RunPart{3, 4})) << "saves too little";
    const CostTable growing = costs({{1, ms(3)}, {4, ms(6)}, {8, ms(10)}});
    EXPECT_THAT(plan_parts(profiles, growing, 6), ElementsAre(RunPart{6, 6}));
    const CostTable steep = costs({{1, ms(1)}, {4, ms(4)}, {5, ms(30)}, {8, ms(40)}});
    EXPECT_THAT(plan_parts(profiles, steep, 5), ElementsAre(RunPart{4, 4}, RunPart{1, 1}));
}

}  // namespace
}  // namespace facet
