// SPDX-License-Identifier: MIT
// Members of a team see what the others wrote before they met, asleep or awake.
#include "engine/backends/cpu/threads/team.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

TEST(Share, PartsCoverEveryItemOnce) {
    for (const int64_t items : {0, 1, 5, 7, 64}) {
        for (const int count : {1, 2, 3, 8}) {
            int64_t next = 0;
            for (int index = 0; index < count; ++index) {
                const Share share{index, count};
                EXPECT_EQ(share.begin(items), next);
                next = share.end(items);
            }
            EXPECT_EQ(next, items);
        }
    }
}

TEST(Team, EveryMemberWorksOnceInARun) {
    for (const int members : {1, 2, 5}) {
        Team team(members);
        ASSERT_EQ(team.members(), members);
        std::vector<int> runs(members, 0);
        for (int run = 0; run < 100; ++run) team.run([&](int member) { ++runs[member]; });
        EXPECT_EQ(runs, std::vector<int>(members, 100));
    }
}

TEST(Team, MembersThatMetSeeWhatTheOthersWrote) {
    constexpr int kMembers = 3, kSteps = 200;
    Team team(kMembers);
    std::array<std::array<int, kMembers>, kSteps> written{};
    std::array<int, kMembers> missed{};
    team.run([&](int member) {
        for (int step = 0; step < kSteps; ++step) {
            written[step][member] = step + 1;
            team.meet();
            for (const int value : written[step])
                if (value != step + 1) ++missed[member];
        }
    });
    EXPECT_EQ(missed, (std::array<int, kMembers>{}));
}

TEST(Team, WakesMembersThatFellAsleep) {
    Team team(2);
    int runs = 0;
    for (int run = 0; run < 5; ++run) {
        // Longer than a member watches.
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(3))
            std::this_thread::yield();
        team.run([&](int member) { runs += member; });
    }
    EXPECT_EQ(runs, 5);
}

}  // namespace facet::cpu
