// SPDX-License-Identifier: MIT
// What every schedule of a batch's rows promises.
#include "engine/backends/cpu/program/row_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace facet::cpu {

TEST(RowSchedule, CoversEveryRowOnceInSlicesWithinTheLimit) {
    for (const int threads : {1, 2, 3, 8}) {
        for (const int most_rows : {1, 2, 5, 8}) {
            for (const bool wide_pays : {false, true}) {
                for (int rows = 1; rows <= 40; ++rows) {
                    const RowSchedule schedule =
                        schedule_rows(rows, {threads, most_rows, wide_pays});
                    std::vector<int> covered(rows, 0);
                    for (const RowSlice& slice : schedule.narrow) {
                        EXPECT_GE(slice.rows, 1);
                        EXPECT_LE(slice.rows, most_rows);
                        for (int row = 0; row < slice.rows; ++row) ++covered.at(slice.first + row);
                    }
                    for (int row = 0; row < schedule.wide.rows; ++row)
                        ++covered.at(schedule.wide.first + row);
                    EXPECT_EQ(std::ranges::count(covered, 1), rows)
                        << rows << " rows, " << threads << " threads, at most " << most_rows;
                }
            }
        }
    }
}

TEST(RowSchedule, GivesTwoThreadsEqualHalvesAndTheRowOverToBoth) {
    const RowSchedule schedule = schedule_rows(7, {2, 8, true});
    ASSERT_EQ(schedule.narrow.size(), 2u);
    EXPECT_EQ(schedule.narrow[0].rows, 3);
    EXPECT_EQ(schedule.narrow[1].rows, 3);
    EXPECT_EQ(schedule.wide.rows, 1);
    const RowSchedule apart = schedule_rows(7, {2, 8, false});
    ASSERT_EQ(apart.narrow.size(), 2u);
    EXPECT_EQ(apart.narrow[0].rows, 4);
    EXPECT_EQ(apart.narrow[1].rows, 3);
    EXPECT_EQ(apart.wide.rows, 0);
}

TEST(RowSchedule, LeavesABatchWholeWhereItMustNotBeCut) {
    const RowSchedule schedule = schedule_rows(9, {.threads = 2, .most_rows = 0});
    EXPECT_TRUE(schedule.narrow.empty());
    EXPECT_EQ(schedule.wide.rows, 9);
}

}  // namespace facet::cpu
