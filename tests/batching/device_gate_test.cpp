// SPDX-License-Identifier: MIT
// The device's turns among threads, and among Batchers.
#include "engine/batching/device_gate.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "engine/batching/batcher.h"
#include "tests/support/manual_clock.h"

namespace facet {
namespace {

TEST(DeviceGate, LetsEverybodyInUnderContentionAndNeverMoreThanItMay) {
    DeviceGate gate;
    std::atomic<int> inside{0}, turns{0};
    std::atomic<bool> too_many{false};
    std::vector<std::thread> threads;
    for (int user = 0; user < 3; ++user)
        threads.emplace_back([&, id = gate.add_user(user == 0 ? 2 : 1), user] {
            for (int turn = 0; turn < 500; ++turn) {
                if (turn == 0 || turn % 3 == 0) gate.ask(id);
                gate.enter(id);
                if (++inside > 2) too_many = true;
                ++turns;
                --inside;
                gate.leave(id, Duration{1 + 10 * user}, turn % 3 != 2 && turn < 499);
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(turns, 1500);
    EXPECT_FALSE(too_many);
}

TEST(DeviceGate, GoesOnWhenAClaimIsWithdrawn) {
    DeviceGate gate;
    const auto first = gate.add_user(1), second = gate.add_user(1);
    gate.ask(first);
    gate.ask(second);
    std::thread waits([&] { gate.enter(second); });
    gate.withdraw(first);
    waits.join();
    gate.leave(second, Duration{1}, false);
}

TEST(DeviceGate, IsOneForAllWhoHoldIt) {
    const auto gate = device_gate("CPU");
    EXPECT_EQ(gate, device_gate("CPU"));
    EXPECT_NE(gate, device_gate("GPU"));
}

// What ran on the device, in order.
class DeviceLog {
  public:
    struct Run {
        int user;
        Duration took;
    };
    void add(Run run) {
        MutexLock lock(mutex_);
        runs_.push_back(run);
        changed_.notify_all();
    }
    std::vector<Run> wait_for(size_t count) {
        MutexLock lock(mutex_);
        while (runs_.size() < count) changed_.wait(mutex_);
        return runs_;
    }

  private:
    Mutex mutex_;  // guards all below
    CondVar changed_;
    std::vector<Run> runs_ FACET_GUARDED_BY(mutex_);
};

// A session whose batches all take the same time.
class Session final : public BatchRunner {
  public:
    Session(testing::ManualClock& clock, std::shared_ptr<DeviceGate> gate, DeviceLog& log,
            DeviceLog::Run run)
        : clock_(clock),
          log_(log),
          run_(run),
          batcher_({.max_batch = 1}, clock, *this,
                   {.costs = {}, .gate = std::move(gate), .trace = {}}) {}
    void push(int count) {
        const OwnerId owner = batcher_.open_owner();
        std::vector<std::unique_ptr<BatchItem>> items;
        for (int i = 0; i < count; ++i) {
            items.push_back(std::make_unique<BatchItem>());
            items.back()->owner = owner;
        }
        batcher_.push(std::move(items));
    }
    void run(Batch, int) override {
        clock_.advance(run_.took);
        log_.add(run_);
    }
    void discard(std::vector<std::unique_ptr<BatchItem>>, DiscardReason) override {}

  private:
    testing::ManualClock& clock_;
    DeviceLog& log_;
    const DeviceLog::Run run_;
    Batcher batcher_;
};

TEST(DeviceGate, SharesTheTimeOfADeviceEvenlyAmongBatchersHoweverLongTheirBatchesAre) {
    testing::ManualClock clock;
    DeviceLog log;
    const auto gate = std::make_shared<DeviceGate>();
    const auto holds_it = gate->add_user(1);
    gate->ask(holds_it);
    gate->enter(holds_it);
    constexpr int kSlowRuns = 40, kQuickRuns = 400;
    Session slow(clock, gate, log, {0, Duration{10}}), quick(clock, gate, log, {1, Duration{1}});
    slow.push(kSlowRuns);
    quick.push(kQuickRuns);
    gate->leave(holds_it, Duration{0}, false);

    std::array<Duration, 2> used{};
    std::array<int, 2> runs{};
    for (const DeviceLog::Run& run : log.wait_for(kSlowRuns + kQuickRuns)) {
        // Whichever thread got here first was alone until then.
        if (runs[1 - run.user] == 0) used[run.user] = Duration{0};
        used[run.user] += run.took;
        ++runs[run.user];
        if (runs[0] == kSlowRuns || runs[1] == kQuickRuns) break;
        ASSERT_LE(std::abs((used[0] - used[1]).count()), 2 * (10 + 1))
            << "after " << runs[0] << " slow and " << runs[1] << " quick runs";
    }
}

}  // namespace
}  // namespace facet
