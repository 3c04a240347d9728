// SPDX-License-Identifier: MIT
// The options of facet-bench, by CLI11.
#include "engine/tools/bench_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "engine/base/result.h"

namespace facet {

namespace {

constexpr int kMostProfiles = 100;

// Names of several letters after one dash, as users of older benchmark programs type them; CLI11
// would read "-mb" as "-m b".
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kOneDash{{
    {"-mb", "--max-batch"},
    {"-ni", "--iterations"},
    {"-niter", "--iterations"},
    {"-pc", "--counters"},
    {"-nireq", "--requests"},
    {"-nthreads", "--threads"},
    {"-nt", "--threads"},
}};

std::string in_two_dashes(std::string_view argument) {
    const size_t end = std::min(argument.find('='), argument.size());
    for (const auto& [one, two] : kOneDash)
        if (argument.substr(0, end) == one)
            return std::string(two) + std::string(argument.substr(end));
    return std::string(argument);
}

void add_model(CLI::App& app, BenchOptions& options) {
    app.add_option("-m,--model", options.model, "an .xml or .onnx file")->required();
    app.add_option("--model-info", options.model_info,
                   "its model-info file; else found by the model's name");
    app.add_option("--model-info-path", options.info_directories,
                   "folders of model-info files beside the model's own and the installed one")
        ->delimiter(':')
        ->envname("FACET_MODEL_INFO_PATH");
    app.add_option("-i,--images", options.images,
                   "JPEG and PNG files, and folders of them; none: made-up pixels");
    app.add_option("--detector", options.detector,
                   "a detection model: what it finds in the images are the rows, not the images");
    app.add_option("--labels", options.labels, "a file with the name of a class on each line");
    app.add_option("--results", options.shown_results, "rows to print results of")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
}

void add_run(CLI::App& app, BenchOptions& options) {
    app.add_option("-d,--device", options.device)->capture_default_str();
    app.add_option("--max-batch", options.max_batch, "-mb; of the model's requests")
        ->check(CLI::Range(1, 2048))
        ->capture_default_str();
    app.add_option("-b,--batch", options.batch_sizes,
                   "batch sizes to run; else every one up to the maximum")
        ->delimiter(',')
        ->check(CLI::Range(1, 2048));
    app.add_option("--profiles", options.profiles,
                   "ascending batch sizes that the device runs; others run as the cheapest of "
                   "them, padded or split")
        ->delimiter(',')
        ->check(CLI::Range(1, 2048));
    app.add_option("--iterations", options.iterations, "-ni; rounds over all batch sizes")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_flag("--fastest", options.fastest,
                 "keep the fastest round instead of the median, where other work disturbs");
    app.add_option("--threads", options.threads, "of a request; 0: the machine's")
        ->check(CLI::Range(0, 1024));
    app.add_option("--requests", options.requests, "that run at once")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option_function<std::string>(
           "--precision",
           [&options](const std::string& name) { options.precision = *parse_precision(name); },
           "auto, fp32, bf16, fp16 or int8")
        ->check([](const std::string& name) {
            return parse_precision(name) ? std::string() : "no precision is called " + name;
        });
}

void add_reports(CLI::App& app, BenchOptions& options) {
    app.add_flag("--counters", options.counters, "-pc; times every step of the largest batch");
    app.add_option("--dot", options.dot, "writes those steps as a Graphviz graph");
    app.add_option("--json", options.json, "writes everything; '-': to standard output, alone");
    app.add_option("--plot", options.plot, "writes throughput and latency by batch size, as SVG");
}

Result<void> check(const BenchOptions& options) {
    const auto invalid = [](std::string message) {
        return Error{ErrorCode::kInvalidArgument, std::move(message)};
    };
    if (!options.detector.empty() && options.images.empty())
        return invalid("--detector: needs --images to look at");
    if (options.profiles.size() > kMostProfiles)
        return invalid("--profiles: " + std::to_string(options.profiles.size()) +
                       " sizes; supported: up to " + std::to_string(kMostProfiles));
    if (std::ranges::adjacent_find(options.profiles, std::greater_equal<>()) !=
        options.profiles.end())
        return invalid("--profiles: sizes must ascend");
    const auto most = std::ranges::max_element(options.batch_sizes);
    if (most != options.batch_sizes.end() && *most > options.max_batch)
        return invalid("--batch: " + std::to_string(*most) + "; supported: 1 to --max-batch, " +
                       std::to_string(options.max_batch));
    return {};
}

}  // namespace

std::variant<BenchOptions, int> parse_bench_options(int count, char** arguments) {
    CLI::App app{"Runs a model on images at every batch size and says what each costs."};
    BenchOptions options;
    add_model(app, options);
    add_run(app, options);
    add_reports(app, options);
    // CLI11 takes a vector of arguments from its end.
    std::vector<std::string> translated;
    for (int i = count - 1; i > 0; --i) translated.push_back(in_two_dashes(arguments[i]));
    try {
        app.parse(std::move(translated));
        if (app.count("--max-batch") == 0) {
            for (const int size : options.batch_sizes)
                options.max_batch = std::max(options.max_batch, size);
            if (!options.profiles.empty())
                options.max_batch = std::max(options.max_batch, options.profiles.back());
        }
        if (const Result<void> checked = check(options); !checked.ok())
            throw CLI::ValidationError(checked.error().message);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    return options;
}

}  // namespace facet
