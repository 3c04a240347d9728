// SPDX-License-Identifier: MIT
// Facet's policy beside the rules of others, on the same loads, costs, sizes and timeouts.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string_view>

#include "engine/batching/simulation_report.h"
#include "tests/bench/policy_loads.h"
#include "tests/bench/rival_policies.h"

namespace facet::testing {
namespace {

constexpr int kMaxBatch = 16;
constexpr double kWaitsAt = 0.8;  // share of the capacity at which waits are compared

struct Contender {
    const char* name;
    std::function<std::unique_ptr<Policy>()> make;
    enum class Role { kFacet, kFacetSheds, kRival, kTuned } role;
};

const std::vector<Contender>& contenders() {
    using Role = Contender::Role;
    static const std::vector<Contender> list = {
        {"facet", [] { return std::make_unique<DeadlinePolicy>(); }, Role::kFacet},
        {"fixed", [] { return std::make_unique<FixedBatchPolicy>(); }, Role::kRival},
        {"auto-batch", [] { return std::make_unique<AutoBatchPolicy>(); }, Role::kRival},
        {"triton",
         [] {
             return std::make_unique<PreferredSizePolicy>(std::vector<size_t>{4, 8, kMaxBatch});
         },
         Role::kRival},
        {"batch-1", [] { return std::make_unique<SinglePolicy>(); }, Role::kRival},
        {"facet+skip", [] { return std::make_unique<DeadlinePolicy>(); }, Role::kFacetSheds},
        {"triton, 0 ms",
         [] { return std::make_unique<PreferredSizePolicy>(std::vector<size_t>{kMaxBatch}); },
         Role::kTuned},
    };
    return list;
}

struct Options {
    bool quick = false, json_only = false;
    std::string costs;
};

// Of one load. Goodput is that of Facet with overload=skip, which knows the deadline; waits are
// those without, so that crops which were shed do not flatter them.
struct Outcome {
    SimulationSummary every, sheds;
    double best_goodput = 1e-9, best_wait = 1e12, tuned_wait = 1e-9;
    LeastTimes floor;

    void add(Contender::Role role, const SimulationSummary& summary) {
        switch (role) {
            case Contender::Role::kFacet:
                every = summary;
                return;
            case Contender::Role::kFacetSheds:
                sheds = summary;
                return;
            case Contender::Role::kRival:
                best_goodput = std::max(best_goodput, summary.goodput_per_second);
                best_wait = std::min(best_wait, std::max(1e-6, summary.wait.p99));
                return;
            case Contender::Role::kTuned:
                tuned_wait = std::max(1e-6, summary.wait.p99);
                return;
        }
    }
};

// The worst over the loads so far.
struct Verdict {
    double goodput = 1e9, goodput_of_every = 1e9, wait = 0, wait_of_tuned = 0, misses = 0, jain = 1;
    double floor = 0;  // of p99 wait against the best rival's, where `wait` is
    int loads = 0, halved = 0, cannot_be_halved = 0;  // at kWaitsAt
    std::string goodput_load = "none", wait_load = "none", misses_load = "none";
};

class Bench {
  public:
    explicit Bench(const Options& options) : options_(options) {}

    void run(const NamedCosts& device) {
        const double crops_per_second = capacity(device.costs, kMaxBatch);
        const Duration batch = device.costs.cost(kMaxBatch);
        print("\n%s: capacity %.0f crops/s, max-batch %d, timeout %.1f ms, deadline %.1f ms\n",
              device.name.c_str(), crops_per_second, kMaxBatch, batch.count() / 1e6,
              3 * batch.count() / 1e6);
        print("%7s %8s %5s  %-12s %8s %8s %9s %9s %10s %8s %5s %6s %6s\n", "streams", "arrival",
              "load", "policy", "crops/s", "goodput", "p50 wait", "p99 wait", "p99 result",
              "misses", "fill", "batch", "Jain");
        for (const int streams : {1, 4, 16, 64, 256})
            for (const Arrival arrival : {Arrival::kPoisson, Arrival::kBursty})
                for (const double share : {0.5, kWaitsAt, 0.95})
                    compare(device, streams, arrival, share, crops_per_second);
    }

    void finish() const {
        print("\nworst goodput against the best rival: %.4f (%s)\n", verdict_.goodput,
              verdict_.goodput_load.c_str());
        print("the same without shedding, every crop having its result: %.4f\n",
              verdict_.goodput_of_every);
        print("worst p99 wait at 80 %% against the best rival: %.3f (%s)\n", verdict_.wait,
              verdict_.wait_load.c_str());
        print("the floor of every policy that takes crops in order, there: %.3f\n", verdict_.floor);
        print("of %d loads at 80 %%, half of the best rival: %d; floor above that half: %d\n",
              verdict_.loads, verdict_.halved, verdict_.cannot_be_halved);
        print(
            "worst p99 wait at 80 %% against 'triton, 0 ms', tuned by hand to start at once: "
            "%.3f\n",
            verdict_.wait_of_tuned);
        print("largest share of deadlines missed, shed crops included: %.4f (%s)\n",
              verdict_.misses, verdict_.misses_load.c_str());
        std::printf(
            "{\"goodput_vs_best_rival\": %.4f, \"p99_wait_vs_best_rival_at_80\": %.4f, "
            "\"deadline_misses\": %.4f, \"jain\": %.4f}\n",
            verdict_.goodput, verdict_.wait, verdict_.misses, verdict_.jain);
    }

  private:
    template <typename... Values>
    void print(const char* format, Values... values) const {
        if (!options_.json_only) std::printf(format, values...);
    }

    [[nodiscard]] SimulationSummary run_one(const Contender& contender, const Load& load,
                                            const CostTable& costs) const {
        const Duration batch = costs.cost(kMaxBatch);
        SimulationSettings settings{.deadline = 3 * batch};
        settings.sheds = contender.role == Contender::Role::kFacetSheds;
        settings.limits = {
            .max_batch = kMaxBatch,
            .timeout = contender.role == Contender::Role::kTuned ? Duration{0} : batch,
            .latency_budget = settings.deadline};
        return summarize(simulate(load, *contender.make(), costs, settings));
    }

    void compare(const NamedCosts& device, int streams, Arrival arrival, double share,
                 double crops_per_second) {
        LoadDescription description = scaled_load(streams, share, crops_per_second, arrival);
        description.length = std::chrono::seconds(options_.quick ? 30 : 300);
        const Load load = describe_load(description);
        const char* shape = arrival == Arrival::kPoisson ? "Poisson" : "bursty";
        char name[96];
        std::snprintf(name, sizeof name, "%s, %d streams, %s, %.0f %%", device.name.c_str(),
                      streams, shape, 100 * share);
        Outcome outcome;
        for (const Contender& contender : contenders()) {
            const SimulationSummary summary = run_one(contender, load, device.costs);
            print(
                "%7d %8s %4.0f%%  %-12s %8.1f %7.2f%% %9.2f %9.2f %10.2f %8llu %5.2f %6.2f %6.4f\n",
                streams, shape, 100 * summary.offered_per_second / crops_per_second, contender.name,
                summary.goodput_per_second, 100 * summary.goodput_share(), summary.wait.p50,
                summary.wait.p99, summary.latency.p99,
                static_cast<unsigned long long>(summary.crops - summary.met), summary.fill,
                summary.mean_batch, summary.jain);
            outcome.add(contender.role, summary);
        }
        outcome.floor = least_times(load, device.costs, kMaxBatch);
        print("%7s %8s %5s  %-12s %8s %8s %9.2f %9.2f %10.2f\n", "", "", "", "(floor)", "", "",
              outcome.floor.wait.p50, outcome.floor.wait.p99, outcome.floor.latency.p99);
        judge(name, share, outcome);
    }

    void judge(const std::string& name, double share, const Outcome& outcome) {
        if (outcome.every.crops == 0) return;
        const double goodput = outcome.sheds.goodput_per_second / outcome.best_goodput;
        if (goodput < verdict_.goodput) {
            verdict_.goodput = goodput;
            verdict_.goodput_load = name;
        }
        verdict_.goodput_of_every = std::min(
            verdict_.goodput_of_every, outcome.every.goodput_per_second / outcome.best_goodput);
        const double misses = 1 - outcome.sheds.goodput_share();
        if (misses > verdict_.misses) {
            verdict_.misses = misses;
            verdict_.misses_load = name;
        }
        verdict_.jain = std::min(verdict_.jain, outcome.sheds.jain);
        if (share != kWaitsAt) return;
        const double wait = outcome.every.wait.p99 / outcome.best_wait;
        verdict_.wait_of_tuned =
            std::max(verdict_.wait_of_tuned, outcome.every.wait.p99 / outcome.tuned_wait);
        const double floor = outcome.floor.wait.p99 / outcome.best_wait;
        ++verdict_.loads;
        if (wait <= 0.5) ++verdict_.halved;
        if (floor > 0.5) ++verdict_.cannot_be_halved;
        if (wait > verdict_.wait) {
            verdict_.wait = wait;
            verdict_.floor = floor;
            verdict_.wait_load = name;
        }
    }

    const Options options_;
    Verdict verdict_;
};

int run(const Options& options) {
    const Result<std::vector<NamedCosts>> devices = read_cost_tables(options.costs);
    if (!devices.ok()) {
        std::fprintf(stderr, "%s\n", devices.error().text().c_str());
        return 1;
    }
    Bench bench(options);
    for (const NamedCosts& device : *devices) bench.run(device);
    bench.finish();
    return 0;
}

}  // namespace
}  // namespace facet::testing

int main(int count, char** arguments) {
    facet::testing::Options options;
    for (int i = 1; i < count; ++i) {
        const std::string_view argument = arguments[i];
        if (argument == "--quick")
            options.quick = true;
        else if (argument == "--json-only")
            options.json_only = true;
        else if (!argument.starts_with("-") && options.costs.empty())
            options.costs = argument;
        else
            options.costs.clear(), i = count;
    }
    if (options.costs.empty()) {
        std::fprintf(stderr, "usage: bench-policies [--quick] [--json-only] COSTS\n");
        return 2;
    }
    return facet::testing::run(options);
}
