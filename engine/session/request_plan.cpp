// SPDX-License-Identifier: MIT
// The arithmetic of plans.
#include "engine/session/request_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace facet {

namespace {

constexpr int kMostRequests = 64;
constexpr int kRowsPerProcessor = 4;
constexpr double kLosesNoThroughput = 1.1;
constexpr double kUndisturbed = 1.2;

double mean_logarithm(const std::vector<double>& times) {
    double sum = 0;
    for (const double one : times) sum += std::log(one);
    return sum / static_cast<double>(times.size());
}

}  // namespace

std::vector<RequestPlan> plans_for(const AskedRequests& asked) {
    if (asked.processors == 0) return {{std::max(asked.requests, 1), 0}};
    if (asked.requests > 0) {
        const int shared = std::max(1, asked.processors / asked.requests);
        return {{asked.requests, asked.threads > 0 ? asked.threads : shared}};
    }
    const auto requests_of = [&](int threads) {
        return std::clamp(asked.processors / threads, 1, kMostRequests);
    };
    if (asked.threads > 0) return {{requests_of(asked.threads), asked.threads}};
    std::vector<RequestPlan> plans;
    for (int threads = asked.processors; threads >= 1; threads /= 2)
        plans.push_back({requests_of(threads), threads});
    return plans;
}

std::vector<int> sizes_to_compare(int largest, int processors) {
    std::vector<int> sizes;
    for (int rows = 1; rows <= std::min(largest, kRowsPerProcessor * processors); rows *= 2)
        sizes.push_back(rows);
    return sizes;
}

size_t choose_plan(std::span<const std::vector<double>> times) {
    double full = std::numeric_limits<double>::max();
    for (const std::vector<double>& plan : times) full = std::min(full, plan.back());
    const auto keeps_up = [&](const std::vector<double>& plan) {
        return plan.back() <= kLosesNoThroughput * full;
    };
    double best = std::numeric_limits<double>::max();
    for (const std::vector<double>& plan : times)
        if (keeps_up(plan)) best = std::min(best, mean_logarithm(plan));
    size_t index = times.size() - 1;
    while (!keeps_up(times[index]) || mean_logarithm(times[index]) > best + std::log(kUndisturbed))
        --index;
    return index;
}

}  // namespace facet
