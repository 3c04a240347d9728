// SPDX-License-Identifier: MIT
// What a session promises, told by puppets in place of models.
#include "engine/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "engine/base/processors.h"
#include "tests/session/session_fixture.h"

namespace facet {
namespace {

using testing::checksum_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::item_of;
using testing::kSmall;
using testing::ManualClock;
using testing::open;
using testing::Puppet;
using testing::PuppetDevice;
using testing::ResultCollector;
using testing::SessionTest;
using testing::settings_for;
using testing::submit;

constexpr CropSpec kWide{.width = 12, .height = 5, .order = ColorOrder::kRgb};

struct Expected {
    std::map<std::string, uint32_t> checksums;  // by model
};

// One stream of random crops, each item's answer known beforehand.
void run_stream(Session& session, int stream, int count, std::vector<Expected>& expected,
                ResultCollector& collector) {
    std::mt19937 random(stream);
    const OwnerId owner = session.open_owner();
    std::vector<Item> burst;
    for (int i = 0; i < count; ++i) {
        const size_t number = static_cast<size_t>(stream) * count + i;
        Item item;
        item.owner = owner;
        item.crops = session.acquire_crops();
        for (size_t spec = 0; spec < session.crop_specs().size(); ++spec) {
            for (uint8_t& pixel : item.crops.pixels(spec)) pixel = static_cast<uint8_t>(random());
            const bool small = session.crop_specs()[spec] == kSmall;
            const uint32_t sum = testing::checksum(item.crops.pixels(spec));
            for (const char* model : small ? std::vector{"age", "sum"} : std::vector{"mood"})
                expected[number].checksums[model] = sum;
        }
        item.done = collector.done(number);
        burst.push_back(std::move(item));
        if (random() % 4 == 0) session.submit(std::exchange(burst, {}));
    }
    session.submit(std::move(burst));
    session.set_owner_state(owner, OwnerState::kDraining);
}

TEST(Session, LandsEveryResultOnItsOwnItem) {
    constexpr int kStreams = 6, kItemsEach = 1'000;
    const Puppet small(kSmall), wide(kWide);
    const PuppetDevice device({{"age", small}, {"mood", wide}, {"sum", small}});
    SessionSettings settings = settings_for({"age", "mood", "sum"}, 7, Duration{100'000});
    settings.requests = 3;
    const auto session = open(settings, steady_clock());
    ASSERT_THAT(session->crop_specs(), ElementsAre(kSmall, kWide));

    std::vector<Expected> expected(kStreams * kItemsEach);
    ResultCollector collector(expected.size());
    std::vector<std::thread> streams;
    for (int stream = 0; stream < kStreams; ++stream)
        streams.emplace_back(
            [&, stream] { run_stream(*session, stream, kItemsEach, expected, collector); });
    for (std::thread& stream : streams) stream.join();

    const std::vector<ItemResult> results = collector.wait_for_all();
    for (size_t number = 0; number < results.size(); ++number) {
        ASSERT_FALSE(results[number].error) << results[number].error->text();
        std::map<std::string, uint32_t> got;
        for (const Attribute& attribute : results[number].attributes)
            got[attribute.model_name] = static_cast<uint32_t>(*attribute.value);
        ASSERT_EQ(got, expected[number].checksums) << "item " << number;
        const Provenance& provenance = results[number].provenance;
        ASSERT_TRUE(provenance.batch_size >= 1 && provenance.batch_size <= 7);
        ASSERT_TRUE(provenance.owners >= 1 && provenance.owners <= provenance.batch_size);
    }
    EXPECT_TRUE(collector.each_once());
    EXPECT_EQ(session->counters().items, results.size());
    EXPECT_EQ(session->counters().failed_items + session->counters().cancelled_items, 0u);
}

TEST_F(SessionTest, KeepsItsThreadsToTheProcessorsAskedForAndLeavesTheOpenersAlone) {
    const std::vector<int> all = allowed_processors();
    if (all.empty()) GTEST_SKIP() << "the system does not tell";
    Mutex mutex;
    std::set<std::vector<int>> seen;
    puppet_.work_in_runs([&](int) {
        MutexLock lock(mutex);
        seen.insert(allowed_processors());
    });
    SessionSettings settings = settings_for({"sum"}, 4, Duration{0});
    settings.processors = {all.back()};
    settings.requests = 2;
    const auto session = open(settings, clock_);
    ASSERT_TRUE(session);
    EXPECT_EQ(allowed_processors(), all);
    const OwnerId owner = session->open_owner();
    ResultCollector collector(1);
    submit(*session, item_of(*session, owner, 1, collector.done(0)));
    EXPECT_FALSE(collector.wait_for_all()[0].error);
    EXPECT_THAT(seen, ElementsAre(std::vector<int>{all.back()})) << "warm-up and work";
    puppet_.work_in_runs({});
}

TEST_F(SessionTest, RunsItemsOfSeveralOwnersInOneBatchAndSaysSo) {
    const auto session = open(settings_for({"sum"}, 4, Duration{5'000'000}), clock_);
    const OwnerId first = session->open_owner(), second = session->open_owner();
    ResultCollector collector(3);
    submit(*session, item_of(*session, first, 1, collector.done(0)));
    clock_.advance(Duration{2'000'000});
    submit(*session, item_of(*session, second, 2, collector.done(1)));
    clock_.advance(Duration{1'000'000});
    submit(*session, item_of(*session, second, 3, collector.done(2)));
    clock_.wait_for_waiters(1);
    puppet_.block();
    clock_.advance(Duration{2'000'000});
    puppet_.wait_for_blocked(1);
    clock_.advance(Duration{700'000});
    puppet_.release();

    const std::vector<ItemResult> results = collector.wait_for_all();
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(3));
    for (const ItemResult& result : results) {
        EXPECT_EQ(result.provenance.device, "PUPPET");
        EXPECT_EQ(result.provenance.batch_id, 1u);
        EXPECT_EQ(result.provenance.batch_size, 3);
        EXPECT_EQ(result.provenance.owners, 2);
        EXPECT_EQ(result.provenance.infer_us, 700);
    }
    EXPECT_EQ(results[0].provenance.wait_us, 5000);
    EXPECT_EQ(results[1].provenance.wait_us, 3000);
    EXPECT_THAT(session->counters().batch_sizes, ElementsAre(0, 0, 0, 1, 0));
}

TEST_F(SessionTest, HonoursAnItemsDeadlineButNotBeyondTheTimeout) {
    const auto session = open(settings_for({"sum"}, 4, Duration{5'000}), clock_);
    const OwnerId owner = session->open_owner();
    ResultCollector collector(2);
    Item urgent = item_of(*session, owner, 1, collector.done(0));
    urgent.deadline = Time{2'000};
    submit(*session, std::move(urgent));
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{2'000});
    collector.wait_for(1);

    Item patient = item_of(*session, owner, 1, collector.done(1));
    patient.deadline = Time{90'000};
    submit(*session, std::move(patient));
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{5'000});
    EXPECT_EQ(collector.wait_for_all()[1].provenance.wait_us, 5);
}

TEST_F(SessionTest, IsolatesTheItemsThatFailABatch) {
    puppet_.fail_rows(
        [](std::span<const uint8_t> pixels) { return pixels[0] == 3 || pixels[0] == 6; });
    const auto session = open(settings_for({"sum"}, 7, Duration{5'000}), clock_);
    ResultCollector collector(7);
    submit_numbered(*session, session->open_owner(), collector, 7);
    const std::vector<ItemResult> results = collector.wait_for_all();
    for (uint8_t number = 1; number <= 7; ++number) {
        const ItemResult& result = results[number - 1];
        ASSERT_EQ(result.error.has_value(), number == 3 || number == 6) << int{number};
        EXPECT_EQ(result.provenance.batch_id, 1u);
        if (result.error) {
            EXPECT_EQ(result.error->code, ErrorCode::kDevice);
            EXPECT_THAT(result.error->message, HasSubstr("sum: the puppet fails"));
            EXPECT_EQ(result.provenance.batch_size, 1);
        } else {
            ASSERT_EQ(result.attributes.size(), 1u);
            EXPECT_EQ(*result.attributes[0].value, checksum_of(number, kSmall));
        }
    }
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(7, 3, 1, 2, 1, 1, 4, 2, 2, 1, 1));
    EXPECT_EQ(session->counters().failed_items, 2u);
    EXPECT_EQ(session->counters().batches, 1u);
    EXPECT_TRUE(collector.each_once());
}

TEST_F(SessionTest, DropsWhatAFailedModelLeftOfAnItemsResult) {
    Puppet broken(kWide);
    broken.fail_rows([](std::span<const uint8_t>) { return true; });
    const PuppetDevice device({{"sum", puppet_}, {"broken", broken}}, "PUPPET.broken");
    SessionSettings settings = settings_for({"sum", "broken"}, 2, Duration{5'000});
    settings.device = "PUPPET.broken";
    const auto session = open(settings, clock_);
    ResultCollector collector(2);
    submit_numbered(*session, session->open_owner(), collector, 2);
    for (const ItemResult& result : collector.wait_for_all()) {
        EXPECT_TRUE(result.error.has_value());
        EXPECT_TRUE(result.attributes.empty());
    }
}

TEST_F(SessionTest, CancelsWaitingItemsAndLetsRunningOnesReport) {
    puppet_.block();
    const auto session = open(settings_for({"sum"}, 2, Duration{5'000}), clock_);
    const OwnerId owner = session->open_owner();
    ResultCollector collector(5);
    submit_numbered(*session, owner, collector, 5);
    puppet_.wait_for_blocked(1);
    session->cancel(owner, 0);
    collector.wait_for(3);
    puppet_.release();
    const std::vector<ItemResult> results = collector.wait_for_all();
    for (size_t number = 0; number < 5; ++number) {
        ASSERT_EQ(results[number].error.has_value(), number >= 2);
        if (results[number].error) {
            EXPECT_EQ(results[number].error->code, ErrorCode::kCancelled);
        }
    }
    EXPECT_EQ(session->counters().cancelled_items, 3u);
    EXPECT_TRUE(collector.each_once());
}

TEST_F(SessionTest, CancelsWhatAClosedOwnerHasWaitingOrSubmitsLater) {
    const auto session = open(settings_for({"sum"}, 4, Duration{5'000}), clock_);
    const OwnerId closed = session->open_owner(), other = session->open_owner();
    ResultCollector collector(3);
    submit(*session, item_of(*session, closed, 1, collector.done(0)));
    submit(*session, item_of(*session, other, 2, collector.done(1)));
    session->close_owner(closed);
    submit(*session, item_of(*session, closed, 3, collector.done(2)));
    collector.wait_for(2);
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{5'000});
    const std::vector<ItemResult> results = collector.wait_for_all();
    EXPECT_EQ(results[0].error->code, ErrorCode::kCancelled);
    EXPECT_FALSE(results[1].error);
    EXPECT_EQ(results[2].error->code, ErrorCode::kCancelled);
}

TEST_F(SessionTest, CancelsWhatWaitsWhenDestroyedAndIsOutlivedByItsBuffers) {
    auto session = open(settings_for({"sum"}, 4, Duration{5'000}), clock_);
    ResultCollector collector(3);
    submit_numbered(*session, session->open_owner(), collector, 3);
    CropBuffer crops = session->acquire_crops();
    session.reset();
    ASSERT_EQ(collector.finished(), 3u);
    for (const ItemResult& result : collector.wait_for_all())
        EXPECT_EQ(result.error->code, ErrorCode::kCancelled);
    std::ranges::fill(crops.pixels(0), uint8_t{1});
}

TEST_F(SessionTest, SharesNothingWithAnotherSession) {
    const auto first = open(settings_for({"sum"}, 2, Duration{5'000}), clock_);
    const auto second = open(settings_for({"sum"}, 2, Duration{5'000}), clock_);
    const OwnerId owner = first->open_owner(), stranger = second->open_owner();
    EXPECT_NE(owner, stranger);
    ResultCollector collector(3);
    submit(*first, item_of(*first, owner, 1, collector.done(0)));
    submit(*second, item_of(*second, owner, 2, collector.done(1)));
    collector.wait_for(1);
    EXPECT_EQ(second->counters().cancelled_items, 1u);
    second->cancel(owner, 9);
    submit(*first, item_of(*first, owner, 3, collector.done(2)));
    const std::vector<ItemResult> results = collector.wait_for_all();
    EXPECT_FALSE(results[0].error);
    EXPECT_EQ(results[1].error->code, ErrorCode::kCancelled);
    EXPECT_EQ(results[2].provenance.batch_size, 2);
    EXPECT_EQ(second->counters().batches, 0u);
}

TEST_F(SessionTest, HoldsNoLockWhileItCallsBack) {
    const auto session = open(settings_for({"sum"}, 1, Duration{0}), clock_);
    const OwnerId owner = session->open_owner();
    ResultCollector collector(1);
    submit(*session, item_of(*session, owner, 1, [&](ItemResult) {
        session->cancel(session->open_owner(), 0);
        EXPECT_EQ(session->counters().batches, 1u);
        submit(*session, item_of(*session, owner, 2, collector.done(0)));
    }));
    EXPECT_EQ(*collector.wait_for_all()[0].attributes[0].value, checksum_of(2, kSmall));
}

TEST_F(SessionTest, HasTheCropsBackBeforeItReports) {
    const auto session = open(settings_for({"sum"}, 1, Duration{0}), clock_);
    ResultCollector collector(1);
    Item item = item_of(*session, session->open_owner(), 1, {});
    const uint8_t* const memory = item.crops.pixels(0).data();
    item.done = [&](ItemResult result) {
        EXPECT_EQ(session->acquire_crops().pixels(0).data(), memory);
        collector.done(0)(std::move(result));
    };
    submit(*session, std::move(item));
    collector.wait_for(1);
}

TEST_F(SessionTest, RefusesItemsWithoutItsCrops) {
    const auto session = open(settings_for({"sum"}, 1, Duration{0}), clock_);
    ResultCollector collector(1);
    Item item;
    item.owner = session->open_owner();
    item.done = collector.done(0);
    submit(*session, std::move(item));
    EXPECT_EQ(collector.wait_for_all()[0].error->code, ErrorCode::kInvalidArgument);
}

TEST_F(SessionTest, RunsOneRegionForACallerThatWaits) {
    const auto session = open(settings_for({"sum"}, 4, Duration{5'000}), clock_);
    const std::vector<uint8_t> gray(64 * 64, 200);
    ImageView image{.format = PixelFormat::kGray8, .width = 64, .height = 64};
    image.planes[0] = gray.data();
    image.strides[0] = 64;
    const Result<ItemResult> result =
        session->run(image, {.x = 8, .y = 8, .width = 30, .height = 30});
    ASSERT_TRUE(result.ok()) << result.error().text();
    EXPECT_EQ(*result->attributes[0].value, checksum_of(200, kSmall));

    const Result<ItemResult> outside =
        session->run(image, {.x = 80, .y = 80, .width = 30, .height = 30});
    ASSERT_FALSE(outside.ok());
    EXPECT_EQ(outside.error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SessionTest, ReturnsAnItemsErrorToACallerThatWaits) {
    puppet_.fail_rows([](std::span<const uint8_t>) { return true; });
    const auto session = open(settings_for({"sum"}, 4, Duration{5'000}), clock_);
    const std::vector<uint8_t> gray(16 * 16, 200);
    ImageView image{.format = PixelFormat::kGray8, .width = 16, .height = 16};
    image.planes[0] = gray.data();
    image.strides[0] = 16;
    const Result<ItemResult> result = session->run(image, {.width = 16, .height = 16});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kDevice);
}

TEST_F(SessionTest, RunsAProfileForFewerItemsAndCountsThePadding) {
    SessionSettings settings = settings_for({"sum"}, 8, Duration{5'000});
    settings.batch_profiles = {1, 4, 8};
    const auto session = open(settings, clock_);
    ResultCollector collector(3);
    submit_numbered(*session, session->open_owner(), collector, 3);
    clock_.wait_for_waiters(1);
    clock_.advance(Duration{7'000});
    const std::vector<ItemResult> results = collector.wait_for_all();
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(4));
    EXPECT_EQ(results[2].provenance.batch_size, 3);
    EXPECT_EQ(*results[2].attributes[0].value, checksum_of(3, kSmall));
    const SessionStats stats = session->stats();
    EXPECT_EQ(stats.padding_rows, 1u);
    EXPECT_EQ(stats.started_by[1], 1u) << SessionStats::kReasons[1];
    EXPECT_EQ(stats.deadline_misses, 3u) << "the clock went past the deadline";
    EXPECT_EQ(stats.wait_us.percentile(0.5), 7);
}

TEST_F(SessionTest, ShedsWhatCannotBeDoneInTimeSmallestFirstAndSaysSo) {
    // A clock that moves while it is measured: each reading takes a microsecond.
    class TickingClock final : public Clock {
      public:
        Time now() const override { return Time{1'000 * ++ticks_}; }
        void wait_until(CondVar& wake, Mutex& mutex, Time) override { wake.wait(mutex); }

      private:
        mutable std::atomic<int64_t> ticks_{0};
    } clock;
    const auto session = open(settings_for({"sum"}, 1, Duration{0}), clock);
    ASSERT_NE(session->costs(), "");
    const OwnerId owner = session->open_owner();
    session->set_owner_sheds(owner, true);
    ResultCollector collector(3);
    puppet_.block();
    submit(*session, item_of(*session, owner, 1, collector.done(0)));
    puppet_.wait_for_blocked(1);
    std::vector<Item> rest;
    for (const int number : {1, 2}) {
        rest.push_back(item_of(*session, owner, 2, collector.done(number)));
        rest.back().due = number == 1 ? Time{1} : kNever;
    }
    session->submit(std::move(rest));
    puppet_.release();
    const std::vector<ItemResult> results = collector.wait_for_all();
    EXPECT_EQ(results[1].error->code, ErrorCode::kOverload);
    EXPECT_FALSE(results[0].error || results[2].error);
    EXPECT_EQ(session->stats().owners.at(owner).shed, 1u);
    EXPECT_EQ(session->stats().shed, 1u);
}

TEST_F(SessionTest, DescribesEveryModel) {
    const auto session = open(settings_for({"sum"}, 1, Duration{0}), clock_);
    EXPECT_THAT(session->descriptions(), ElementsAre("sum on PUPPET: puppet"));
}

}  // namespace
}  // namespace facet
