// SPDX-License-Identifier: MIT
// AUTO with a real GPU device (PoCL's where there is no hardware) beside the CPU, and the GPU lost
// while it works. The OpenCL loader is behind tests/support/opencl_faults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "engine/backends/registry.h"
#include "engine/base/log.h"
#include "engine/session.h"
#include "tests/session/result_collector.h"
#include "tests/support/manual_clock.h"
#include "tests/support/opencl_faults.h"

namespace facet {
namespace {

namespace faults = testing::opencl_faults;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ManualClock;
using testing::ResultCollector;
using ::testing::SizeIs;

constexpr double kTolerance = 1e-4;  // of the GPU's sums against the CPU's

class AutoGpu : public ::testing::Test {
  protected:
    // Before devices are looked for: where PoCL is all there is, it is what is meant.
    static void SetUpTestSuite() { setenv("FACET_GPU", "portable computing", 1); }
    void SetUp() override {
        faults::recover();
        if (!find_backend("GPU").ok()) GTEST_SKIP() << find_backend("GPU").error().text();
        set_log_sink([this](LogLevel level, std::string_view message) {
            if (level != LogLevel::kWarning) return;
            MutexLock lock(mutex_);
            warnings_.emplace_back(message);
            warned_.notify_all();
        });
    }
    void TearDown() override {
        faults::recover();
        set_log_sink({});
    }

    [[nodiscard]] static SessionSettings settings(const std::string& device) {
        const char* directory = std::getenv("FACET_MODEL_INFO_PATH");
        const std::filesystem::path models = directory != nullptr ? directory : "pipelines/models";
        SessionSettings settings;
        settings.models = {{.path = models / "facet-attributes.onnx", .info = {}}};
        settings.info_directories = {models};
        settings.device = device;
        settings.max_batch = 4;
        settings.timeout = Duration{0};
        return settings;
    }
    // The results of `count` crops of noise, the same for every session.
    static std::vector<ItemResult> classify(Session& session, size_t count) {
        std::mt19937 random(5);
        ResultCollector collector(count);
        const OwnerId owner = session.open_owner();
        std::vector<Item> items;
        for (size_t number = 0; number < count; ++number) {
            Item item;
            item.owner = owner;
            item.crops = session.acquire_crops();
            for (uint8_t& pixel : item.crops.pixels(0)) pixel = static_cast<uint8_t>(random());
            item.done = collector.done(number);
            items.push_back(std::move(item));
        }
        session.submit(std::move(items));
        std::vector<ItemResult> results = collector.wait_for_all();
        EXPECT_TRUE(collector.each_once());
        session.close_owner(owner);
        return results;
    }
    static void expect_near(const std::vector<ItemResult>& results,
                            const std::vector<ItemResult>& expected) {
        ASSERT_EQ(results.size(), expected.size());
        for (size_t number = 0; number < results.size(); ++number) {
            ASSERT_FALSE(results[number].error) << results[number].error->text();
            const auto& got = results[number].attributes;
            const auto& wanted = expected[number].attributes;
            ASSERT_EQ(got.size(), wanted.size());
            for (size_t i = 0; i < got.size(); ++i) {
                EXPECT_EQ(got[i].name, wanted[i].name);
                if (wanted[i].value && got[i].value) {
                    EXPECT_NEAR(*got[i].value, *wanted[i].value,
                                kTolerance * std::max(1.0f, std::abs(*wanted[i].value)));
                }
                EXPECT_NEAR(got[i].confidence, wanted[i].confidence, kTolerance);
            }
        }
    }
    static std::vector<ItemResult> results_of_the_cpu(size_t count) {
        auto session = Session::open(settings("CPU"));
        if (!session) return ADD_FAILURE() << session.error().text(), std::vector<ItemResult>();
        return classify(**session, count);
    }
    // All there are, when there are `count` at least: the last result may be there before them.
    std::vector<std::string> take_warnings(size_t count) {
        MutexLock lock(mutex_);
        while (warnings_.size() < count) warned_.wait(mutex_);
        return std::exchange(warnings_, {});
    }

    ManualClock clock_;  // stands still: without costs the first free device takes a batch
    Mutex mutex_;        // guards all below
    CondVar warned_;
    std::vector<std::string> warnings_ FACET_GUARDED_BY(mutex_);
};

TEST_F(AutoGpu, AutoIsTheGpuThatWasAskedForAndTheCpu) {
    EXPECT_THAT(auto_devices(), ElementsAre("GPU", "CPU"));
    EXPECT_EQ((*find_backend("AUTO"))->name(), "GPU");
}

TEST_F(AutoGpu, CpuAndGpuShareOneQueueAndAgree) {
    const std::vector<ItemResult> expected = results_of_the_cpu(64);
    auto session = Session::open(settings("AUTO"));
    ASSERT_TRUE(session.ok()) << session.error().text();
    EXPECT_THAT((*session)->descriptions(), SizeIs(2));
    const std::vector<ItemResult> results = classify(**session, 64);
    expect_near(results, expected);
    for (const ItemResult& result : results)
        EXPECT_THAT(result.provenance.device, AnyOf("GPU", "CPU"));
    EXPECT_THAT(take_warnings(0), SizeIs(0));
}

TEST_F(AutoGpu, AGpuLostWithinABatchLosesNoCrop) {
    const std::vector<ItemResult> expected = results_of_the_cpu(12);
    uint64_t calls = 0;  // of a batch of four
    {
        auto session = Session::open(settings("AUTO:GPU,CPU"), clock_);
        ASSERT_TRUE(session.ok()) << session.error().text();
        faults::recover();
        EXPECT_EQ(classify(**session, 4)[0].provenance.device, "GPU");
        calls = faults::calls();
    }
    ASSERT_GT(calls, 4u);
    for (const uint64_t nth : {uint64_t{1}, uint64_t{2}, calls / 2, calls}) {
        SCOPED_TRACE("call " + std::to_string(nth) + " of " + std::to_string(calls));
        auto session = Session::open(settings("AUTO:GPU,CPU"), clock_);
        ASSERT_TRUE(session.ok()) << session.error().text();
        faults::fail_at(nth, faults::Fault::kLost);
        const std::vector<ItemResult> results = classify(**session, 12);
        EXPECT_GT(faults::failures(), 0u);
        faults::recover();
        expect_near(results, expected);
        const std::vector<std::string> warnings = take_warnings(1);
        ASSERT_THAT(warnings, SizeIs(1));
        EXPECT_THAT(warnings[0], HasSubstr("GPU is out of use"));
        EXPECT_THAT(warnings[0], HasSubstr("its work goes to CPU"));
        for (const ItemResult& result : classify(**session, 4))
            EXPECT_EQ(result.provenance.device, "CPU");
        session->reset();
        EXPECT_EQ(faults::live_objects(), "");
    }
}

TEST_F(AutoGpu, AGpuWithoutRoomForTheModelLeavesTheCpu) {
    faults::fail_at(12, faults::Fault::kLost);
    auto session = Session::open(settings("AUTO:GPU,CPU"), clock_);
    EXPECT_GT(faults::failures(), 0u);
    faults::recover();
    ASSERT_TRUE(session.ok()) << session.error().text();
    EXPECT_THAT((*session)->descriptions(), SizeIs(1));
    const std::vector<std::string> warnings = take_warnings(1);
    ASSERT_THAT(warnings, SizeIs(1));
    EXPECT_THAT(warnings[0], HasSubstr("GPU is not used: "));
    EXPECT_EQ(classify(**session, 4)[0].provenance.device, "CPU");
    EXPECT_EQ(faults::live_objects(), "");
}

TEST_F(AutoGpu, OnTheGpuAloneALostDeviceIsAnErrorOfEveryItem) {
    auto session = Session::open(settings("GPU"), clock_);
    ASSERT_TRUE(session.ok()) << session.error().text();
    faults::fail_at(3, faults::Fault::kLost);
    for (const ItemResult& result : classify(**session, 8)) {
        ASSERT_TRUE(result.error);
        EXPECT_THAT(result.error->text(), HasSubstr("cl"));
    }
    faults::recover();
    session->reset();
    EXPECT_EQ(faults::live_objects(), "");
}

}  // namespace
}  // namespace facet
