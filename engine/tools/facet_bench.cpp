// SPDX-License-Identifier: MIT
// facet-bench: runs a model on images at every batch size and says what each costs.
#include <cstdio>
#include <fstream>

#include "engine/backends/step_graph.h"
#include "engine/tools/bench_report.h"

namespace facet {
namespace {

Result<void> write_file(const std::string& path, const std::string& content) {
    if (path.empty()) return {};
    std::ofstream file(path);
    file << content;
    if (!file.flush()) return Error{ErrorCode::kIo, path + ": cannot be written"};
    return {};
}

Result<void> write(const BenchReport& report) {
    const BenchOptions& options = report.options;
    const bool json_alone = options.json == "-";
    std::fputs((json_alone ? bench_json(report) : bench_text(report)).c_str(), stdout);
    if (!json_alone) FACET_TRY(write_file(options.json, bench_json(report)));
    FACET_TRY(write_file(options.plot, bench_plot(report)));
    const std::string title = report.model.name + " on " + report.model.device + ", a batch of " +
                              std::to_string(report.measured.profiled_rows);
    return write_file(options.dot, step_graph(report.measured.steps, title));
}

Result<void> run(BenchOptions options) {
    options.info_directories.emplace_back(FACET_MODEL_INFO_DIRECTORY);
    FACET_ASSIGN(const BenchModel model, load_bench_model(options));
    FACET_ASSIGN(const std::vector<ImageRow> rows, read_rows(options, model.crop));
    FACET_ASSIGN(const std::vector<Converted> results, classify(model, rows));
    FACET_ASSIGN(const BenchMeasurement measured, measure(model, rows, options));
    return write({options, model, rows, results, measured});
}

}  // namespace
}  // namespace facet

int main(int count, char** arguments) {
    const auto options = facet::parse_bench_options(count, arguments);
    if (const int* code = std::get_if<int>(&options)) return *code;
    const facet::Result<void> ran = facet::run(std::get<facet::BenchOptions>(options));
    if (ran.ok()) return 0;
    std::fprintf(stderr, "facet-bench: %s\n", ran.error().text().c_str());
    return 1;
}
