// SPDX-License-Identifier: MIT
// PipelineClock: the engine's waits and deadlines by a GstTestClock.
#include "gst/pipeline_clock.h"

#include <gst/check/gsttestclock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "tests/support/puppet_backend.h"

namespace facet {
namespace {

using std::chrono::milliseconds;

class PipelineClockTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

    GstTestClock* test_clock() const { return GST_TEST_CLOCK(source_.get()); }
    // Until something waits for a time, and returns that time.
    Time pending() const {
        GstClockID id = nullptr;
        gst_test_clock_wait_for_next_pending_id(test_clock(), &id);
        const Time time(gst_clock_id_get_time(id));
        gst_clock_id_unref(id);
        return time;
    }
    void reach(Time time) const {
        gst_test_clock_set_time(test_clock(), static_cast<GstClockTime>(time.count()));
        GstClockID id = gst_test_clock_process_next_clock_id(test_clock());
        if (id != nullptr) gst_clock_id_unref(id);
    }

    const Ref<GstClock> source_ = adopt(gst_test_clock_new());
    PipelineClock clock_{source_.get()};
};

TEST_F(PipelineClockTest, AWaitEndsWhenTheClockIsThere) {
    Mutex mutex;
    CondVar wake;
    const Time deadline = clock_.now() + milliseconds(5);
    std::thread waiter([&] {
        MutexLock lock(mutex);
        while (clock_.now() < deadline) clock_.wait_until(wake, mutex, deadline);
    });
    EXPECT_EQ(pending(), deadline);
    reach(deadline);
    waiter.join();
}

TEST_F(PipelineClockTest, ANotificationEndsTheWaitAndLeavesNothingPending) {
    Mutex mutex;
    CondVar wake;
    bool notified = false;
    std::thread waiter([&] {
        MutexLock lock(mutex);
        while (!notified) clock_.wait_until(wake, mutex, clock_.now() + milliseconds(5));
    });
    pending();
    {
        MutexLock lock(mutex);
        notified = true;
        wake.notify_all();
    }
    waiter.join();
    EXPECT_EQ(gst_test_clock_peek_id_count(test_clock()), 0u);
}

TEST_F(PipelineClockTest, ABatchStartsWhenThePipelinesTimeSaysSo) {
    const testing::PuppetDevice device({{"faces", testing::Puppet()}});
    SessionSettings settings;
    settings.models = {{"faces", ""}};
    settings.device = "PUPPET";
    settings.timeout = milliseconds(7);
    auto opened = Session::open(settings, clock_);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    Session& session = **opened;
    std::promise<ItemResult> result;
    std::vector<Item> items(1);
    items[0].owner = session.open_owner();
    items[0].crops = session.acquire_crops();
    items[0].done = [&](ItemResult told) { result.set_value(std::move(told)); };
    items[0].crops.pixels(0)[0] = 9;
    const Time submitted = clock_.now();
    session.submit(std::move(items));
    auto future = result.get_future();
    const Time deadline = pending();
    EXPECT_LE(deadline, submitted + milliseconds(7));
    EXPECT_EQ(future.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    reach(deadline);
    const ItemResult told = future.get();
    EXPECT_FALSE(told.error);
    EXPECT_EQ(told.provenance.wait_us * 1000, (deadline - submitted).count());
}

}  // namespace
}  // namespace facet
