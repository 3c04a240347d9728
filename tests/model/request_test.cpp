// SPDX-License-Identifier: MIT
// What a request promises: its rows, its memory, its ways to run and to wait; told by a puppet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/model/puppet_model.h"
#include "tests/support/manual_clock.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using testing::fill_row;
using ::testing::HasSubstr;
using testing::ManualClock;
using testing::new_request;
using testing::Puppet;
using testing::puppet_model;
using testing::rows_out;
using testing::text_of;

class RequestTest : public ::testing::Test {
  protected:
    // A request with rows 1, 2, 3, ... in it.
    std::unique_ptr<Request> numbered(Model& model, int rows) {
        std::unique_ptr<Request> request = new_request(model);
        EXPECT_EQ(text_of(request->set_batch(rows)), "ok");
        for (int row = 0; row < rows; ++row) fill_row(*request, row, static_cast<uint8_t>(row + 1));
        return request;
    }

    ManualClock clock_;
    Puppet puppet_{{.width = 2, .height = 2}};
};

TEST_F(RequestTest, RunsAsManyRowsAsItWasToldAndNoMore) {
    const auto model = puppet_model(puppet_, {.max_batch = 8}, clock_);
    const auto request = numbered(*model, 3);
    EXPECT_EQ(request->input(0).shape, (Shape{3, 2, 2, 3}));
    EXPECT_EQ(text_of(request->infer()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(3));
    EXPECT_THAT(rows_out(*request), ElementsAre(1, 2, 3));
}

TEST_F(RequestTest, StartsAtTheLargestBatchAndMayChangeItBetweenInferences) {
    const auto model = puppet_model(puppet_, {.max_batch = 4}, clock_);
    const auto request = numbered(*model, 4);
    EXPECT_EQ(new_request(*model)->batch(), 4);
    for (const int rows : {4, 1, 3}) {
        ASSERT_EQ(text_of(request->set_batch(rows)), "ok");
        ASSERT_EQ(text_of(request->infer()), "ok");
    }
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(4, 1, 3));
}

TEST_F(RequestTest, KeepsItsMemoryWhateverTheBatch) {
    const auto model = puppet_model(puppet_, {.max_batch = 8}, clock_);
    const auto request = numbered(*model, 8);
    const void* const in = request->input(0).bytes;
    const void* const out = request->output(0).bytes;
    ASSERT_EQ(text_of(request->set_batch(2)), "ok");
    ASSERT_EQ(text_of(request->infer()), "ok");
    EXPECT_EQ(request->input(0).bytes, in);
    EXPECT_EQ(request->output(0).bytes, out);
}

TEST_F(RequestTest, RefusesABatchOutsideTheRangeAndStatesIt) {
    const auto model = puppet_model(puppet_, {.max_batch = 8}, clock_);
    const auto request = new_request(*model);
    EXPECT_EQ(text_of(request->set_batch(0)),
              "Invalid argument: batch of 0 rows; supported: 1 to 8");
    EXPECT_EQ(text_of(request->set_batch(9)),
              "Invalid argument: batch of 9 rows; supported: 1 to 8");
    EXPECT_EQ(request->batch(), 8) << "what was refused changes nothing";
}

TEST_F(RequestTest, RefusesAnotherBatchWhereDynamicBatchingIsNotEnabled) {
    const auto model = puppet_model(puppet_, {.max_batch = 8, .dynamic_batching = false}, clock_);
    const auto request = numbered(*model, 8);
    EXPECT_EQ(text_of(request->set_batch(3)),
              "Invalid argument: batch of 3 rows: dynamic batching is not enabled; supported: 8");
    EXPECT_EQ(text_of(request->infer()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(8));
}

TEST_F(RequestTest, RefusesABatchThatIsNoProfileInStrictMode) {
    const auto model =
        puppet_model(puppet_, {.batch_profiles = {1, 2, 4, 8}, .strict_profiles = true}, clock_);
    const auto request = new_request(*model);
    EXPECT_EQ(request->batch(), 8) << "unset is the largest profile";
    EXPECT_EQ(text_of(request->set_batch(3)),
              "Invalid argument: batch of 3 rows is no profile; supported: 1, 2, 4, 8");
    EXPECT_EQ(text_of(request->set_batch(2)), "ok");
}

TEST_F(RequestTest, PadsABatchBetweenProfilesAndShowsTheRowsAskedFor) {
    const auto model = puppet_model(puppet_, {.batch_profiles = {1, 4, 8}}, clock_);
    const auto request = numbered(*model, 3);
    ASSERT_EQ(text_of(request->infer()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(4));
    EXPECT_THAT(rows_out(*request), ElementsAre(1, 2, 3));
}

// Each run takes what the cost of its size says, by a clock that the run itself moves.
TEST_F(RequestTest, SplitsABatchOverProfilesWhereThatIsCheaperAndJoinsTheOutputs) {
    puppet_.work_in_runs(
        [this](int rows) { clock_.advance(std::chrono::milliseconds(rows <= 2 ? rows : 100)); });
    const auto model = puppet_model(puppet_, {.batch_profiles = {1, 2, 16}}, clock_);
    const auto request = numbered(*model, 5);
    ASSERT_EQ(text_of(request->infer()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(2, 2, 1));
    EXPECT_THAT(rows_out(*request), ElementsAre(1, 2, 3, 4, 5));
    EXPECT_EQ(request->input(0).as<uint8_t>()[0], 1) << "the inputs stay as they were";
    ASSERT_EQ(text_of(request->set_batch(2)), "ok");
    ASSERT_EQ(text_of(request->infer()), "ok");
    EXPECT_THAT(rows_out(*request), ElementsAre(1, 2));
}

TEST_F(RequestTest, RunsABatchBetweenProfilesAtItsOwnSizeWhereThatIsCheapest) {
    puppet_.work_in_runs([this](int rows) { clock_.advance(std::chrono::milliseconds(rows)); });
    const auto model = puppet_model(puppet_, {.batch_profiles = {4, 16}}, clock_);
    const auto request = numbered(*model, 9);
    ASSERT_EQ(text_of(request->infer()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(9));
}

TEST_F(RequestTest, RefusesAnImageSizeWhereNoneWasAskedFor) {
    const auto model = puppet_model(puppet_, {.max_batch = 2}, clock_);
    EXPECT_EQ(text_of(new_request(*model)->set_image_size({320, 240})),
              "Invalid argument: image size 320x240: the model was loaded without "
              "'image_size_profiles'");
}

TEST_F(RequestTest, RunsSeveralRequestsAtOnceAndEndsEachWithItsOwnRows) {
    const auto model = puppet_model(puppet_, {.max_batch = 4, .requests = 2}, clock_);
    puppet_.block();
    const auto one = numbered(*model, 1), two = numbered(*model, 2);
    ASSERT_EQ(text_of(one->start()), "ok");
    ASSERT_EQ(text_of(two->start()), "ok");
    puppet_.wait_for_blocked(2);
    puppet_.release();
    EXPECT_EQ(text_of(one->wait()), "ok");
    EXPECT_EQ(text_of(two->wait()), "ok");
    EXPECT_THAT(rows_out(*one), ElementsAre(1));
    EXPECT_THAT(rows_out(*two), ElementsAre(1, 2));
}

TEST_F(RequestTest, RefusesToStartWhatIsUnderWay) {
    const auto model = puppet_model(puppet_, {.max_batch = 2}, clock_);
    puppet_.block();
    const auto request = numbered(*model, 1);
    ASSERT_EQ(text_of(request->start()), "ok");
    puppet_.wait_for_blocked(1);
    for (const auto& again : {request->start(), request->infer()})
        EXPECT_EQ(text_of(again),
                  "Invalid argument: the request is under way; wait() for it, or use another one");
    puppet_.release();
    EXPECT_EQ(text_of(request->wait()), "ok");
}

TEST_F(RequestTest, WaitsNoLongerThanTheTimeoutByTheModelsClock) {
    const auto model = puppet_model(puppet_, {}, clock_);
    puppet_.block();
    const auto request = numbered(*model, 1);
    ASSERT_EQ(text_of(request->start()), "ok");
    puppet_.wait_for_blocked(1);
    EXPECT_FALSE(request->wait_for(Duration{0}).has_value());
    std::thread timer([this] {
        clock_.wait_for_waiters(1);
        clock_.advance(Duration{500});
    });
    EXPECT_FALSE(request->wait_for(Duration{500}).has_value());
    timer.join();
    puppet_.release();
    EXPECT_EQ(text_of(request->wait()), "ok");
    EXPECT_TRUE(request->wait_for(Duration{0}).has_value());
}

TEST_F(RequestTest, MayBeStartedAgainFromItsCallback) {
    const auto model = puppet_model(puppet_, {.max_batch = 2}, clock_);
    const auto request = numbered(*model, 1);
    std::atomic<int> runs{0};
    std::atomic<bool> last{false};
    const Request::Done again = [&](const Result<void>& result) {
        if (!result.ok() || ++runs == 50) {
            last = true;
            last.notify_all();
            return;
        }
        EXPECT_EQ(text_of(request->start(again)), "ok");
    };
    ASSERT_EQ(text_of(request->start(again)), "ok");
    last.wait(false);
    EXPECT_EQ(runs, 50);
}

TEST_F(RequestTest, WithdrawsWhatHasNotRunYet) {
    const auto model = puppet_model(puppet_, {.max_batch = 2}, clock_);
    puppet_.block();
    const auto running = numbered(*model, 1), waiting = numbered(*model, 2);
    ASSERT_EQ(text_of(running->start()), "ok");
    puppet_.wait_for_blocked(1);
    ASSERT_EQ(text_of(waiting->start()), "ok");
    waiting->cancel();
    EXPECT_EQ(text_of(waiting->wait()), "Cancelled: withdrawn before it ran");
    puppet_.release();
    EXPECT_EQ(text_of(running->wait()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(1));
    EXPECT_EQ(text_of(waiting->infer()), "ok") << "what was withdrawn may run again";
}

TEST_F(RequestTest, MayBeDestroyedWhileItRunsAndWhileItWaits) {
    const auto model = puppet_model(puppet_, {.max_batch = 2}, clock_);
    puppet_.block();
    std::atomic<int> ended{0};
    const auto count = [&](const Result<void>&) { ++ended; };
    auto running = numbered(*model, 1), waiting = numbered(*model, 1);
    ASSERT_EQ(text_of(running->start(count)), "ok");
    puppet_.wait_for_blocked(1);
    ASSERT_EQ(text_of(waiting->start(count)), "ok");
    waiting.reset();
    EXPECT_EQ(ended, 1);
    puppet_.release();
    running.reset();
    EXPECT_EQ(ended, 2);
}

TEST_F(RequestTest, TellsTheDevicesErrorAndForgetsItAtTheNextInference) {
    const auto model = puppet_model(puppet_, {.max_batch = 2}, clock_);
    const auto request = numbered(*model, 2);
    puppet_.fail_rows([](std::span<const uint8_t> pixels) { return pixels[0] == 2; });
    EXPECT_THAT(text_of(request->infer()), HasSubstr("the puppet fails on row 1"));
    fill_row(*request, 1, 7);
    EXPECT_EQ(text_of(request->infer()), "ok");
}

}  // namespace
}  // namespace facet
