// SPDX-License-Identifier: MIT
// facet-inspect: prints what a model file holds and what Facet makes of it; or the devices.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "engine/backends/registry.h"
#include "engine/tools/device_report.h"
#include "engine/tools/inspection.h"
#include "engine/tools/inspection_report.h"

int main(int argc, char** argv) {
    facet::InspectOptions options;
    std::string model;
    std::vector<int64_t> open_size;
    bool as_json = false, all_nodes = false, devices = false;
    CLI::App app("Prints what a model file holds and what Facet makes of it.");
    app.add_option("MODEL", model, "an .xml or .onnx file");
    app.add_flag("--devices", devices, "the devices there are, and why others are refused");
    app.add_flag("--json", as_json, "one JSON object instead of text");
    app.add_flag("--nodes", all_nodes, "a table of every node (JSON has it always)");
    app.add_option("--batch", options.batch_sizes, "batch sizes to plan memory for")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::Range(1, 2048))
        ->capture_default_str();
    app.add_option("--size", open_size, "height and width, where the model leaves them open")
        ->expected(2)
        ->check(CLI::Range(1, 1 << 15));
    app.add_option("--threads", options.threads, "of a request; 0: the machine's")
        ->check(CLI::Range(0, 1024));
    CLI11_PARSE(app, argc, argv);

    if (devices) {
        const auto list = facet::describe_devices();
        const std::string none = facet::why_no_gpu();
        const std::string report = as_json ? facet::devices_json(list, facet::auto_devices(), none)
                                           : facet::devices_text(list, none);
        std::fputs(report.c_str(), stdout);
        return 0;
    }
    if (model.empty()) {
        std::fprintf(stderr, "facet-inspect: name a MODEL, or --devices\n");
        return 2;
    }
    options.model = model;
    if (open_size.size() == 2) options.open_size = facet::Extent2{open_size[0], open_size[1]};
    const auto inspection = facet::inspect(options);
    if (!inspection) {
        std::fprintf(stderr, "facet-inspect: %s\n", inspection.error().text().c_str());
        return 1;
    }
    const std::string report = as_json ? facet::inspection_json(*inspection)
                                       : facet::inspection_text(*inspection, all_nodes);
    std::fputs(report.c_str(), stdout);
    return 0;
}
