// SPDX-License-Identifier: MIT
// The derivation's arithmetic.
#include "engine/batching/derive_limits.h"

#include <algorithm>

namespace facet {

namespace {

constexpr int kUnmeasuredBatch = 16;
constexpr double kAsGoodAsBest = 1.05;

Duration margin_of(Duration cost) {
    return cost / 8;
}

int choose_size(const AskedLimits& asked, const CostTable& costs) {
    if (costs.empty()) return std::min(kUnmeasuredBatch, asked.ceiling);
    double best = costs.cost_per_row(1);
    for (int rows = 2; rows <= asked.ceiling; ++rows)
        best = std::min(best, costs.cost_per_row(rows));
    int rows = 1;
    while (costs.cost_per_row(rows) > best * kAsGoodAsBest) ++rows;
    const auto fits = [&](int size) {
        const Duration cost = costs.cost(size);
        return 2 * cost + margin_of(cost) <= asked.latency_budget;
    };
    if (asked.latency_budget > Duration{0})
        while (rows > 1 && !fits(rows)) --rows;
    return rows;
}

}  // namespace

BatchLimits derive_limits(const AskedLimits& asked, const CostTable& costs) {
    BatchLimits limits{.max_batch = asked.max_batch > 0 ? std::min(asked.max_batch, asked.ceiling)
                                                        : choose_size(asked, costs),
                       .timeout = asked.timeout,
                       .latency_budget = asked.latency_budget,
                       .profiles = asked.profiles,
                       .slots = asked.slots};
    if (asked.latency_budget > Duration{0}) {
        const Duration largest = costs.cost(static_cast<int>(largest_batch(limits)));
        limits.margin = margin_of(largest);
        limits.timeout = std::max(Duration{0}, asked.latency_budget - largest - limits.margin);
    }
    return limits;
}

}  // namespace facet
