// SPDX-License-Identifier: MIT
// Automatic batching: requests of one row that run together, by a clock that stands still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/model/puppet_model.h"
#include "tests/support/manual_clock.h"

namespace facet {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::fill_row;
using ::testing::HasSubstr;
using testing::ManualClock;
using testing::new_request;
using testing::Puppet;
using testing::puppet_model;
using testing::rows_out;
using testing::text_of;

class AutoBatchTest : public ::testing::Test {
  protected:
    // Requests 0..count-1; the nth holds n + 1.
    std::vector<std::unique_ptr<Request>> numbered(Model& model, int count) {
        std::vector<std::unique_ptr<Request>> requests;
        for (int i = 0; i < count; ++i) {
            requests.push_back(new_request(model));
            fill_row(*requests.back(), 0, static_cast<uint8_t>(i + 1));
        }
        return requests;
    }
    void start(std::vector<std::unique_ptr<Request>>& requests, size_t first, size_t count) {
        for (size_t i = first; i < first + count; ++i)
            ASSERT_EQ(text_of(requests[i]->start()), "ok");
    }

    ManualClock clock_;
    Puppet puppet_{{.width = 2, .height = 2}};
};

TEST_F(AutoBatchTest, RunsAFullBatchAtOnceAndGivesEachRequestItsRow) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(4)"}, clock_);
    auto requests = numbered(*model, 6);
    start(requests, 0, 4);
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(text_of(requests[i]->wait()), "ok");
        EXPECT_THAT(rows_out(*requests[i]), ElementsAre(static_cast<float>(i + 1)));
    }
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(4));
}

TEST_F(AutoBatchTest, WaitsASecondFromTheOldestRequestAndRunsOneBatchOfTheTrueSize) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(8)"}, clock_);
    auto requests = numbered(*model, 8);
    start(requests, 0, 1);
    clock_.wait_for_waiters(1);
    clock_.advance(milliseconds(600));
    start(requests, 1, 2);
    clock_.advance(milliseconds(399));
    EXPECT_FALSE(requests[0]->wait_for(Duration{0}).has_value());
    clock_.wait_for_waiters(1);
    clock_.advance(milliseconds(1));
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(text_of(requests[i]->wait()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(3));
}

TEST_F(AutoBatchTest, StartsWhatIsThereWithATimeoutOfZero) {
    const auto model = puppet_model(
        puppet_, {.device = "BATCH:CPU(8)", .auto_batch_timeout = Duration{0}}, clock_);
    auto requests = numbered(*model, 4);
    EXPECT_EQ(text_of(requests[0]->infer()), "ok");
    puppet_.block();
    start(requests, 0, 1);
    puppet_.wait_for_blocked(1);
    start(requests, 1, 3);
    puppet_.release();
    for (const auto& request : requests) EXPECT_EQ(text_of(request->wait()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(1, 1, 3));
}

TEST_F(AutoBatchTest, DoesNotWaitForRequestsThatCannotCome) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(8)"}, clock_);
    auto requests = numbered(*model, 2);
    start(requests, 0, 2);
    for (const auto& request : requests) EXPECT_EQ(text_of(request->wait()), "ok");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre(2));
}

TEST_F(AutoBatchTest, BatchesPlainLoopsOfSeveralThreads) {
    constexpr int kThreads = 3, kRounds = 20;
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(3)"}, clock_);
    auto requests = numbered(*model, kThreads);
    std::vector<std::thread> threads;
    for (std::unique_ptr<Request>& request : requests)
        threads.emplace_back([&request] {
            for (int round = 0; round < kRounds; ++round)
                EXPECT_EQ(text_of(request->infer()), "ok");
            request.reset();  // nobody waits for it any more
        });
    for (std::thread& thread : threads) thread.join();
    int rows = 0;
    for (const int batch : puppet_.batch_sizes()) rows += batch;
    EXPECT_EQ(rows, kThreads * kRounds);
}

TEST_F(AutoBatchTest, PinsNoRequestToAWorker) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(2)", .requests = 2}, clock_);
    auto requests = numbered(*model, 4);
    puppet_.block();
    start(requests, 0, 2);
    puppet_.wait_for_blocked(1);
    start(requests, 2, 2);
    puppet_.wait_for_blocked(2);
    puppet_.release();
    for (const auto& request : requests) EXPECT_EQ(text_of(request->wait()), "ok");
    // Other pairs than before.
    for (const size_t i : {0, 3, 1, 2}) ASSERT_EQ(text_of(requests[i]->start()), "ok");
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(text_of(requests[i]->wait()), "ok");
        EXPECT_THAT(rows_out(*requests[i]), ElementsAre(static_cast<float>(i + 1)));
    }
}

TEST_F(AutoBatchTest, GivesAnErrorToItsRequestAloneAndForgetsItAtTheNextInference) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(4)"}, clock_);
    auto requests = numbered(*model, 4);
    puppet_.fail_rows([](std::span<const uint8_t> pixels) { return pixels[0] == 3; });
    start(requests, 0, 4);
    for (size_t i = 0; i < 4; ++i)
        EXPECT_THAT(text_of(requests[i]->wait()), HasSubstr(i == 2 ? "the puppet fails" : "ok"));
    puppet_.fail_rows(nullptr);
    start(requests, 0, 4);
    for (size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(text_of(requests[i]->wait()), "ok");
        EXPECT_THAT(rows_out(*requests[i]), ElementsAre(static_cast<float>(i + 1)));
    }
}

TEST_F(AutoBatchTest, RefusesAnyOtherBatchThanOne) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(4)"}, clock_);
    const auto request = new_request(*model);
    EXPECT_EQ(text_of(request->set_batch(1)), "ok");
    EXPECT_EQ(text_of(request->set_batch(2)),
              "Invalid argument: batch of 2 rows; supported: 1, since the device batches requests "
              "by itself");
    EXPECT_EQ(text_of(request->set_image_size({4, 4})),
              "Invalid argument: image size 4x4: the model was loaded without "
              "'image_size_profiles'");
}

TEST_F(AutoBatchTest, WithdrawsRequestsThatAreDestroyedWhileTheyWait) {
    const auto model = puppet_model(puppet_, {.device = "BATCH:CPU(4)"}, clock_);
    auto requests = numbered(*model, 3);
    start(requests, 0, 2);
    requests[0].reset();
    requests[1]->cancel();
    EXPECT_EQ(text_of(requests[1]->wait()), "Cancelled: withdrawn before it ran");
    EXPECT_THAT(puppet_.batch_sizes(), ElementsAre());
}

TEST_F(AutoBatchTest, SaysWhatKeepsItBusy) {
    const auto model =
        puppet_model(puppet_, {.device = "BATCH:CPU(8)", .requests = 2, .num_requests = 6}, clock_);
    EXPECT_EQ(model->max_batch(), 1);
    EXPECT_EQ(model->optimal_batch_size(), 6) << "num_requests bounds the batch";
    EXPECT_EQ(model->optimal_number_of_infer_requests(), 18);
    EXPECT_THAT(model->description(), HasSubstr("num_requests leaves batches of up to 6"));
    const auto plain = puppet_model(puppet_, {.max_batch = 4, .requests = 3}, clock_);
    EXPECT_EQ(plain->optimal_batch_size(), 4);
    EXPECT_EQ(plain->optimal_number_of_infer_requests(), 3);
}

}  // namespace
}  // namespace facet
