// SPDX-License-Identifier: MIT
// facet-quantize: an ONNX model and crops in, the model with int8 layers out.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/tools/quantization.h"

namespace {

void print(const facet::QuantizationReport& report, const std::string& path) {
    std::printf("%s: %d layers, ranges from %zu crops, compared on %zu\n", path.c_str(),
                report.layers, report.crops, report.checked);
    for (const std::string& name : report.floats)
        std::printf("stays float: what reads %s\n", name.c_str());
    std::printf("%-24s %12s %12s %12s %14s\n", "output", "largest", "mean error", "largest error",
                "same maximum");
    for (const auto& output : report.comparison.outputs)
        std::printf("%-24s %12.5g %12.5g %12.5g %13.2f%%\n", output.name.c_str(), output.largest,
                    output.mean_error, output.largest_error, 100 * output.same_maximum);
    if (report.comparison.agreement.empty()) return;
    std::printf("\nWhat the model says, the floats being the first\n");
    for (const auto& figure : report.comparison.agreement)
        std::printf("%-24s %-20s %12.6g %s\n", figure.output.c_str(), figure.what.c_str(),
                    figure.value, figure.unit.c_str());
}

}  // namespace

int main(int argc, char** argv) {
    facet::QuantizeOptions options;
    std::string method = "mse";
    CLI::App app(
        "Quantises an ONNX model after training: int8 weights with a step per channel, "
        "activation ranges from crops.");
    app.add_option("MODEL", options.model, "an .onnx file")->required();
    app.add_option("CROPS", options.crops, "JPEG and PNG files, or folders of them")->required();
    app.add_option("-o,--output", options.output, "the .onnx file to write")->required();
    app.add_option(
        "--check", options.check,
        "JPEG and PNG files, or folders of them, to compare the two models on; else CROPS");
    app.add_option("--detector", options.detector,
                   "a detection model: what it finds in the images are the crops");
    app.add_option("--model-info", options.model_info, "how the model's input is fed");
    app.add_option("--model-info-path", options.info_directories,
                   "folders of model-info files beside the model's own and the installed one")
        ->envname("FACET_MODEL_INFO_PATH")
        ->delimiter(':');
    app.add_option("--range", method, "how far activations reach: mse or percentile")
        ->check(CLI::IsMember({"mse", "percentile"}))
        ->capture_default_str();
    app.add_option("--percentile", options.percentile, "of magnitudes, under --range percentile")
        ->check(CLI::Range(50.0, 100.0))
        ->capture_default_str();
    app.add_option("--most-crops", options.most_crops, "how many to look at")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--floats", options.most_floats,
                   "how many tensors may stay floats, where bytes lose most")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    options.info_directories.emplace_back(FACET_MODEL_INFO_DIRECTORY);
    if (method == "percentile") options.method = facet::RangeMethod::kPercentile;

    const auto report = facet::quantize(options);
    if (!report) {
        std::fprintf(stderr, "facet-quantize: %s\n", report.error().text().c_str());
        return 1;
    }
    print(*report, options.output.string());
    return 0;
}
