// SPDX-License-Identifier: MIT
// What a session says of settings it cannot take, and what it makes of devices and traces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "engine/base/log.h"
#include "tests/session/session_fixture.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::item_of;
using testing::open;
using testing::PuppetDevice;
using testing::ResultCollector;
using testing::SessionTest;
using testing::settings_for;
using testing::submit;

TEST_F(SessionTest, NamesTheSettingThatIsOutOfRange) {
    const auto refusal = [](auto change) {
        SessionSettings settings = settings_for({"sum"}, 4, Duration{0});
        change(settings);
        const Result<std::shared_ptr<Session>> session = Session::open(settings);
        return session.ok() ? std::string("opened") : session.error().text();
    };
    EXPECT_THAT(refusal([](SessionSettings& s) { s.models.clear(); }), HasSubstr("'models'"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.max_batch = -1; }),
                HasSubstr("'max_batch': -1 is outside 0..2048"));
    EXPECT_THAT(refusal([](SessionSettings& s) {
                    s.batch_profiles = {2, 4, 4};
                }),
                HasSubstr("'batch_profiles': 4 after 4; sizes ascend, each once"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.max_batch = 2049; }), HasSubstr("'max_batch'"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.timeout = Duration{-1}; }),
                HasSubstr("'timeout'"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.requests = 65; }), HasSubstr("'requests'"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.threads = -1; }), HasSubstr("'threads'"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.processors = {1021}; }),
                HasSubstr("'processors': no processor 1021"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.threshold = 1.5f; }), HasSubstr("'threshold'"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.models[0].path = "nobody"; }),
                HasSubstr("nobody"));
    EXPECT_THAT(refusal([](SessionSettings& s) { s.device = "ABACUS"; }), HasSubstr("'device'"));
    EXPECT_EQ(refusal([](SessionSettings&) {}), "opened");
}

TEST_F(SessionTest, RefusesATraceThatCannotBeWritten) {
    SessionSettings settings = settings_for({"sum"}, 1, Duration{0});
    settings.trace_path = "/no/such/folder/trace";
    const auto session = Session::open(settings, clock_);
    ASSERT_FALSE(session.ok());
    EXPECT_THAT(session.error().text(), HasSubstr("'trace_path': /no/such/folder/trace: "));
}

TEST_F(SessionTest, WarnsOnceOfATraceThatIsCutOffAndGoesOn) {
    std::vector<std::string> warnings;
    std::mutex mutex;  // guards warnings
    set_log_sink([&](LogLevel level, std::string_view message) {
        const std::lock_guard lock(mutex);
        if (level == LogLevel::kWarning) warnings.emplace_back(message);
    });
    SessionSettings settings = settings_for({"sum"}, 1, Duration{0});
    settings.trace_path = "/dev/full";
    {
        const auto session = open(settings, clock_);
        constexpr int kItems = 500;  // of more lines than a buffer holds
        ResultCollector collector(kItems);
        const OwnerId owner = session->open_owner();
        for (int i = 0; i < kItems; ++i)
            submit(*session, item_of(*session, owner, 1, collector.done(i)));
        for (const ItemResult& result : collector.wait_for_all()) EXPECT_FALSE(result.error);
    }
    set_log_sink({});
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_THAT(warnings[0], HasSubstr("'trace_path': /dev/full: No space left on device"));
}

TEST_F(SessionTest, ForgetsADevicesLoaderWithIt) {
    { const PuppetDevice fleeting({{"sum", puppet_}}, "PUPPET.fleeting"); }
    SessionSettings settings = settings_for({"sum"}, 1, Duration{0});
    settings.device = "PUPPET.fleeting";
    EXPECT_FALSE(Session::open(settings).ok());
}

TEST_F(SessionTest, TakesABatchDeviceForItsDeviceWithThatLargestBatch) {
    SessionSettings settings = settings_for({"sum"}, 2, Duration{5'000});
    settings.device = "BATCH:PUPPET(3)";
    const auto session = open(settings, clock_);
    EXPECT_EQ(session->limits().max_batch, 3);
    ResultCollector collector(3);
    submit_numbered(*session, session->open_owner(), collector, 3);
    EXPECT_EQ(collector.wait_for_all()[2].provenance.device, "PUPPET");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(3));
    settings.device = "BATCH:PUPPET";
    EXPECT_EQ(open(settings, clock_)->limits().max_batch, 2) << "as asked for";
    settings.device = "BATCH:PUPPET(0)";
    EXPECT_THAT(Session::open(settings).error().text(),
                HasSubstr("setting 'device': 'BATCH:PUPPET(0)' has no such batch: '0'"));
}

}  // namespace
}  // namespace facet
