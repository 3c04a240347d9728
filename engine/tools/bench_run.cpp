// SPDX-License-Identifier: MIT
// One thread per request; a barrier starts each size in all of them together.
#include "engine/tools/bench_run.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <optional>
#include <thread>

#include "engine/batching/batch_policy.h"

namespace facet {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_between(Clock::time_point start, Clock::time_point end) {
    return std::chrono::duration<double>(end - start).count();
}

double pick(std::vector<double> seconds, bool fastest) {
    const auto middle = seconds.begin() + static_cast<ptrdiff_t>(fastest ? 0 : seconds.size() / 2);
    std::ranges::nth_element(seconds, middle);
    return *middle;
}

void fill(InferRequest& request, const std::vector<ImageRow>& rows, size_t first, size_t count) {
    uint8_t* to = request.input(0).as<uint8_t>().data();
    for (size_t i = 0; i < count; ++i)
        to = std::ranges::copy(rows[(first + i) % rows.size()].pixels, to).out;
}

// The sizes to run for some rows.
using Plan = std::vector<int>;

Result<void> run(InferRequest& request, const Plan& plan) {
    for (const int rows : plan) FACET_TRY(request.infer(rows));
    return {};
}

// Invariants: worker w writes spans_[.][.][w] and errors_[w] only, between two barriers.
class BenchRun {
  public:
    BenchRun(std::vector<std::unique_ptr<InferRequest>> requests, std::vector<Plan> plans,
             int rounds)
        : requests_(std::move(requests)),
          plans_(std::move(plans)),
          rounds_(rounds),
          spans_(plans_.size(),
                 std::vector<std::vector<Span>>(rounds, std::vector<Span>(requests_.size()))),
          errors_(requests_.size()),
          start_(static_cast<ptrdiff_t>(requests_.size())) {}

    Result<void> run_all() {
        {
            std::vector<std::jthread> workers;
            for (size_t worker = 0; worker < requests_.size(); ++worker)
                workers.emplace_back([this, worker] { work(worker); });
        }
        for (const auto& error : errors_)
            if (error) return *error;
        return {};
    }

    // Of one request; and of all, from the first start to the last end.
    [[nodiscard]] double latency(size_t plan, bool fastest) const {
        std::vector<double> all;
        for (const auto& round : spans_[plan])
            for (const Span& span : round) all.push_back(seconds_between(span.start, span.end));
        return pick(std::move(all), fastest);
    }
    [[nodiscard]] double wall(size_t plan, bool fastest) const {
        std::vector<double> all;
        for (const auto& round : spans_[plan])
            all.push_back(seconds_between(std::ranges::min(round, {}, &Span::start).start,
                                          std::ranges::max(round, {}, &Span::end).end));
        return pick(std::move(all), fastest);
    }
    [[nodiscard]] InferRequest& request() { return *requests_.front(); }
    [[nodiscard]] size_t requests() const { return requests_.size(); }

  private:
    struct Span {
        Clock::time_point start, end;
    };

    // The first round is not kept: it pays for what a size needs once.
    void work(size_t worker) {
        for (int round = -1; round < rounds_; ++round)
            for (size_t plan = 0; plan < plans_.size(); ++plan) {
                start_.arrive_and_wait();
                if (failed_) return start_.arrive_and_drop();
                const Clock::time_point start = Clock::now();
                const Result<void> ran = run(*requests_[worker], plans_[plan]);
                if (!ran.ok()) {
                    errors_[worker] = ran.error();
                    failed_ = true;
                }
                if (round >= 0) spans_[plan][round][worker] = {start, Clock::now()};
            }
    }

    const std::vector<std::unique_ptr<InferRequest>> requests_;
    const std::vector<Plan> plans_;
    const int rounds_;
    std::vector<std::vector<std::vector<Span>>> spans_;  // by plan, round and worker
    std::vector<std::optional<Error>> errors_;           // by worker
    std::atomic<bool> failed_ = false;
    std::barrier<> start_;
};

Result<std::vector<std::unique_ptr<InferRequest>>> create_requests(
    const BenchModel& model, const std::vector<ImageRow>& rows, int count) {
    std::vector<std::unique_ptr<InferRequest>> requests;
    for (int i = 0; i < count; ++i) {
        FACET_ASSIGN(std::unique_ptr<InferRequest> request, model.compiled->create_request());
        fill(*request, rows, 0, model.compiled->max_batch());
        requests.push_back(std::move(request));
    }
    return requests;
}

std::vector<int> sizes_of(const BenchModel& model, const BenchOptions& options) {
    if (!model.mixing_nodes.empty()) return {1};
    std::vector<int> sizes = options.batch_sizes;
    for (int rows = 1; options.batch_sizes.empty() && rows <= options.max_batch; ++rows)
        sizes.push_back(rows);
    std::ranges::sort(sizes);
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    return sizes;
}

Result<CostTable> profile_costs(InferRequest& request, const BenchOptions& options) {
    std::vector<CostTable::Point> points;
    for (const int profile : options.profiles) {
        std::vector<double> seconds;
        for (int round = -1; round < options.iterations; ++round) {
            const Clock::time_point start = Clock::now();
            FACET_TRY(request.infer(profile));
            if (round >= 0) seconds.push_back(seconds_between(start, Clock::now()));
        }
        const double cost = pick(std::move(seconds), options.fastest);
        points.push_back({profile, Duration{static_cast<int64_t>(cost * 1e9)}});
    }
    return CostTable(std::move(points));
}

Result<std::vector<Plan>> make_plans(InferRequest& request, const std::vector<int>& sizes,
                                     const BenchOptions& options) {
    std::vector<Plan> plans;
    if (options.profiles.empty()) {
        for (const int rows : sizes) plans.push_back({rows});
        return plans;
    }
    FACET_ASSIGN(const CostTable costs, profile_costs(request, options));
    BatchLimits limits;
    limits.max_batch = options.profiles.back();
    limits.profiles = options.profiles;
    for (const int rows : sizes) {
        Plan& plan = plans.emplace_back();
        for (size_t left = rows; left > 0;) {
            const BatchSize next = best_size(limits, costs, left);
            plan.push_back(static_cast<int>(next.run_size));
            left -= next.count;
        }
    }
    return plans;
}

Result<void> profile_steps(InferRequest& request, int rounds, bool fastest,
                           BenchMeasurement& measured) {
    std::vector<std::vector<double>> seconds;
    for (int round = 0; round < rounds; ++round) {
        FACET_ASSIGN(measured.steps, request.profile(measured.profiled_rows));
        seconds.resize(measured.steps.size());
        for (size_t i = 0; i < seconds.size(); ++i) seconds[i].push_back(measured.steps[i].seconds);
    }
    for (size_t i = 0; i < seconds.size(); ++i)
        measured.steps[i].seconds = pick(std::move(seconds[i]), fastest);
    return {};
}

BenchPoint point_of(const BenchRun& bench, size_t plan, int rows, int largest, size_t padded,
                    bool fastest) {
    const auto all_rows = static_cast<double>(bench.requests()) * rows;
    const int padded_runs = (rows + largest - 1) / largest;
    BenchPoint point;
    point.rows = rows;
    point.seconds = bench.latency(plan, fastest);
    point.rows_per_second = all_rows / bench.wall(plan, fastest);
    point.padded_seconds = padded_runs * bench.latency(padded, fastest);
    point.padded_rows_per_second = all_rows / (padded_runs * bench.wall(padded, fastest));
    return point;
}

}  // namespace

Result<BenchMeasurement> measure(const BenchModel& model, const std::vector<ImageRow>& rows,
                                 const BenchOptions& options) {
    FACET_ASSIGN(auto requests, create_requests(model, rows, options.requests));
    const std::vector<int> sizes = sizes_of(model, options);
    FACET_ASSIGN(std::vector<Plan> plans, make_plans(*requests.front(), sizes, options));
    BenchMeasurement measured;
    measured.largest_run = model.compiled->max_batch();
    const Plan padded{measured.largest_run};
    if (std::ranges::find(plans, padded) == plans.end()) plans.push_back(padded);
    const size_t padded_plan = std::ranges::find(plans, padded) - plans.begin();

    BenchRun bench(std::move(requests), plans, options.iterations);
    FACET_TRY(bench.run_all());
    for (size_t i = 0; i < sizes.size(); ++i) {
        BenchPoint point =
            point_of(bench, i, sizes[i], measured.largest_run, padded_plan, options.fastest);
        point.runs = plans[i];
        measured.points.push_back(std::move(point));
    }
    if (!options.counters && options.dot.empty()) return measured;
    measured.profiled_rows = std::min(sizes.back(), measured.largest_run);
    FACET_TRY(profile_steps(bench.request(), options.iterations, options.fastest, measured));
    return measured;
}

Result<std::vector<Converted>> classify(const BenchModel& model,
                                        const std::vector<ImageRow>& rows) {
    FACET_ASSIGN(const auto request, model.compiled->create_request());
    std::vector<Converted> results;
    const size_t most = model.compiled->max_batch();
    for (size_t first = 0; first < rows.size(); first += most) {
        const size_t count = std::min(most, rows.size() - first);
        fill(*request, rows, first, count);
        FACET_TRY(request->infer(static_cast<int>(count)));
        for (size_t row = 0; row < count; ++row) results.push_back(model.convert(*request, row));
    }
    return results;
}

}  // namespace facet
