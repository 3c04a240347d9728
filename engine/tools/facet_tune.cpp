// SPDX-License-Identifier: MIT
// facet-tune: prints the batching settings that suit a load, and draws a page of plots.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>

#include "engine/tools/measure_costs.h"
#include "engine/tools/recorded_load.h"
#include "engine/tools/tune_options.h"
#include "engine/tools/tuning_page.h"

namespace facet {
namespace {

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return Error{ErrorCode::kNotFound, path + ": cannot be read"};
    return std::string(std::istreambuf_iterator<char>(file), {});
}

struct Source {
    Load load;
    CostTable costs;
    int requests = 1;  // that ran side by side when the costs were measured
    std::optional<RecordedLoad> recorded;
    std::string load_text, costs_text;
};

Result<CostTable> costs_of(const TuneOptions& options) {
    if (!options.models.empty()) {
        SessionSettings settings{.device = options.device,
                                 .max_batch = options.max_batch,
                                 .requests = 1,
                                 .threads = options.threads};
        for (const std::string& directory : options.info_directories)
            settings.info_directories.emplace_back(directory);
        settings.info_directories.emplace_back(FACET_MODEL_INFO_DIRECTORY);
        for (const std::string& model : options.models) settings.models.push_back({model, ""});
        return measure_costs(settings, options.rounds, options.fastest);
    }
    if (options.costs.find(':') != std::string::npos && !std::ifstream(options.costs))
        return CostTable::parse(options.costs);
    FACET_ASSIGN(std::string text, read_file(options.costs));
    for (char& letter : text)
        if (letter == '\n') letter = ' ';
    Result<CostTable> costs = CostTable::parse(text);
    if (!costs.ok()) return costs.error().within(options.costs);
    return costs;
}

Result<Source> read_source(const TuneOptions& options) {
    Source source;
    if (options.trace.empty()) {
        source.load = describe_load(options.load);
        source.load_text = describe(options.load);
    } else {
        FACET_ASSIGN(const std::string text, read_file(options.trace));
        Result<RecordedLoad> recorded = read_recorded_load(text);
        if (!recorded.ok()) return recorded.error().within(options.trace);
        source.load = recorded->load;
        source.costs = recorded->costs;
        source.requests = recorded->trace.limits.slots;
        source.recorded = std::move(*recorded);
        source.load_text = "recorded in " + options.trace;
        source.costs_text = "recorded in " + options.trace;
    }
    if (!options.costs.empty() || !options.models.empty()) {
        FACET_ASSIGN(source.costs, costs_of(options));
        source.requests = 1;
        source.costs_text = options.models.empty() ? "given" : "measured on " + options.device;
        for (const std::string& model : options.models) source.costs_text += ", " + model;
    }
    if (source.costs.empty())
        return Error{ErrorCode::kInvalidArgument,
                     "no costs: give --costs or --model, or a trace that has them"};
    if (source.load.crops() == 0)
        return Error{ErrorCode::kInvalidArgument, "the load has no faces"};
    return source;
}

TuningQuestion question_of(const TuneOptions& options, const Source& source) {
    TuningQuestion question{.load = source.load,
                            .costs = source.costs,
                            .deadline = 3 * source.costs.cost(options.max_batch),
                            .max_batches = batch_grid(options.max_batch),
                            .contention = options.contention};
    if (options.deadline > 0)
        question.deadline = Duration{static_cast<int64_t>(options.deadline * 1e6)};
    question.timeouts = timeout_grid(question.deadline, source.costs);
    if (options.timeout >= 0)
        question.timeouts = {Duration{static_cast<int64_t>(options.timeout * 1e6)}};
    if (source.requests > 1) {
        question.requests = {source.requests};
        question.contention = 0;  // it is in the costs
        return question;
    }
    for (int requests = 1; requests <= options.requests; requests *= 2)
        question.requests.push_back(requests);
    return question;
}

void print(const TuningAnswer& answer) {
    const TuningCandidate& best = answer.best();
    const SimulationSummary& summary = best.summary;
    std::printf("max-batch=%d timeout=%.3g requests=%d\n\n", best.max_batch,
                static_cast<double>(best.timeout.count()) / 1e6, best.requests);
    std::printf(
        "%.1f of %.1f crops/s in time (%.2f %%), p99 %.1f ms to the result, p99 wait "
        "%.1f ms, %.1f crops per batch, device busy %.0f %%, Jain %.4f\n",
        summary.goodput_per_second, summary.offered_per_second, 100 * summary.goodput_share(),
        summary.latency.p99, summary.wait.p99, summary.mean_batch, 100 * summary.busy,
        summary.jain);
    for (const std::string& reason : answer.reasons) std::printf("- %s\n", reason.c_str());
}

Result<void> run(const TuneOptions& options) {
    if (options.print_costs) {
        FACET_ASSIGN(const CostTable costs, costs_of(options));
        std::printf("%s\n", costs.text().c_str());
        return {};
    }
    FACET_ASSIGN(const Source source, read_source(options));
    const TuningQuestion question = question_of(options, source);
    const TuningAnswer answer = tune(question);
    print(answer);
    if (options.html.empty()) return {};
    std::optional<SimulationRecord> ran;
    if (source.recorded) ran = recorded_run(*source.recorded, question.deadline);
    std::ofstream file(options.html);
    file << tuning_page(question, answer, source.load_text, source.costs_text, ran);
    if (!file.flush()) return Error{ErrorCode::kIo, options.html + ": cannot be written"};
    return {};
}

}  // namespace
}  // namespace facet

int main(int count, char** arguments) {
    const auto options = facet::parse_tune_options(count, arguments);
    if (const int* code = std::get_if<int>(&options)) return *code;
    const facet::Result<void> ran = facet::run(std::get<facet::TuneOptions>(options));
    if (ran.ok()) return 0;
    std::fprintf(stderr, "facet-tune: %s\n", ran.error().text().c_str());
    return 1;
}
