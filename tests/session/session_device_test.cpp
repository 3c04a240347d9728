// SPDX-License-Identifier: MIT
// Several sessions on one device.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "tests/session/result_collector.h"
#include "tests/support/manual_clock.h"
#include "tests/support/puppet_backend.h"

namespace facet {
namespace {

using std::chrono::milliseconds;
using testing::ManualClock;
using testing::Puppet;
using testing::PuppetDevice;
using testing::ResultCollector;

// Who ran on the device, in order.
class Runs {
  public:
    void add(int who) {
        MutexLock lock(mutex_);
        order_.push_back(who);
    }
    void clear() {
        MutexLock lock(mutex_);
        order_.clear();
    }
    [[nodiscard]] std::vector<int> order() const {
        MutexLock lock(mutex_);
        return order_;
    }

  private:
    mutable Mutex mutex_;  // guards order_
    std::vector<int> order_ FACET_GUARDED_BY(mutex_);
};

std::shared_ptr<Session> open(const std::string& model, Clock& clock) {
    SessionSettings settings;
    settings.models.push_back({.path = model, .info = {}});
    settings.device = "PUPPET";
    settings.max_batch = 1;
    settings.timeout = Duration{0};
    const auto session = Session::open(settings, clock);
    EXPECT_TRUE(session.ok());
    return *session;
}

void submit(Session& session, int count, ResultCollector& results) {
    std::vector<Item> items(static_cast<size_t>(count));
    const OwnerId owner = session.open_owner();
    for (int i = 0; i < count; ++i) {
        items[i].owner = owner;
        items[i].crops = session.acquire_crops();
        std::ranges::fill(items[i].crops.pixels(0), uint8_t{1});
        items[i].done = results.done(i);
    }
    session.submit(std::move(items));
}

TEST(SessionDevice, SessionsShareItsTimeEvenlyHoweverLongTheirModelsTake) {
    ManualClock clock;
    Runs runs;
    constexpr std::array<milliseconds, 2> kTakes{milliseconds(10), milliseconds(1)};
    constexpr std::array<int, 2> kItems{30, 300};
    Puppet slow, quick, blocks;
    slow.work_in_runs([&](int) { clock.advance(kTakes[0]), runs.add(0); });
    quick.work_in_runs([&](int) { clock.advance(kTakes[1]), runs.add(1); });
    const PuppetDevice device({{"slow", slow}, {"quick", quick}, {"blocks", blocks}});
    const std::array sessions{open("slow", clock), open("quick", clock)};
    const auto busy = open("blocks", clock);
    runs.clear();
    // The device is taken until both have everything waiting.
    blocks.block();
    ResultCollector first(1);
    submit(*busy, 1, first);
    blocks.wait_for_blocked(1);
    std::array<ResultCollector, 2> results{ResultCollector(kItems[0]), ResultCollector(kItems[1])};
    for (size_t i = 0; i < 2; ++i) submit(*sessions[i], kItems[i], results[i]);
    blocks.release();
    for (ResultCollector& each : results) (void)each.wait_for_all();

    std::array<Duration, 2> used{};
    std::array<int, 2> ran{};
    for (const int who : runs.order()) {
        // Whichever thread got here first was alone until then.
        if (ran[1 - who] == 0) used[who] = Duration{0};
        used[who] += kTakes[who];
        if (++ran[who] == kItems[who]) break;
        ASSERT_LE(std::abs((used[0] - used[1]).count()),
                  2 * Duration(kTakes[0] + kTakes[1]).count())
            << "after " << ran[0] << " slow and " << ran[1] << " quick runs";
    }
}

}  // namespace
}  // namespace facet
