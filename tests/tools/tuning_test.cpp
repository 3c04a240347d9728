// SPDX-License-Identifier: MIT
// What facet-tune recommends, reads and draws.
#include "engine/tools/tuning.h"

#include <gtest/gtest.h>

#include "engine/tools/recorded_load.h"
#include "engine/tools/svg_plot.h"

namespace facet {
namespace {

CostTable affine(double start_ms, double row_ms) {
    std::vector<CostTable::Point> points;
    for (const int rows : {1, 32})
        points.push_back({rows, Duration{static_cast<int64_t>(1e6 * (start_ms + row_ms * rows))}});
    return CostTable(std::move(points));
}

TuningQuestion question(double faces, CostTable costs) {
    LoadDescription description{.streams = 4, .faces = faces};
    description.length = std::chrono::seconds(10);
    TuningQuestion question{.load = describe_load(description),
                            .costs = std::move(costs),
                            .deadline = std::chrono::milliseconds(100),
                            .max_batches = batch_grid(32),
                            .requests = {1, 2}};
    question.timeouts = timeout_grid(question.deadline, question.costs);
    return question;
}

TEST(Tuning, RecommendsLargeBatchesOnlyWhereTheLoadNeedsThem) {
    // 8 ms to start a batch: one by one the device does 115 crops/s, in batches of 16 some 800.
    const TuningAnswer heavy = tune(question(5, affine(8, 0.7)));
    EXPECT_GE(heavy.best().max_batch, 8);
    EXPECT_GT(heavy.best().summary.goodput_share(), 0.95);
    // Batches gain nothing and the load is light.
    const TuningAnswer light = tune(question(0.2, affine(0.001, 2)));
    EXPECT_LE(light.best().max_batch, 4);
    EXPECT_EQ(light.best().requests, 1);
    EXPECT_GT(light.best().summary.goodput_share(), 0.999);
}

TEST(Tuning, SaysSoWhenTheLoadIsMoreThanTheDeviceCanDo) {
    const TuningAnswer answer = tune(question(10, affine(1, 5)));
    EXPECT_NE(answer.reasons.back().find("more than the device can do"), std::string::npos);
}

TEST(Tuning, GridsEndWhereTheyWereAskedTo) {
    EXPECT_EQ(batch_grid(12), (std::vector<int>{1, 2, 4, 8, 12}));
    EXPECT_EQ(batch_grid(1), (std::vector<int>{1}));
    const std::vector<Duration> timeouts =
        timeout_grid(Duration{100}, CostTable({{1, Duration{4}}}));
    EXPECT_EQ(timeouts.front(), Duration{0});
    EXPECT_EQ(timeouts.back(), Duration{96});
}

TEST(RecordedLoad, GroupsWhatAnOwnerPushedAtOnceIntoFrames) {
    const auto recorded = read_recorded_load(
        "facet-trace 1\nlimits 16 5000000 0 0 1\ncosts 1:400 4:900\nopen 90 7\n"
        "push 100 7 0 0 0 - -\npush 100 7 0 0 0 - -\npush 100 9 0 0 0 - -\npush 140 7 0 0 0 - -\n");
    ASSERT_TRUE(recorded.ok());
    EXPECT_EQ(recorded->costs.text(), "1:400 4:900");
    EXPECT_EQ(recorded->load.streams, 2);
    ASSERT_EQ(recorded->load.frames.size(), 3u);
    EXPECT_EQ(recorded->load.frames[0].faces, 2);
    EXPECT_EQ(recorded->load.frames[2].at, Time{40});
}

TEST(RecordedLoad, RefusesTracesWithoutArrivalsOrOwners) {
    const std::string head = "facet-trace 1\nlimits 16 5000000 0 0 1\ncosts 1:400\n";
    EXPECT_FALSE(read_recorded_load("hello\n").ok());
    EXPECT_FALSE(read_recorded_load(head).ok());
    EXPECT_FALSE(read_recorded_load(head + "push 100\n").ok());
    EXPECT_TRUE(read_recorded_load(head + "push 100 1 0 0 0 - -\n").ok());
}

TEST(RecordedLoad, FollowsEachCropToTheEndOfItsBatch) {
    // Two slots: the batch of one ends before the batch of two that started first.
    const auto recorded = read_recorded_load(
        "facet-trace 1\nlimits 16 5000000 0 0 2\ncosts 1:400\nopen 90 7\nopen 90 8\n"
        "push 100 7 0 0 0 - -\npush 100 7 0 0 0 - -\npush 110 8 0 0 0 - -\npush 115 8 0 0 0 - -\n"
        "start 120 2 1 deadline 2 0 1\nstart 130 1 2 idle 1 2\nshed 140 1 3\n"
        "done 150 1 20\ndone 200 2 80\n");
    ASSERT_TRUE(recorded.ok()) << recorded.error().text();
    const SimulationRecord run = recorded_run(*recorded, Duration{60});
    EXPECT_EQ(run.streams, 2);
    ASSERT_EQ(run.batches.size(), 2u);
    EXPECT_EQ(run.batches[0].items, 1);
    EXPECT_EQ(run.batches[0].started, Time{30});
    EXPECT_EQ(run.batches[1].ended, Time{100});
    EXPECT_EQ(run.batches[1].reason, StartReason::kDeadline);
    ASSERT_EQ(run.crops.size(), 4u);
    EXPECT_TRUE(run.crops[0].is_shed);
    EXPECT_EQ(run.crops[1].stream, 1);
    EXPECT_EQ(run.crops[1].wait, Duration{20});
    EXPECT_EQ(run.crops[1].latency, Duration{40});
    EXPECT_TRUE(run.crops[1].met);
    EXPECT_EQ(run.crops[3].latency, Duration{100});
    EXPECT_FALSE(run.crops[3].met);
}

TEST(SvgPlot, NamesTheEndOfAnAxisWhereNotEveryValueHasRoom) {
    PlotLine line{"a", "s0", {}};
    for (int x = 1; x <= 32; ++x) line.points.push_back({static_cast<double>(x), 1.0, ""});
    const std::string svg = line_plot("", {"batch", {}, true}, {"y", {}, false}, {line});
    EXPECT_NE(svg.find(">32</text>"), std::string::npos);
    EXPECT_EQ(svg.find(">31</text>"), std::string::npos);
}

TEST(SvgPlot, ChoosesRoundTicksThatSpanTheRange) {
    EXPECT_EQ(round_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(round_ticks(0, 9.3, 4).back(), 10);
    EXPECT_EQ(short_number(12'345), "12.3k");
    EXPECT_EQ(short_number(0.25), "0.25");
    EXPECT_EQ(escape_markup("a<b & \"c\""), "a&lt;b &amp; &quot;c&quot;");
}

}  // namespace
}  // namespace facet
