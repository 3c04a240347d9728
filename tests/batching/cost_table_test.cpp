// SPDX-License-Identifier: MIT
// The cost table's curve, what it learns, and the limits that follow from it.
#include "engine/batching/cost_table.h"

#include <gtest/gtest.h>

#include "engine/batching/derive_limits.h"
#include "engine/batching/histogram.h"

namespace facet {
namespace {

TEST(CostTable, IsLinearBetweenItsPointsAndBeyondThem) {
    const CostTable costs({{8, Duration{240}}, {1, Duration{100}}, {4, Duration{160}}});
    EXPECT_EQ(costs.cost(1), Duration{100});
    EXPECT_EQ(costs.cost(2), Duration{120});
    EXPECT_EQ(costs.cost(6), Duration{200});
    EXPECT_EQ(costs.cost(10), Duration{280});
    EXPECT_DOUBLE_EQ(costs.cost_per_row(8), 30);
    EXPECT_EQ(CostTable({{4, Duration{40}}}).cost(8), Duration{80});
    EXPECT_EQ(CostTable().cost(3), Duration{0});
}

TEST(CostTable, LevelsADipSoThatMoreRowsNeverCostLess) {
    const CostTable costs({{1, Duration{10}}, {2, Duration{30}}, {3, Duration{20}}});
    EXPECT_EQ(costs.cost(2), Duration{25});
    EXPECT_EQ(costs.cost(3), Duration{25});
}

TEST(CostTable, FollowsWhatItSeesButHardlyAHiccup) {
    CostTable costs({{1, Duration{1000}}, {4, Duration{1600}}});
    costs.observe(4, Duration{1'000'000});
    EXPECT_EQ(costs.cost(4), Duration{1700});
    EXPECT_EQ(costs.cost(1), Duration{1000});
    for (int i = 0; i < 100; ++i) costs.observe(2, Duration{1300});
    EXPECT_NEAR(static_cast<double>(costs.cost(2).count()), 1300, 5);
    EXPECT_EQ(costs.points().size(), 3u);
    costs.observe(4, Duration{0});
    EXPECT_EQ(costs.cost(4), Duration{1700});
}

TEST(CostTable, StaysEmptyWhenNothingWasMeasured) {
    CostTable costs({{0, Duration{5}}, {2, Duration{0}}});
    costs.observe(1, Duration{10});
    EXPECT_TRUE(costs.empty());
}

TEST(CostTable, ReadsWhatItWrites) {
    const CostTable costs({{1, Duration{410'250}}, {16, Duration{5'000'000}}});
    EXPECT_EQ(costs.text(), "1:410250 16:5000000");
    EXPECT_EQ(CostTable::parse(costs.text())->points(), costs.points());
    EXPECT_TRUE(CostTable::parse("")->empty());
    for (const char* wrong : {"1", "1:", "x:1", "1:2x", "0:5", "1:-5", "1:5,2:6"})
        EXPECT_FALSE(CostTable::parse(wrong).ok()) << wrong;
}

// 1 ms and a tenth per row: 16 rows cost 0.1625 per row, 19 are within 5 % of 32's 0.13125.
CostTable overhead() {
    return CostTable({{1, Duration{1'100'000}}, {32, Duration{4'200'000}}});
}

TEST(DeriveLimits, ChoosesTheSmallestBatchNearlyAsGoodAsTheBest) {
    EXPECT_EQ(derive_limits({.ceiling = 32}, overhead()).max_batch, 27);
    EXPECT_EQ(derive_limits({.max_batch = 9, .ceiling = 32}, overhead()).max_batch, 9);
    EXPECT_EQ(derive_limits({.ceiling = 32}, {}).max_batch, 16);
}

TEST(DeriveLimits, FitsTwoBatchesIntoTheBudgetAndLeavesTheRestToTheTimeout) {
    const BatchLimits limits = derive_limits(
        {.ceiling = 32, .timeout = Duration{1}, .latency_budget = Duration{5'000'000}}, overhead());
    EXPECT_EQ(limits.max_batch, 13) << "2.125 x 2.3 ms fit, 2.125 x 2.4 do not";
    EXPECT_EQ(limits.margin, Duration{287'500});
    EXPECT_EQ(limits.timeout, Duration{5'000'000 - 2'300'000 - 287'500});
    EXPECT_EQ(derive_limits({.ceiling = 32, .latency_budget = Duration{1'000}}, overhead()).timeout,
              Duration{0});
}

TEST(Histogram, KnowsItsPercentilesWithinATwentieth) {
    Histogram histogram;
    for (int64_t value = 1; value <= 100'000; ++value) histogram.add(value);
    for (const double share : {0.5, 0.95, 0.99})
        EXPECT_NEAR(histogram.percentile(share) / (share * 100'000), 1, 0.05);
    EXPECT_EQ(histogram.percentile(1), 100'000);
    EXPECT_EQ(histogram.count(), 100'000u);
    EXPECT_EQ(histogram.max(), 100'000);
    EXPECT_DOUBLE_EQ(histogram.mean(), 50'000.5);
    EXPECT_EQ(Histogram().percentile(0.5), 0);
}

TEST(Histogram, HoldsEveryValue) {
    Histogram histogram;
    for (const int64_t value : {int64_t{-5}, int64_t{0}, INT64_MAX}) histogram.add(value);
    EXPECT_EQ(histogram.percentile(0.5), 0);
    EXPECT_NEAR(histogram.percentile(1) / static_cast<double>(INT64_MAX), 1, 0.05);
}

TEST(CostTable, ASizeThatIsNotSeenGoesStaleAndThenMovesFaster) {
    CostTable table({{1, Duration{100}}, {8, Duration{800}}});
    for (int i = 0; i < 256; ++i) {
        EXPECT_FALSE(table.is_stale(8));
        table.observe(1, Duration{100});
    }
    EXPECT_TRUE(table.is_stale(8));
    EXPECT_FALSE(table.is_stale(1));
    table.observe(8, Duration{400});
    EXPECT_EQ(table.cost(8), Duration{700}) << "by a quarter of the difference";
    EXPECT_FALSE(table.is_stale(8));
    table.observe(8, Duration{540});
    EXPECT_EQ(table.cost(8), Duration{690}) << "by a sixteenth";
}

}  // namespace
}  // namespace facet
