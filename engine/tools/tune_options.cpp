// SPDX-License-Identifier: MIT
// The options of facet-tune, by CLI11.
#include "engine/tools/tune_options.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>

namespace facet {

namespace {

constexpr double kShortestDeadline = 0.1, kLongestDeadline = 60'000;  // milliseconds

void add_load(CLI::App& app, TuneOptions& options, double& seconds, double& burst_ms) {
    static const std::map<std::string, Arrival> arrivals = {
        {"steady", Arrival::kSteady}, {"poisson", Arrival::kPoisson}, {"bursty", Arrival::kBursty}};
    LoadDescription& load = options.load;
    const std::string group = "Load";
    CLI::Option* trace =
        app.add_option("--trace", options.trace, "recorded by trace-path")->group(group);
    const auto described = [&](CLI::Option* option) {
        option->group(group)->excludes(trace)->capture_default_str();
    };
    described(app.add_option("--streams", load.streams)->check(CLI::Range(1, 4096)));
    described(app.add_option("--fps", load.fps, "of each stream")->check(CLI::Range(0.01, 1000.0)));
    described(app.add_option("--faces", load.faces, "mean per frame")
                  ->check(CLI::Range(0.0, double{kMostFaces})));
    described(app.add_option("--crowd", load.crowd, "mean faces per frame of one of the streams")
                  ->check(CLI::Range(0.0, double{kMostFaces})));
    described(app.add_option("--jitter", load.jitter, "share of a frame's interval")
                  ->check(CLI::Range(0.0, 0.5)));
    described(app.add_option("--arrival", load.arrival, "steady, poisson or bursty")
                  ->transform(CLI::CheckedTransformer(arrivals).description("")));
    described(app.add_option("--burst", load.burst_ratio, "faces in a burst against calm times")
                  ->check(CLI::Range(1.0, 100.0)));
    described(app.add_option("--burst-share", load.burst_share, "of the time")
                  ->check(CLI::Range(0.01, 0.99)));
    described(app.add_option("--burst-length", burst_ms, "ms")->check(CLI::Range(1.0, 60'000.0)));
    described(app.add_option("--seconds", seconds, "of load")->check(CLI::Range(0.1, 3600.0)));
    described(app.add_option("--seed", load.seed));
}

void add_costs(CLI::App& app, TuneOptions& options) {
    const std::string group = "Costs";
    CLI::Option* costs =
        app.add_option("--costs", options.costs,
                       "rows:nanoseconds ..., or a file with that in; else the trace's")
            ->group(group);
    app.add_option("--model", options.models,
                   "model files to measure instead, run one after the "
                   "other on each batch")
        ->delimiter(',')
        ->excludes(costs)
        ->group(group);
    app.add_option("--model-info-path", options.info_directories,
                   "folders of model-info files beside the models' own and the installed one")
        ->delimiter(':')
        ->envname("FACET_MODEL_INFO_PATH")
        ->group(group);
    app.add_option("--device", options.device)->group(group)->capture_default_str();
    app.add_option("--threads", options.threads, "of a request; 0: the machine's")
        ->check(CLI::Range(0, 1024))
        ->group(group);
    app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 1000))->group(group);
    app.add_flag("--fastest", options.fastest, "keep the fastest round instead of the median")
        ->group(group);
    app.add_flag("--print-costs", options.print_costs, "and do nothing else")->group(group);
}

void add_question(CLI::App& app, TuneOptions& options) {
    app.add_option("--deadline", options.deadline,
                   "ms from a crop's arrival to its result; else three of the largest batches")
        ->check(CLI::Range(kShortestDeadline, kLongestDeadline));
    app.add_option("--timeout", options.timeout, "ms; try this one only")
        ->check(CLI::Range(0.0, kLongestDeadline));
    app.add_option("--max-batch", options.max_batch, "largest to try")
        ->check(CLI::Range(1, 2048))
        ->capture_default_str();
    app.add_option("--requests", options.requests, "most to try")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--contention", options.contention,
                   "what requests that run at once take from each other: 1 all, 0 nothing")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    app.add_option("--html", options.html, "writes a page with plots");
}

}  // namespace

std::variant<TuneOptions, int> parse_tune_options(int count, char** arguments) {
    CLI::App app{"Finds max-batch, timeout and requests for a load by replaying it off-line."};
    TuneOptions options;
    double seconds = 60, burst_ms = 500;
    add_load(app, options, seconds, burst_ms);
    add_costs(app, options);
    add_question(app, options);
    try {
        app.parse(count, arguments);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    options.load.length = Duration{static_cast<int64_t>(seconds * 1e9)};
    options.load.burst_length = Duration{static_cast<int64_t>(burst_ms * 1e6)};
    if (app.count("--burst") > 0 && app.count("--arrival") == 0)
        options.load.arrival = Arrival::kBursty;
    return options;
}

std::string describe(const LoadDescription& load) {
    char text[200];
    int length =
        std::snprintf(text, sizeof text, "%d %s of %.3g frames/s with %.3g faces on average",
                      load.streams, load.streams == 1 ? "stream" : "streams", load.fps, load.faces);
    if (load.crowd > 0)
        length += std::snprintf(text + length, sizeof text - length, ", one of them with %.3g",
                                load.crowd);
    switch (load.arrival) {
        case Arrival::kSteady:
            return std::string(text) + ", steady";
        case Arrival::kPoisson:
            return std::string(text) + ", Poisson";
        case Arrival::kBursty:
            std::snprintf(text + length, sizeof text - length, ", bursts of %.3g times",
                          load.burst_ratio);
            return text;
    }
    return text;
}

}  // namespace facet
