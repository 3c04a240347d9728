// SPDX-License-Identifier: MIT
// The plots of a bench report.
#include <cstdio>

#include "engine/tools/bench_report.h"
#include "engine/tools/svg_plot.h"

namespace facet {

namespace {

std::string point_title(int rows, const char* pattern, double value) {
    char text[80];
    std::snprintf(text, sizeof text, pattern, value);
    return "batch " + std::to_string(rows) + ", " + text;
}

template <typename Value>
PlotLine line_of(const BenchReport& report, std::string name, std::string style,
                 const char* pattern, Value value) {
    PlotLine line{std::move(name), std::move(style), {}};
    for (const BenchPoint& point : report.measured.points) {
        const double y = value(point);
        line.points.push_back(
            {static_cast<double>(point.rows), y, point_title(point.rows, pattern, y)});
    }
    return line;
}

}  // namespace

std::string bench_plot(const BenchReport& report) {
    const std::string padded = "padded to " + std::to_string(report.measured.largest_run);
    const std::string dynamic =
        report.options.profiles.empty() ? "true size" : "cheapest of the profiles";
    const char* const rate = "%.1f images/s";
    const char* const time = "%.3f ms";
    const PlotAxis batch{"batch size", {}, true};
    const std::vector<PlotLine> throughput{
        line_of(report, dynamic, "s4", rate,
                [](const BenchPoint& point) { return point.rows_per_second; }),
        line_of(report, padded, "s2", rate,
                [](const BenchPoint& point) { return point.padded_rows_per_second; })};
    const std::vector<PlotLine> latency{
        line_of(report, dynamic, "s4", time,
                [](const BenchPoint& point) { return 1e3 * point.seconds; }),
        line_of(report, padded, "s2", time,
                [](const BenchPoint& point) { return 1e3 * point.padded_seconds; })};
    return svg_document(report.model.name, report.model.device + ": " + report.model.description,
                        {{"Throughput", line_plot("images per second by batch size", batch,
                                                  {"images/s", {}, false}, throughput)},
                         {"Latency", line_plot("milliseconds of a batch by its size", batch,
                                               {"ms per batch", {}, false}, latency)}});
}

}  // namespace facet
