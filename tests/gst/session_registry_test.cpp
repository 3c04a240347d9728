// SPDX-License-Identifier: MIT
// SessionRegistry: who shares a session with whom.
#include "gst/session_registry.h"

#include <gst/check/gsttestclock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/support/puppet_session.h"

namespace facet {
namespace {

SessionSettings settings(const std::string& model, int max_batch = 16) {
    SessionSettings result;
    result.models = {{model, ""}};
    result.max_batch = max_batch;
    return result;
}

struct Opened {
    std::atomic<int> count{0};
    SessionRegistry registry{
        [this](const SessionSettings& wanted, Clock&) -> Result<std::shared_ptr<Session>> {
            ++count;
            if (wanted.models.front().path == "broken.xml")
                return Error{ErrorCode::kCorrupt, "broken.xml: broken"};
            return std::shared_ptr<Session>(
                std::make_shared<testing::PuppetSession>(wanted, testing::PuppetMode::kAtOnce));
        }};
};

TEST(SessionRegistry, EqualSettingsShareOneSession) {
    Opened opened;
    const auto first = opened.registry.acquire("", settings("a.xml"));
    const auto second = opened.registry.acquire("", settings("a.xml"));
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(opened.count, 1);
}

TEST(SessionRegistry, OtherSettingsAreAnotherSession) {
    Opened opened;
    const auto first = opened.registry.acquire("", settings("a.xml", 8));
    const auto second = opened.registry.acquire("", settings("a.xml", 16));
    EXPECT_NE(*first, *second);
}

TEST(SessionRegistry, PipelinesOfTwoClocksNeverShare) {
    gst_init(nullptr, nullptr);
    Opened opened;
    const Ref<GstClock> clock = adopt(gst_test_clock_new());
    const auto first = opened.registry.acquire("", settings("a.xml"), clock.get());
    const auto same = opened.registry.acquire("", settings("a.xml"), clock.get());
    const auto other = opened.registry.acquire("", settings("a.xml"));
    EXPECT_EQ(*first, *same);
    EXPECT_NE(*first, *other);
}

TEST(SessionRegistry, DifferentNamesNeverShare) {
    Opened opened;
    const auto unnamed = opened.registry.acquire("", settings("a.xml"));
    const auto first = opened.registry.acquire("one", settings("a.xml"));
    const auto second = opened.registry.acquire("two", settings("a.xml"));
    EXPECT_NE(*unnamed, *first);
    EXPECT_NE(*first, *second);
}

TEST(SessionRegistry, ANameWithOtherSettingsIsAnErrorThatNamesTheProperty) {
    Opened opened;
    const auto first = opened.registry.acquire("faces", settings("a.xml", 8));
    const auto second = opened.registry.acquire("faces", settings("a.xml", 16));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(second.error().message.find("'faces'"), std::string::npos);
    EXPECT_NE(second.error().message.find("max-batch is 16 here, 8 there"), std::string::npos);
}

TEST(SessionRegistry, ASessionLivesNoLongerThanItsUsers) {
    Opened opened;
    auto first = opened.registry.acquire("faces", settings("a.xml", 8));
    const std::weak_ptr<Session> session = *first;
    *first = nullptr;
    EXPECT_TRUE(session.expired());
    // And its name is free again.
    EXPECT_TRUE(opened.registry.acquire("faces", settings("a.xml", 16)).ok());
}

TEST(SessionRegistry, AFailedOpeningIsTriedAgainByTheNext) {
    Opened opened;
    EXPECT_EQ(opened.registry.acquire("", settings("broken.xml")).error().code,
              ErrorCode::kCorrupt);
    EXPECT_FALSE(opened.registry.acquire("", settings("broken.xml")).ok());
    EXPECT_EQ(opened.count, 2);
}

TEST(SessionRegistry, EightThatStartTogetherOpenOnce) {
    constexpr int kThreads = 8;
    std::latch together(kThreads);
    std::atomic<int> count{0};
    SessionRegistry registry([&](const SessionSettings& wanted, Clock&) {
        ++count;
        std::this_thread::yield();
        return Result<std::shared_ptr<Session>>(
            std::make_shared<testing::PuppetSession>(wanted, testing::PuppetMode::kAtOnce));
    });
    std::vector<std::shared_ptr<Session>> sessions(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] {
            together.arrive_and_wait();
            sessions[i] = *registry.acquire("", settings("a.xml"));
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(count, 1);
    for (const auto& session : sessions) EXPECT_EQ(session, sessions[0]);
}

TEST(SessionRegistry, EverySettingHasAName) {
    const SessionSettings base = settings("a.xml");
    const auto named = [&](auto change) {
        SessionSettings other = base;
        change(other);
        return difference(other, base);
    };
    EXPECT_EQ(difference(base, base), "");
    EXPECT_EQ(named([](auto& s) { s.models[0].path = "b.xml"; }),
              "models is 'b.xml' here, 'a.xml' there");
    EXPECT_EQ(named([](auto& s) { s.models[0].info = "b.json"; }),
              "model-info is 'b.json' here, '' there");
    EXPECT_EQ(named([](auto& s) { s.device = "GPU"; }), "device is 'GPU' here, 'CPU' there");
    EXPECT_EQ(named([](auto& s) { s.timeout = std::chrono::microseconds(2500); }),
              "timeout is 2.5 ms here, 5 ms there");
    EXPECT_EQ(named([](auto& s) {
                  s.image_size = {64, 48};
              }),
              "image-size-profiles is 64x48 here, the model's own there");
    EXPECT_EQ(named([](auto& s) { s.requests = 2; }), "requests is 2 here, 0 there");
    EXPECT_EQ(named([](auto& s) { s.threads = 3; }), "threads is 3 here, 0 there");
    EXPECT_EQ(named([](auto& s) {
                  s.processors = {0, 1, 5};
              }),
              "processors is '0-1,5' here, '' there");
    EXPECT_EQ(named([](auto& s) { s.precision = Precision::kInt8; }),
              "precision is int8 here, auto there");
    EXPECT_EQ(named([](auto& s) { s.threshold = 0.5f; }),
              "threshold is 0.5 here, the model's own there");
}

}  // namespace
}  // namespace facet
