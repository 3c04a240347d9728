// SPDX-License-Identifier: MIT
// Turns on a device go by the time each user has had: scenarios, and seeded random schedules.
#include "engine/batching/device_turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace facet {
namespace {

using User = DeviceTurns::User;

// Runs one turn of `user`'s that lasts `used`; it asks again in the same moment.
void run_turn(DeviceTurns& turns, User user, Duration used) {
    ASSERT_TRUE(turns.may_begin(user));
    turns.begin(user);
    turns.end(user, used);
    turns.ask(user);
}

TEST(DeviceTurns, RunsAsManyAtOnceAsTheWidestUserHasSlots) {
    DeviceTurns turns;
    const User narrow = turns.add_user(1), wide = turns.add_user(2);
    for (const User user : {wide, narrow, wide}) turns.ask(user);
    turns.begin(wide);
    turns.begin(narrow);
    EXPECT_FALSE(turns.may_begin(wide));
    turns.end(narrow, Duration{1});
    EXPECT_TRUE(turns.may_begin(wide));
    EXPECT_FALSE(turns.may_begin(narrow)) << "it does not ask";
}

TEST(DeviceTurns, RunsOfManyThreadsAndOfFewNeverTakeMoreThanThereIs) {
    DeviceTurns turns;
    const User wide = turns.add_user(1, 2), narrow = turns.add_user(2, 1);
    for (const User user : {narrow, wide, narrow}) turns.ask(user);
    turns.begin(narrow);
    EXPECT_FALSE(turns.may_begin(wide)) << "half of the device is taken";
    EXPECT_FALSE(turns.may_begin(narrow)) << "or the wide one would wait for ever";
    turns.end(narrow, Duration{4});
    turns.begin(wide);
    EXPECT_FALSE(turns.may_begin(narrow));
    turns.end(wide, Duration{4});
    turns.ask(wide);
    turns.begin(narrow);
    turns.end(narrow, Duration{3});
    turns.ask(narrow);
    EXPECT_TRUE(turns.may_begin(narrow)) << "4 and 3 of its time are less than 2 x 4";
}

TEST(DeviceTurns, GivesShortRunsAsMuchTimeAsLongOnes) {
    DeviceTurns turns;
    const User slow = turns.add_user(1), quick = turns.add_user(1);
    turns.ask(slow);
    turns.ask(quick);
    Duration slow_used{0}, quick_used{0};
    for (int turn = 0; turn < 1100; ++turn) {
        if (turns.may_begin(slow)) {
            run_turn(turns, slow, Duration{10});
            slow_used += Duration{10};
        } else {
            run_turn(turns, quick, Duration{1});
            quick_used += Duration{1};
        }
    }
    EXPECT_NEAR(slow_used.count(), 1000, 10);
    EXPECT_NEAR(quick_used.count(), 1000, 10);
}

TEST(DeviceTurns, LetsANewcomerGoNextWithoutAClaimForTimeSpentAway) {
    DeviceTurns turns;
    const User busy = turns.add_user(1), late = turns.add_user(1);
    turns.ask(busy);
    for (int turn = 0; turn < 100; ++turn) run_turn(turns, busy, Duration{1000});
    turns.begin(busy);
    turns.ask(busy);
    turns.ask(late);
    turns.end(busy, Duration{1000});
    EXPECT_FALSE(turns.may_begin(busy));
    run_turn(turns, late, Duration{1001});
    EXPECT_TRUE(turns.may_begin(busy)) << "the newcomer has not a hundred turns ahead of it";
}

TEST(DeviceTurns, OfEqualsTheOneThatWaitsLongestGoesFirst) {
    DeviceTurns turns;
    const User one = turns.add_user(1), two = turns.add_user(1);
    turns.ask(two);
    turns.ask(one);
    EXPECT_FALSE(turns.may_begin(one));
    turns.withdraw(two);
    EXPECT_TRUE(turns.may_begin(one));
    turns.ask(two);
    EXPECT_TRUE(turns.may_begin(one)) << "whoever asks anew goes to the end";
}

TEST(DeviceTurns, DoesNotWaitForAUserThatIsGone) {
    DeviceTurns turns;
    const User gone = turns.add_user(4), stays = turns.add_user(1);
    turns.ask(stays);
    turns.begin(stays);
    turns.ask(stays);
    EXPECT_TRUE(turns.may_begin(stays));
    turns.remove_user(gone);
    EXPECT_FALSE(turns.may_begin(stays)) << "the slots went with it";
    turns.end(stays, Duration{1});
    EXPECT_TRUE(turns.may_begin(stays));
}

// Users that come, go, and run for random times; what they get is judged against plain sums.
class RandomTurns {
  public:
    explicit RandomTurns(uint32_t seed) : random_(seed) {
        const int users = pick(2, 4);
        for (int i = 0; i < users; ++i) {
            const int slots = pick(1, 3), width = pick(1, 3);
            widest_ = std::max(widest_, slots * width);
            Seen& user = users_[turns_.add_user(slots, width)];
            user.longest = pick(1, 50);
            user.width = width;
        }
    }

    void run() {
        for (int step = 0; step < 400; ++step) {
            begin_what_may();
            for (auto& [id, user] : users_)
                if (user.waiting == 0 && pick(0, 9) == 0) ask(id);
            if (running_.empty()) continue;
            const auto ended = std::ranges::min_element(running_, {}, &Running::ends);
            now_ = ended->ends;
            end(*ended);
            running_.erase(ended);
            judge();
        }
    }

  private:
    struct Seen {
        int longest = 1, width = 1;
        int waiting = 0;
        bool backlogged = false;  // has waited ever since the interval began
        Duration used{0};         // in the interval
    };
    struct Running {
        User user;
        Duration takes;
        Time ends;
    };

    int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

    void ask(User id) {
        turns_.ask(id);
        if (++users_[id].waiting == 1) begin_interval();
    }
    // Time is compared from the last moment on at which somebody began to wait.
    void begin_interval() {
        for (auto& [id, user] : users_) {
            user.used = Duration{0};
            user.backlogged = user.waiting > 0;
        }
    }

    void begin_what_may() {
        while (true) {
            const auto may = std::ranges::find_if(
                users_, [this](const auto& entry) { return turns_.may_begin(entry.first); });
            if (may == users_.end()) {
                const auto waits = [](const auto& entry) { return entry.second.waiting > 0; };
                ASSERT_TRUE(std::ranges::none_of(users_, waits) ||
                            std::ranges::any_of(users_,
                                                [&](const auto& entry) {
                                                    return waits(entry) &&
                                                           has_no_room(entry.second);
                                                }))
                    << "works while there is work";
                return;
            }
            ASSERT_FALSE(has_no_room(may->second)) << "never too much at once";
            turns_.begin(may->first);
            --may->second.waiting;
            const Duration takes{pick(1, may->second.longest)};
            running_.push_back({may->first, takes, now_ + takes});
            // Most have more to run at once: these are the backlogged ones.
            if (pick(0, 9) > 0) {
                turns_.ask(may->first);
                ++may->second.waiting;
            }
            if (may->second.waiting == 0) may->second.backlogged = false;
        }
    }

    [[nodiscard]] bool has_no_room(const Seen& user) const {
        int width = user.width;
        for (const Running& running : running_) width += users_.at(running.user).width;
        return width > widest_;
    }

    void end(const Running& run) {
        turns_.end(run.user, run.takes);
        Seen& user = users_[run.user];
        user.used += run.takes * user.width;
    }

    // Two that have waited all the time differ by the longest runs of both, one for each at once:
    // by a lead at the beginning and by one at the end.
    void judge() const {
        for (const auto& [id, one] : users_)
            for (const auto& [other_id, other] : users_)
                if (one.backlogged && other.backlogged) {
                    EXPECT_LE((one.used - other.used).count(),
                              2 * widest_ * (one.longest + other.longest));
                }
    }

    std::mt19937 random_;
    DeviceTurns turns_;
    int widest_ = 1;
    std::map<User, Seen> users_;
    std::vector<Running> running_;
    Time now_{0};
};

TEST(DeviceTurns, KeepsItsInvariantsOnRandomSchedules) {
    for (uint32_t seed = 1; seed <= 5'000; ++seed) {
        RandomTurns(seed).run();
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace facet
