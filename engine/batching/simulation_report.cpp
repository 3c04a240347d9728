// SPDX-License-Identifier: MIT
// Sums over a simulated run.
#include "engine/batching/simulation_report.h"

#include <algorithm>
#include <cmath>

namespace facet {

namespace {

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

double seconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e9;
}

double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

void add_crops(const SimulationRecord& record, SimulationSummary& summary) {
    std::vector<Duration> waits, latencies;
    std::vector<std::vector<Duration>> stream_waits(record.streams);
    std::vector<std::vector<Duration>> stream_latencies(record.streams);
    summary.streams.resize(record.streams);
    for (const SimulatedCrop& crop : record.crops) {
        StreamSummary& stream = summary.streams[crop.stream];
        ++stream.crops;
        if (crop.is_shed) continue;
        if (crop.met) ++stream.met;
        waits.push_back(crop.wait);
        latencies.push_back(crop.latency);
        stream_waits[crop.stream].push_back(crop.wait);
        stream_latencies[crop.stream].push_back(crop.latency);
    }
    summary.wait = percentiles(waits);
    summary.latency = percentiles(latencies);
    std::vector<double> shares;
    for (int i = 0; i < record.streams; ++i) {
        StreamSummary& stream = summary.streams[i];
        stream.wait = percentiles(stream_waits[i]);
        stream.latency = percentiles(stream_latencies[i]);
        summary.met += stream.met;
        if (stream.crops > 0)
            shares.push_back(static_cast<double>(stream.met) / static_cast<double>(stream.crops));
    }
    summary.jain = jain_index(shares);
}

void add_batches(const SimulationRecord& record, SimulationSummary& summary) {
    double items = 0, rows = 0, busy = 0;
    for (const SimulatedBatch& batch : record.batches) {
        items += batch.items;
        rows += batch.run_size;
        busy += seconds(batch.ended - batch.started);
        ++summary.batch_sizes[batch.items];
        ++summary.reasons[batch.reason];
    }
    summary.mean_batch = share(items, static_cast<double>(record.batches.size()));
    summary.fill = share(items, rows);
    summary.busy = share(busy, seconds(record.ended) * record.slots);
}

}  // namespace

double jain_index(std::span<const double> shares) {
    double sum = 0, squares = 0;
    for (const double value : shares) {
        sum += value;
        squares += value * value;
    }
    return squares > 0 ? sum * sum / (static_cast<double>(shares.size()) * squares) : 1;
}

Percentiles percentiles(std::vector<Duration>& durations) {
    if (durations.empty()) return {};
    const auto at = [&durations](double share_below) {
        const auto rank = static_cast<size_t>(
            std::ceil(share_below * static_cast<double>(durations.size()) - 1e-9));
        const auto nth = durations.begin() + static_cast<ptrdiff_t>(std::max<size_t>(rank, 1) - 1);
        std::nth_element(durations.begin(), nth, durations.end());
        return milliseconds(*nth);
    };
    return {at(0.50), at(0.95), at(0.99)};
}

SimulationSummary summarize(const SimulationRecord& record) {
    SimulationSummary summary;
    summary.crops = record.crops.size();
    add_crops(record, summary);
    add_batches(record, summary);
    summary.offered_per_second = share(static_cast<double>(summary.crops), seconds(record.length));
    summary.goodput_per_second = share(static_cast<double>(summary.met), seconds(record.length));
    return summary;
}

}  // namespace facet
