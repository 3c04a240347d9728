// SPDX-License-Identifier: MIT
// A recorded life of a queue is read back and lived again.
#include "engine/batching/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/batching/batcher.h"
#include "tests/support/manual_clock.h"

namespace facet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TakesTimeRunner final : public BatchRunner {
  public:
    explicit TakesTimeRunner(testing::ManualClock& clock) : clock_(clock) {}
    void run(Batch batch, int) override {
        const int rows = static_cast<int>(batch.run_size);
        clock_.advance(Duration{10 + 3 * rows});
        batcher->observe(rows, Duration{10 + 3 * rows});
        count(-static_cast<int>(batch.items.size()));
    }
    void discard(std::vector<std::unique_ptr<BatchItem>> items, DiscardReason) override {
        count(-static_cast<int>(items.size()));
    }
    // Says how many are to come; waits until there is room for them.
    void expect(int items) {
        MutexLock lock(mutex_);
        while (under_way_ > 30) changed_.wait(mutex_);
        under_way_ += items;
    }

    Batcher* batcher = nullptr;  // set before the first push

  private:
    void count(int items) {
        MutexLock lock(mutex_);
        under_way_ += items;
        changed_.notify_all();
    }

    testing::ManualClock& clock_;
    Mutex mutex_;  // guards all below
    CondVar changed_;
    int under_way_ FACET_GUARDED_BY(mutex_) = 0;
};

void live(Batcher& batcher, TakesTimeRunner& runner, testing::ManualClock& clock, unsigned seed) {
    std::mt19937 random(seed);
    OwnerId owner = batcher.open_owner();
    batcher.set_owner_sheds(owner, seed % 2 == 1);
    batcher.set_owner_weight(owner, 0.3 + seed);
    for (uint32_t step = 0; step < 400; ++step) {
        std::vector<std::unique_ptr<BatchItem>> frame(1 + random() % 5);
        for (std::unique_ptr<BatchItem>& item : frame) {
            item = std::make_unique<BatchItem>();
            item->owner = owner;
            item->generation = step;
            item->filler = random() % 5 == 0;
            item->value = 0.1 * static_cast<double>(random() % 10);
            if (random() % 3 == 0) item->due = clock.now() + Duration{random() % 300};
        }
        runner.expect(static_cast<int>(frame.size()));
        batcher.push(std::move(frame));
        const unsigned dice = random() % 16;
        if (dice < 3) batcher.set_owner_state(owner, static_cast<OwnerState>(dice));
        if (dice == 3) batcher.cancel(owner, step);
        if (dice == 4) {
            batcher.close_owner(owner);
            owner = batcher.open_owner();
        }
        if (dice > 8) clock.advance(Duration{random() % 40});
    }
}

std::string record() {
    std::string text;
    testing::ManualClock clock;
    TakesTimeRunner runner(clock);
    Batcher batcher({.max_batch = 6,
                     .timeout = Duration{50},
                     .latency_budget = Duration{200},
                     .margin = Duration{2},
                     .slots = 2},
                    clock, runner,
                    {.costs = CostTable({{1, Duration{13}}, {6, Duration{28}}}),
                     .trace = [&text](std::string_view line) { text.append(line) += '\n'; }});
    runner.batcher = &batcher;
    std::vector<std::thread> streams;
    for (unsigned stream = 0; stream < 3; ++stream)
        streams.emplace_back([&, stream] { live(batcher, runner, clock, stream); });
    for (std::thread& stream : streams) stream.join();
    return text;
}

TEST(Trace, OfAThreadedRunReplaysToTheSameBatches) {
    const Result<Trace> trace = parse_trace(record());
    ASSERT_TRUE(trace.ok()) << trace.error().text();
    ASSERT_GT(trace->batches.size(), 50u);
    const auto again = replay(*trace, deadline_policy());
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_EQ(*again, trace->batches);
}

constexpr const char* kHead = "facet-trace 1\nlimits 4 100 0 0 1 1 2 4\ncosts 1:10 4:16\n";

TEST(Trace, IsReadLineByLine) {
    const auto trace = parse_trace(std::string(kHead) +
                                   "open 1 7\npush 2 7 0 0 1.5 - 90\nstart 5 1 1 idle 2 0\nsta");
    ASSERT_TRUE(trace.ok()) << trace.error().text();
    EXPECT_THAT(trace->limits.profiles, ElementsAre(1, 2, 4));
    EXPECT_EQ(trace->costs.text(), "1:10 4:16");
    ASSERT_EQ(trace->lines.size(), 3u) << "the last line has no end";
    EXPECT_EQ(trace->batches.at(0), (TracedBatch{1, Time{5}, StartReason::kIdle, 2, {0}}));
}

TEST(Trace, NamesTheLineThatIsWrong) {
    const auto complaint = [](const std::string& text) {
        const auto trace = parse_trace(text);
        if (!trace.ok()) return trace.error().text();
        const auto batches = replay(*trace, deadline_policy());
        return batches.ok() ? std::string("good") : batches.error().text();
    };
    const std::string head = kHead;
    EXPECT_EQ(complaint(head), "good");
    EXPECT_THAT(complaint("something\n"), HasSubstr("line 1"));
    EXPECT_THAT(complaint("facet-trace 1\nlimits 0 1 0 0 1\n"), HasSubstr("line 2"));
    EXPECT_THAT(complaint("facet-trace 1\nlimits 1 1 0 0 1\ncosts 1:x\n"), HasSubstr("line 3"));
    EXPECT_THAT(complaint(head + "open x 1\n"), HasSubstr("line 4: 'x' is no time"));
    EXPECT_THAT(complaint(head + "push 1 9 0 0 0 - -\n"), HasSubstr("line 4: 'push'"));
    EXPECT_THAT(complaint(head + "open 1 9\nstart 1 1 1 why 1 0\n"), HasSubstr("line 5"));
    EXPECT_THAT(complaint(head + "open 1 9\nweight 1 9 -2\n"), HasSubstr("line 5: 'weight'"));
}

TEST(Trace, CutAnywhereOrDamagedNeverCrashes) {
    const std::string whole = record().substr(0, 6000);
    for (size_t bytes = 0; bytes < whole.size(); bytes += 7) {
        const auto trace = parse_trace(whole.substr(0, bytes));
        if (trace.ok()) (void)replay(*trace, deadline_policy());
        std::string damaged = whole;
        damaged[bytes] = static_cast<char>('0' + bytes % 10);
        const auto other = parse_trace(damaged);
        if (other.ok()) (void)replay(*other, deadline_policy());
    }
}

}  // namespace
}  // namespace facet
