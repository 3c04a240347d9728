// SPDX-License-Identifier: MIT
// Cost tables from a text file, loads from shares, and the bound on waits.
#include "tests/bench/policy_loads.h"

#include <algorithm>
#include <fstream>

namespace facet::testing {

namespace {

constexpr double kFramesPerSecond = 25;
constexpr double kMostMeanFaces = 20;  // leaves room for bursts below sixty

}  // namespace

Result<std::vector<NamedCosts>> read_cost_tables(const std::filesystem::path& file) {
    std::ifstream stream(file);
    if (!stream) return Error{ErrorCode::kNotFound, file.string() + ": cannot be read"};
    std::vector<NamedCosts> tables;
    std::string line;
    while (std::getline(stream, line)) {
        if (line.empty() || line.front() == '#') continue;
        const size_t equals = line.find(" = ");
        if (equals == std::string::npos)
            return Error{ErrorCode::kCorrupt,
                         file.string() + ": '" + line + "'; expected a name, ' = ' and costs"};
        FACET_ASSIGN(CostTable costs, CostTable::parse(line.substr(equals + 3)));
        tables.push_back({line.substr(0, equals), std::move(costs)});
    }
    return tables;
}

double capacity(const CostTable& costs, int max_batch) {
    double best = 0;
    for (int rows = 1; rows <= max_batch; ++rows)
        best = std::max(best, 1e9 / costs.cost_per_row(rows));
    return best;
}

LoadDescription scaled_load(int streams, double share, double crops_per_second, Arrival arrival) {
    LoadDescription load{.streams = streams, .fps = kFramesPerSecond, .arrival = arrival};
    load.faces = share * crops_per_second / (streams * load.fps);
    if (load.faces > kMostMeanFaces) {
        load.fps *= load.faces / kMostMeanFaces;
        load.faces = kMostMeanFaces;
    }
    return load;
}

LeastTimes least_times(const Load& load, const CostTable& costs, int max_batch) {
    const double per_crop = 1e9 / capacity(costs, max_batch);
    const double rest_of_batch = per_crop * (max_batch - 1);
    const auto alone = static_cast<double>(costs.cost(1).count());
    std::vector<Duration> waits, latencies;
    waits.reserve(load.crops());
    latencies.reserve(load.crops());
    double done = 0;
    for (const LoadFrame& frame : load.frames) {
        const auto at = static_cast<double>(frame.at.count());
        done = std::max(done, at);
        for (int face = 0; face < frame.faces; ++face) {
            waits.emplace_back(static_cast<int64_t>(std::max(0.0, done - rest_of_batch - at)));
            done += per_crop;
            latencies.emplace_back(static_cast<int64_t>(std::max(alone, done - at)));
        }
    }
    return {percentiles(waits), percentiles(latencies)};
}

}  // namespace facet::testing
