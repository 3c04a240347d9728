// SPDX-License-Identifier: MIT
// Sessions on several devices at once, told by puppets of unlike speed.
#include "engine/session/auto_devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <thread>

#include "engine/base/log.h"
#include "engine/session.h"
#include "tests/session/result_collector.h"
#include "tests/support/manual_clock.h"
#include "tests/support/puppet_backend.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::ManualClock;
using testing::Puppet;
using testing::PuppetDevice;
using testing::ResultCollector;
using ::testing::SizeIs;

TEST(AutoDevices, AListNamesThemInOrder) {
    EXPECT_THAT(*devices_of("CPU"), ElementsAre("CPU"));
    EXPECT_THAT(*devices_of("AUTO:GPU.1,CPU"), ElementsAre("GPU.1", "CPU"));
    EXPECT_THAT(*devices_of("AUTO:GPU:H200"), ElementsAre("GPU:H200"));
    EXPECT_EQ(devices_of("AUTO")->back(), "CPU");
}

TEST(AutoDevices, AListWithAFaultIsRefused) {
    for (const char* device : {"AUTO:", "AUTO:CPU,", "AUTO:,CPU", "AUTO:CPU,CPU", "AUTO:AUTO"}) {
        const auto names = devices_of(device);
        ASSERT_FALSE(names.ok()) << device;
        EXPECT_THAT(names.error().message, HasSubstr("setting 'device': '" + std::string(device)));
    }
}

class AutoSession : public ::testing::Test {
  protected:
    AutoSession() {
        set_log_sink([this](LogLevel level, std::string_view message) {
            if (level != LogLevel::kWarning) return;
            MutexLock lock(mutex_);
            warnings_.emplace_back(message);
            warned_.notify_all();
        });
    }
    ~AutoSession() override { set_log_sink({}); }

    [[nodiscard]] static SessionSettings settings(const std::string& device, int max_batch) {
        SessionSettings settings;
        settings.models = {{.path = "sum", .info = {}}};
        settings.device = device;
        settings.max_batch = max_batch;
        settings.timeout = Duration{0};
        return settings;
    }
    // Items `first`.. `first + count - 1`, filled with their number.
    static void submit(Session& session, OwnerId owner, ResultCollector& collector, int first,
                       int count) {
        std::vector<Item> items;
        for (int number = first; number < first + count; ++number) {
            Item item;
            item.owner = owner;
            item.crops = session.acquire_crops();
            std::ranges::fill(item.crops.pixels(0), static_cast<uint8_t>(number % 250 + 1));
            item.done = collector.done(static_cast<size_t>(number));
            items.push_back(std::move(item));
        }
        session.submit(std::move(items));
    }
    // All there are, when there are `count` at least: the last result may be there before them.
    [[nodiscard]] std::vector<std::string> warnings(size_t count) {
        MutexLock lock(mutex_);
        while (warnings_.size() < count) warned_.wait(mutex_);
        return warnings_;
    }

    ManualClock clock_;
    Puppet fast_, slow_;
    PuppetDevice fast_device_{{{"sum", fast_}}, "FAST"}, slow_device_{{{"sum", slow_}}, "SLOW"};
    Mutex mutex_;  // guards all below
    CondVar warned_;
    std::vector<std::string> warnings_ FACET_GUARDED_BY(mutex_);
};

TEST_F(AutoSession, AResultNamesTheDeviceThatRanIt) {
    auto session = Session::open(settings("AUTO:FAST,SLOW", 2), clock_);
    ASSERT_TRUE(session.ok()) << session.error().text();
    EXPECT_THAT((*session)->descriptions(),
                ElementsAre(HasSubstr("on FAST"), HasSubstr("on SLOW")));
    ResultCollector collector(4);
    const OwnerId owner = (*session)->open_owner();
    fast_.block();
    submit(**session, owner, collector, 0, 2);
    fast_.wait_for_blocked(1);
    submit(**session, owner, collector, 2, 2);
    collector.wait_for(2);
    fast_.release();
    const std::vector<ItemResult> results = collector.wait_for_all();
    EXPECT_EQ(results[0].provenance.device, "FAST");
    EXPECT_EQ(results[1].provenance.device, "FAST");
    EXPECT_EQ(results[2].provenance.device, "SLOW");
    EXPECT_EQ(results[3].provenance.device, "SLOW");
    EXPECT_EQ(results[3].provenance.batch_size, 2);
    EXPECT_THAT(warnings(0), SizeIs(0));
}

TEST_F(AutoSession, ALostDeviceLosesNoItemAndIsSpokenOfOnce) {
    SessionSettings two_requests = settings("AUTO:FAST,SLOW", 2);
    two_requests.requests = 2;
    auto session = Session::open(two_requests, clock_);
    ASSERT_TRUE(session.ok()) << session.error().text();
    ResultCollector collector(20);
    const OwnerId owner = (*session)->open_owner();
    fast_.block();
    submit(**session, owner, collector, 0, 4);
    fast_.wait_for_blocked(2);
    fast_.fail_rows([](std::span<const uint8_t>) { return true; });
    fast_.release();
    submit(**session, owner, collector, 4, 16);
    for (const ItemResult& result : collector.wait_for_all()) {
        EXPECT_FALSE(result.error.has_value()) << result.error->text();
        EXPECT_EQ(result.provenance.device, "SLOW");
        EXPECT_THAT(result.attributes, SizeIs(1));
    }
    EXPECT_TRUE(collector.each_once());
    ASSERT_THAT(warnings(1), SizeIs(1));
    EXPECT_THAT(warnings(1)[0], HasSubstr("FAST is out of use"));
    EXPECT_THAT(warnings(1)[0], HasSubstr("goes to SLOW"));
    EXPECT_EQ((*session)->counters().failed_items, 0u);
    EXPECT_EQ((*session)->counters().items, 20u);
}

TEST_F(AutoSession, OnTheLastDeviceACropAtFaultFailsAlone) {
    auto session = Session::open(settings("AUTO:FAST,SLOW", 4), clock_);
    ASSERT_TRUE(session.ok()) << session.error().text();
    const auto third = [](std::span<const uint8_t> pixels) { return pixels[0] == 3; };
    fast_.fail_rows(third);
    slow_.fail_rows(third);
    ResultCollector collector(4);
    submit(**session, (*session)->open_owner(), collector, 0, 4);
    const std::vector<ItemResult> results = collector.wait_for_all();
    for (size_t number = 0; number < 4; ++number)
        EXPECT_EQ(results[number].error.has_value(), number == 2) << number;
    EXPECT_EQ((*session)->counters().failed_items, 1u);
}

TEST_F(AutoSession, ADeviceThatCannotLoadIsLeftOutAndSaidSo) {
    const PuppetDevice broken({}, "BROKEN");
    auto session = Session::open(settings("AUTO:BROKEN,SLOW", 2), clock_);
    ASSERT_TRUE(session.ok()) << session.error().text();
    EXPECT_THAT((*session)->descriptions(), ElementsAre(HasSubstr("on SLOW")));
    ASSERT_THAT(warnings(1), SizeIs(1));
    EXPECT_THAT(warnings(1)[0], HasSubstr("BROKEN is not used: Not found: sum"));
    ResultCollector collector(1);
    submit(**session, (*session)->open_owner(), collector, 0, 1);
    EXPECT_EQ(collector.wait_for_all()[0].provenance.device, "SLOW");
}

TEST_F(AutoSession, WithoutADeviceThatLoadsThereIsAnErrorAndNoWarning) {
    const PuppetDevice broken({}, "BROKEN"), other({}, "OTHER");
    EXPECT_FALSE(Session::open(settings("AUTO:BROKEN,OTHER", 2), clock_).ok());
    EXPECT_THAT(warnings(0), SizeIs(0));
}

// With the machine's clock there are measured costs, and so predictions.
TEST_F(AutoSession, UnlikeDevicesShareALoadAndEveryResultIsItsCrops) {
    const auto spin = [](Duration cost) {
        return [cost](int rows) {
            const Time end = steady_clock().now() + cost * rows;
            while (steady_clock().now() < end) std::this_thread::yield();
        };
    };
    fast_.work_in_runs(spin(Duration{20'000}));
    slow_.work_in_runs(spin(Duration{60'000}));
    auto session = Session::open(settings("AUTO:FAST,SLOW", 8), steady_clock());
    ASSERT_TRUE(session.ok()) << session.error().text();
    constexpr int kItems = 1200;
    ResultCollector collector(kItems);
    const OwnerId owner = (*session)->open_owner();
    for (int first = 0; first < kItems; first += 24) submit(**session, owner, collector, first, 24);
    std::map<std::string, int> by_device;
    const std::vector<ItemResult> results = collector.wait_for_all();
    for (int number = 0; number < kItems; ++number) {
        const std::vector<uint8_t> pixels((*session)->crop_specs()[0].byte_size(),
                                          static_cast<uint8_t>(number % 250 + 1));
        ASSERT_THAT(results[number].attributes, SizeIs(1)) << number;
        EXPECT_EQ(results[number].attributes[0].value, testing::checksum(pixels)) << number;
        ++by_device[results[number].provenance.device];
    }
    EXPECT_TRUE(collector.each_once());
    // How many each gets depends on the machine, too; device_choice_test.cpp has the rule.
    EXPECT_GT(by_device["FAST"], 0);
    EXPECT_GT(by_device["SLOW"], 0) << "nothing spilled over";
}

}  // namespace
}  // namespace facet
