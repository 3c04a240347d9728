// SPDX-License-Identifier: MIT
// Replays the load once per setting and ranks what came of it.
#include "engine/tools/tuning.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <tuple>

namespace facet {

namespace {

constexpr double kSameGoodput = 0.99, kSameLatency = 1.05;
constexpr double kSpeeds[] = {0.1, 0.25, 0.5, 0.7, 0.85, 1, 1.15, 1.3, 1.5, 1.75, 2};

SimulationSummary replay(const TuningQuestion& question, const Load& load, int max_batch,
                         Duration timeout, int requests) {
    SimulationSettings settings{
        .deadline = question.deadline, .contention = question.contention, .noise = question.noise};
    settings.limits = {.max_batch = max_batch, .timeout = timeout, .slots = requests};
    return summarize(simulate(load, deadline_policy(), question.costs, settings));
}

// The same frames, `speed` times as fast.
Load hurried(const Load& load, double speed) {
    const auto sooner = [speed](Duration time) {
        return Duration{std::llround(static_cast<double>(time.count()) / speed)};
    };
    Load changed = load;
    changed.length = sooner(load.length);
    for (LoadFrame& frame : changed.frames) frame.at = sooner(frame.at);
    return changed;
}

size_t recommend(const std::vector<TuningCandidate>& grid) {
    double goodput = 0;
    for (const TuningCandidate& candidate : grid)
        goodput = std::max(goodput, candidate.summary.goodput_per_second);
    const auto is_good = [goodput](const TuningCandidate& candidate) {
        return candidate.summary.goodput_per_second >= goodput * kSameGoodput;
    };
    double latency = -1;
    for (const TuningCandidate& candidate : grid)
        if (is_good(candidate) && (latency < 0 || candidate.summary.latency.p99 < latency))
            latency = candidate.summary.latency.p99;
    size_t best = grid.size();
    const auto rank = [&grid](size_t i) {
        return std::tuple(grid[i].requests, grid[i].max_batch, grid[i].timeout);
    };
    for (size_t i = 0; i < grid.size(); ++i) {
        if (!is_good(grid[i]) || grid[i].summary.latency.p99 > latency * kSameLatency) continue;
        if (best == grid.size() || rank(i) < rank(best)) best = i;
    }
    return best;
}

template <typename... Values>
std::string sentence(const char* format, Values... values) {
    char text[320];
    std::snprintf(text, sizeof text, format, values...);
    return text;
}

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

double rate(const TuningQuestion& question, int max_batch) {
    return 1e9 / question.costs.cost_per_row(max_batch);
}

std::string batch_reason(const TuningQuestion& question, const TuningCandidate& best) {
    const int largest = question.max_batches.back();
    return sentence(
        "max-batch %d: the device does %.0f crops/s in batches of %d, %.0f one by one and %.0f in "
        "batches of %d; the load brings %.0f.",
        best.max_batch, rate(question, best.max_batch), best.max_batch, rate(question, 1),
        rate(question, largest), largest, best.summary.offered_per_second);
}

std::string timeout_reason(const TuningCandidate& best) {
    return sentence(
        "timeout %.3g ms: the shortest with which nothing is lost. The policy starts earlier "
        "whenever waiting does not pay, but a live pipeline is told to expect this wait.",
        milliseconds(best.timeout));
}

std::vector<std::string> explain(const TuningQuestion& question, const TuningAnswer& answer) {
    const TuningCandidate& best = answer.best();
    std::vector<std::string> reasons = {batch_reason(question, best), timeout_reason(best)};
    const auto most = std::ranges::max_element(
        answer.grid, {}, [](const TuningCandidate& one) { return one.summary.goodput_per_second; });
    reasons.push_back(sentence(
        "requests %d: the most goodput with any setting is %.0f crops/s, with this one %.0f.",
        best.requests, most->summary.goodput_per_second, best.summary.goodput_per_second));
    if (best.summary.offered_per_second > rate(question, question.max_batches.back()))
        reasons.push_back(
            "The load is more than the device can do with any setting: fewer faces per frame, a "
            "longer reclassify-interval or overload=skip are needed.");
    else if (best.summary.goodput_share() < 0.99)
        reasons.push_back(sentence(
            "%.1f %% of the crops miss the deadline of %.0f ms even so: overload=skip keeps the "
            "others in time.",
            100 * (1 - best.summary.goodput_share()), milliseconds(question.deadline)));
    return reasons;
}

std::vector<ThroughputCurve> sweep(const TuningQuestion& question, const TuningCandidate& best) {
    std::vector<int> sizes = {1};
    if (best.max_batch > 2) sizes.push_back(best.max_batch / 2);
    if (best.max_batch > 1) sizes.push_back(best.max_batch);
    sizes.push_back(best.max_batch * 2);
    std::vector<ThroughputCurve> curves;
    for (const int size : sizes) {
        ThroughputCurve curve{size, {}};
        for (const double speed : kSpeeds) {
            const Load load = hurried(question.load, speed);
            const SimulationSummary summary =
                replay(question, load, size, best.timeout, best.requests);
            curve.points.push_back(
                {summary.offered_per_second, summary.goodput_per_second, summary.latency});
        }
        curves.push_back(std::move(curve));
    }
    return curves;
}

}  // namespace

TuningAnswer tune(const TuningQuestion& question) {
    TuningAnswer answer;
    for (const int requests : question.requests)
        for (const int max_batch : question.max_batches)
            for (const Duration timeout : question.timeouts)
                answer.grid.push_back(
                    {max_batch, timeout, requests,
                     replay(question, question.load, max_batch, timeout, requests)});
    answer.recommended = recommend(answer.grid);
    answer.reasons = explain(question, answer);
    answer.curves = sweep(question, answer.best());
    return answer;
}

std::vector<int> batch_grid(int most) {
    std::vector<int> sizes;
    for (int size = 1; size < most; size *= 2) sizes.push_back(size);
    sizes.push_back(most);
    return sizes;
}

std::vector<Duration> timeout_grid(Duration deadline, const CostTable& costs) {
    std::vector<Duration> timeouts = {Duration{0}};
    const Duration slack = deadline - costs.cost(1);
    for (const int part : {32, 16, 8, 4, 2, 1})
        if (slack / part > timeouts.back()) timeouts.push_back(slack / part);
    return timeouts;
}

}  // namespace facet
