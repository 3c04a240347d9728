// SPDX-License-Identifier: MIT
// Parts of steps, whoever of the team does them.
#include "engine/backends/cpu/threads/team.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
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

TEST(Team, EveryPartOfEveryStepIsDoneOnce) {
    for (const int members : {1, 2, 5}) {
        Team team(members);
        ASSERT_EQ(team.members(), members);
        constexpr size_t kSteps = 7;
        std::array<std::array<std::atomic<int>, 9>, kSteps> done{};
        for (int run = 0; run < 100; ++run)
            team.run({kSteps, [](size_t step) { return static_cast<int>(step) + 1; },
                      [&](size_t step, int index, int member) {
                          EXPECT_LT(member, members);
                          ++done[step][index];
                      }});
        for (size_t step = 0; step < kSteps; ++step)
            for (size_t index = 0; index < 9; ++index)
                EXPECT_EQ(done[step][index], index <= step ? 100 : 0) << step << ' ' << index;
    }
}

TEST(Team, AStepSeesWhatThePartsBeforeItWrote) {
    constexpr int kParts = 3;
    constexpr size_t kSteps = 200;
    Team team(kParts);
    std::array<std::array<int, kParts>, kSteps> written{};
    std::array<int, kParts> missed{};
    team.run({kSteps, [](size_t) { return kParts; },
              [&](size_t step, int index, int) {
                  for (const int value : written[step == 0 ? 0 : step - 1])
                      if (step > 0 && value != static_cast<int>(step)) ++missed[index];
                  written[step][index] = static_cast<int>(step) + 1;
              }});
    EXPECT_EQ(missed, (std::array<int, kParts>{}));
}

// The parts of a member that does not come are done by those who are there.
TEST(Team, NobodyWaitsForAMemberThatHasNotComeYet) {
    Team team(2);
    std::atomic<bool> let_go = false;
    std::atomic<int> by_caller = 0;
    team.run({1, [](size_t) { return 8; },
              [&](size_t, int, int member) {
                  if (member == 0) {
                      if (++by_caller == 7) let_go = true;
                  } else {
                      while (!let_go) std::this_thread::yield();
                  }
              }});
    EXPECT_GE(by_caller, 7);
}

TEST(Team, CountsThePartsThatOthersThanTheCallerDid) {
    Team team(2);
    EXPECT_EQ(team.parts_of_others(), 0u);
    std::atomic<uint64_t> by_others = 0;
    const auto part = [&](size_t, int, int member) { by_others += member > 0 ? 1 : 0; };
    // The other one comes when the system lets it.
    while (by_others == 0) team.run({100, [](size_t) { return 2; }, part});
    EXPECT_EQ(team.parts_of_others(), by_others);
    Team alone(1);
    alone.run({100, [](size_t) { return 2; }, part});
    EXPECT_EQ(alone.parts_of_others(), 0u);
}

TEST(Team, EndsWhateverItsMembersAreAboutToDo) {
    for (int round = 0; round < 1000; ++round) {
        Team team(3);
        std::atomic<int> done = 0;
        for (int run = 0; run < round % 3; ++run)
            team.run({2, [](size_t) { return 3; }, [&](size_t, int, int) { ++done; }});
        EXPECT_EQ(done, round % 3 * 6);
    }
}

TEST(Team, WakesMembersThatFellAsleep) {
    Team team(2);
    for (int run = 0; run < 5; ++run) {
        // Longer than a member watches.
        const auto begin = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(3))
            std::this_thread::yield();
        std::atomic<bool> other_came = false;
        team.run({1, [](size_t) { return 2; },
                  [&](size_t, int, int member) {
                      if (member == 1) other_came = true;
                      while (!other_came) std::this_thread::yield();
                  }});
        EXPECT_TRUE(other_came);
    }
}

}  // namespace facet::cpu
