// SPDX-License-Identifier: MIT
// The simulator on scenarios small enough to work out by hand, and the loads it is given.
#include "engine/batching/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/batching/simulation_report.h"

namespace facet {
namespace {

// Two to start and three per row.
const CostTable& costs() {
    static const CostTable table({{1, Duration{5}}, {2, Duration{8}}, {4, Duration{14}}});
    return table;
}

// Starts whatever waits, up to max_batch.
class EagerPolicy final : public Policy {
  public:
    Decision decide(const BatchLimits& limits, const QueueView& queue, const CostTable&,
                    Time) const override {
        if (queue.waiting == 0) return {};
        const size_t count = std::min(queue.waiting, static_cast<size_t>(limits.max_batch));
        return {Decision::Kind::kStart, StartReason::kIdle, count, count, kNever};
    }
};

// Waits for the deadline, whatever else holds.
class PatientPolicy final : public Policy {
  public:
    Decision decide(const BatchLimits&, const QueueView& queue, const CostTable&,
                    Time now) const override {
        if (queue.waiting == 0) return {};
        if (queue.earliest_deadline > now) return {.wake_at = queue.earliest_deadline};
        return {Decision::Kind::kStart, StartReason::kDeadline, queue.waiting, queue.waiting,
                kNever};
    }
};

SimulationSettings settings(int max_batch, int slots = 1) {
    SimulationSettings settings{.deadline = Duration{12}};
    settings.limits = {.max_batch = max_batch, .timeout = Duration{10}, .slots = slots};
    return settings;
}

std::vector<Time> ends(const SimulationRecord& record) {
    std::vector<Time> times;
    for (const SimulatedBatch& batch : record.batches) times.push_back(batch.ended);
    return times;
}

TEST(Simulation, WhatComesDuringABatchRunsInTheNext) {
    // At 0 one crop runs until 5; the two that came at 1 and 3 run from 5 to 13.
    const Load load{2, Duration{20}, {{Time{0}, 0, 1}, {Time{1}, 1, 1}, {Time{3}, 0, 1}}};
    const SimulationRecord record = simulate(load, EagerPolicy(), costs(), settings(4));
    EXPECT_EQ(ends(record), (std::vector<Time>{Time{5}, Time{13}}));
    ASSERT_EQ(record.crops.size(), 3u);
    EXPECT_EQ(record.crops[1].wait, Duration{4});
    EXPECT_EQ(record.crops[1].latency, Duration{12});
    EXPECT_TRUE(record.crops[1].met) << "due at 13 and done at 13";
    EXPECT_EQ(record.crops[2].latency, Duration{10});
}

TEST(Simulation, WakesWhenThePolicyAskedForIt) {
    const Load load{1, Duration{100}, {{Time{7}, 0, 2}, {Time{50}, 0, 1}}};
    const SimulationRecord record = simulate(load, PatientPolicy(), costs(), settings(4));
    EXPECT_EQ(ends(record), (std::vector<Time>{Time{7 + 10 + 8}, Time{50 + 10 + 5}}));
}

TEST(Simulation, BatchesAtTheSameTimeShareTheDeviceAsMuchAsTheContentionSays) {
    const Load load{1, Duration{10}, {{Time{0}, 0, 2}}};
    SimulationSettings two = settings(1, 2);
    EXPECT_EQ(ends(simulate(load, EagerPolicy(), costs(), two)),
              (std::vector<Time>{Time{10}, Time{10}}));
    two.contention = 0;
    EXPECT_EQ(ends(simulate(load, EagerPolicy(), costs(), two)),
              (std::vector<Time>{Time{5}, Time{5}}));
}

TEST(Simulation, FirstComeFirstServedMakesTheQuietStreamWaitBehindTheCrowd) {
    const Load load{2, Duration{20}, {{Time{0}, 0, 6}, {Time{1}, 1, 1}}};
    SimulationSettings fair = settings(2);
    const auto quiet_wait = [&] {
        return summarize(simulate(load, EagerPolicy(), costs(), fair)).streams[1].wait.p99;
    };
    EXPECT_DOUBLE_EQ(quiet_wait(), 7e-6);  // in the batch that starts at 8
    fair.first_come_first_served = true;
    EXPECT_DOUBLE_EQ(quiet_wait(), 23e-6);  // after three batches
}

TEST(Simulation, ACrowdCostsTheStreamBesideItHalfAsMuchAgainAsItsOwnLatencyAndABatchAtMost) {
    const CostTable table(
        {{1, std::chrono::microseconds(860)}, {16, std::chrono::microseconds(8'400)}});
    SimulationSettings busy{.deadline = std::chrono::milliseconds(100)};
    busy.limits = {.max_batch = 16, .timeout = std::chrono::milliseconds(8)};
    const auto quiet_p99 = [&](int streams) {
        LoadDescription description{.streams = streams, .faces = 1, .arrival = Arrival::kSteady};
        description.length = std::chrono::seconds(40);
        Load load = describe_load(description);
        for (LoadFrame& frame : load.frames) frame.faces = frame.stream == 0 ? 1 : kMostFaces;
        return summarize(simulate(load, deadline_policy(), table, busy)).streams[0].latency.p99;
    };
    EXPECT_LE(quiet_p99(2), 1.5 * (quiet_p99(1) + 8.4));
}

TEST(Simulation, CountsEachCropOfALongLoadOnce) {
    LoadDescription description{.streams = 5, .faces = 6, .arrival = Arrival::kBursty};
    description.length = std::chrono::seconds(20);
    const Load load = describe_load(description);
    const CostTable table({{1, std::chrono::milliseconds(1)}, {8, std::chrono::milliseconds(7)}});
    SimulationSettings busy{.deadline = std::chrono::milliseconds(20), .noise = 0.2};
    busy.limits = {.max_batch = 8, .timeout = std::chrono::milliseconds(5)};
    for (const bool sheds : {false, true}) {
        busy.sheds = sheds;
        const SimulationRecord record = simulate(load, deadline_policy(), table, busy);
        const SimulationSummary summary = summarize(record);
        EXPECT_EQ(summary.crops, load.crops());
        const bool shed_some = std::ranges::any_of(
            record.crops, [](const SimulatedCrop& crop) { return crop.is_shed; });
        EXPECT_EQ(shed_some, sheds);
        EXPECT_LE(summary.mean_batch, 8);
    }
}

TEST(SimulationReport, JainIndexIsOneForEqualSharesAndOneOverNForOne) {
    EXPECT_DOUBLE_EQ(jain_index(std::vector<double>{0.7, 0.7, 0.7}), 1);
    EXPECT_DOUBLE_EQ(jain_index(std::vector<double>{1, 0, 0, 0}), 0.25);
    EXPECT_DOUBLE_EQ(jain_index({}), 1);
}

TEST(SimulationReport, PercentilesAreByNearestRank) {
    std::vector<Duration> hundred;
    for (int i = 100; i >= 1; --i) hundred.push_back(std::chrono::milliseconds(i));
    const Percentiles found = percentiles(hundred);
    EXPECT_DOUBLE_EQ(found.p50, 50);
    EXPECT_DOUBLE_EQ(found.p95, 95);
    EXPECT_DOUBLE_EQ(found.p99, 99);
}

TEST(SimulationLoad, KeepsTheMeanThatWasAskedForWithEveryArrival) {
    for (const Arrival arrival : {Arrival::kSteady, Arrival::kPoisson, Arrival::kBursty}) {
        LoadDescription description{.streams = 16, .fps = 25, .faces = 3, .arrival = arrival};
        description.length = std::chrono::minutes(5);
        const Load load = describe_load(description);
        EXPECT_NEAR(load.crops_per_second(), 16 * 25 * 3, 0.04 * 16 * 25 * 3);
        EXPECT_TRUE(std::ranges::is_sorted(load.frames, {}, &LoadFrame::at));
        EXPECT_EQ(describe_load(description).crops(), load.crops()) << "the same seed";
    }
}

TEST(SimulationLoad, BurstsSpreadTheCountsMoreThanPoissonDoes) {
    const auto dispersion = [](Arrival arrival) {
        LoadDescription description{.streams = 8, .faces = 4, .arrival = arrival};
        description.length = std::chrono::minutes(5);
        double sum = 0, squares = 0, count = 0;
        for (const LoadFrame& frame : describe_load(description).frames) {
            sum += frame.faces;
            squares += frame.faces * frame.faces;
            ++count;
        }
        const double mean = sum / count;
        return (squares / count - mean * mean) / mean;
    };
    EXPECT_NEAR(dispersion(Arrival::kPoisson), 1, 0.05);
    EXPECT_GT(dispersion(Arrival::kBursty), 2);
}

TEST(SimulationLoad, OneStreamMayBeACrowd) {
    LoadDescription description{.streams = 3, .faces = 1, .crowd = 40, .arrival = Arrival::kSteady};
    std::vector<double> crops(3);
    for (const LoadFrame& frame : describe_load(description).frames)
        crops[frame.stream] += frame.faces;
    EXPECT_NEAR(crops[0] / crops[1], 40, 4);
    EXPECT_NEAR(crops[2] / crops[1], 1, 0.2);
}

}  // namespace
}  // namespace facet
