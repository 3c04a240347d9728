// SPDX-License-Identifier: MIT
// One face per frame beside a crowd of sixty: what the crowd costs the quiet stream.
#include <cstdio>
#include <cstring>

#include "engine/batching/simulation_report.h"
#include "tests/bench/policy_loads.h"

namespace facet::testing {
namespace {

constexpr int kMaxBatch = 16;
constexpr double kShare = 0.8;  // of the device's capacity, both streams together
constexpr double kFramesPerSecond = 25;

Load crowd_load(bool crowded, double seconds) {
    LoadDescription description{.streams = crowded ? 2 : 1,
                                .fps = kFramesPerSecond,
                                .faces = 1,
                                .arrival = Arrival::kSteady};
    description.length = Duration{static_cast<int64_t>(seconds * 1e9)};
    Load load = describe_load(description);
    // Exact counts: the worst that can be, again and again.
    for (LoadFrame& frame : load.frames) frame.faces = frame.stream == 0 ? 1 : kMostFaces;
    return load;
}

// The same curve on a device so fast that both streams take `kShare` of it.
CostTable scaled(const CostTable& costs) {
    const double crops_per_second = (1 + kMostFaces) * kFramesPerSecond / kShare;
    const double factor = capacity(costs, kMaxBatch) / crops_per_second;
    std::vector<CostTable::Point> points = costs.points();
    for (CostTable::Point& point : points)
        point.cost = Duration{static_cast<int64_t>(point.cost.count() * factor)};
    return CostTable(std::move(points));
}

double quiet_p99(const Load& load, const CostTable& costs, bool first_come_first_served) {
    const Duration batch = costs.cost(kMaxBatch);
    SimulationSettings settings{.deadline = std::chrono::milliseconds(100)};
    settings.limits = {.max_batch = kMaxBatch, .timeout = batch};
    settings.first_come_first_served = first_come_first_served;
    return summarize(simulate(load, deadline_policy(), costs, settings)).streams[0].latency.p99;
}

int run(const char* file, bool quick) {
    const Result<std::vector<NamedCosts>> devices = read_cost_tables(file);
    if (!devices.ok()) {
        std::fprintf(stderr, "%s\n", devices.error().text().c_str());
        return 1;
    }
    double worst = 0, worst_fcfs = 0;
    const double seconds = quick ? 60 : 600;
    std::printf("p99 from arrival to result of the stream with one face, in milliseconds\n");
    for (const NamedCosts& device : *devices) {
        const CostTable costs = scaled(device.costs);
        const double batch = costs.cost(kMaxBatch).count() / 1e6;
        const double alone = quiet_p99(crowd_load(false, seconds), costs, false);
        const double beside = quiet_p99(crowd_load(true, seconds), costs, false);
        const double fcfs = quiet_p99(crowd_load(true, seconds), costs, true);
        std::printf(
            "%s, scaled to %.0f %% load: alone %.2f, one batch %.2f, beside %.2f, "
            "first come first served %.2f\n",
            device.name.c_str(), 100 * kShare, alone, batch, beside, fcfs);
        worst = std::max(worst, beside / (alone + batch));
        worst_fcfs = std::max(worst_fcfs, fcfs / (alone + batch));
    }
    std::printf("{\"p99_ratio\": %.3f, \"p99_ratio_fcfs\": %.3f}\n", worst, worst_fcfs);
    return 0;
}

}  // namespace
}  // namespace facet::testing

int main(int count, char** arguments) {
    const bool quick = count == 3 && std::strcmp(arguments[1], "--quick") == 0;
    if (count != 2 && !quick) {
        std::fprintf(stderr, "usage: bench-crowd [--quick] COSTS\n");
        return 2;
    }
    return facet::testing::run(arguments[count - 1], quick);
}
