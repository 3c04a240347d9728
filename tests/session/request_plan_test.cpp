// SPDX-License-Identifier: MIT
// Few wide requests or many narrow ones: what is tried, and which is kept.
#include "engine/session/request_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace facet {

void PrintTo(const RequestPlan& plan, std::ostream* stream) {
    *stream << plan.requests << "x" << plan.threads;
}

namespace {

using ::testing::ElementsAre;
using Times = std::vector<std::vector<double>>;

TEST(RequestPlan, TriesEveryHalvingOfTheProcessors) {
    EXPECT_THAT(plans_for({.processors = 8}), ElementsAre(RequestPlan{1, 8}, RequestPlan{2, 4},
                                                          RequestPlan{4, 2}, RequestPlan{8, 1}));
    EXPECT_THAT(plans_for({.processors = 1}), ElementsAre(RequestPlan{1, 1}));
    for (const RequestPlan& plan : plans_for({.processors = 200}))
        EXPECT_LE(plan.requests * plan.threads, 200);
}

TEST(RequestPlan, SharesOutWhatIsNotAskedFor) {
    EXPECT_THAT(plans_for({.requests = 3, .processors = 8}), ElementsAre(RequestPlan{3, 2}));
    EXPECT_THAT(plans_for({.requests = 16, .processors = 8}), ElementsAre(RequestPlan{16, 1}));
    EXPECT_THAT(plans_for({.threads = 3, .processors = 8}), ElementsAre(RequestPlan{2, 3}));
    EXPECT_THAT(plans_for({.threads = 12, .processors = 8}), ElementsAre(RequestPlan{1, 12}));
    EXPECT_THAT(plans_for({.requests = 5, .threads = 7, .processors = 8}),
                ElementsAre(RequestPlan{5, 7}));
}

TEST(RequestPlan, GivesADeviceWithoutThreadsOneRequestUnlessMoreAreAskedFor) {
    EXPECT_THAT(plans_for({.threads = 4}), ElementsAre(RequestPlan{1, 0}));
    EXPECT_THAT(plans_for({.requests = 2}), ElementsAre(RequestPlan{2, 0}));
}

TEST(RequestPlan, ComparesPowersOfTwo) {
    EXPECT_THAT(sizes_to_compare(16, 2), ElementsAre(1, 2, 4, 8));
    EXPECT_THAT(sizes_to_compare(3, 2), ElementsAre(1, 2));
    EXPECT_THAT(sizes_to_compare(1, 16), ElementsAre(1));
}

TEST(RequestPlan, OfEqualsTheNarrowestIsKept) {
    EXPECT_EQ(choose_plan(Times{{1, 2, 4}, {1, 2, 4}, {1.1, 2, 4}}), 2u);
}

TEST(RequestPlan, OneRowThatIsDoneMuchSoonerOutweighsEqualBatches) {
    EXPECT_EQ(choose_plan(Times{{4, 8, 16}, {8, 8, 16}}), 0u);
    EXPECT_EQ(choose_plan(Times{{4.5, 8, 16, 32}, {7.4, 8, 15, 30}}), 1u)
        << "one size of four weighs less";
}

TEST(RequestPlan, NoneIsKeptThatTakesLongerForTheLargestBatch) {
    EXPECT_EQ(choose_plan(Times{{1, 1, 5}, {2, 2, 4}}), 1u) << "though quick with the small ones";
    EXPECT_EQ(choose_plan(Times{{3, 3, 4}, {1, 1, 5}}), 0u);
}

}  // namespace
}  // namespace facet
