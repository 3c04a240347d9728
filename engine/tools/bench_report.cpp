// SPDX-License-Identifier: MIT
// Lines, tables and JSON of a bench report.
#include "engine/tools/bench_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace facet {

namespace {

using Json = nlohmann::ordered_json;

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char text[400];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

std::string attribute_text(const Attribute& attribute) {
    if (attribute.label_id >= 0)
        return format("%s %s %.2f", attribute.name.c_str(), attribute.label.c_str(),
                      attribute.confidence);
    if (attribute.value) return format("%s %.1f", attribute.name.c_str(), *attribute.value);
    std::string text = attribute.name;
    for (const float value : attribute.values) text += format(" %.2f", value);
    return text;
}

std::string detections_text(const std::vector<Detection>& detections) {
    const Detection& best = *std::ranges::max_element(detections, {}, &Detection::confidence);
    const std::string label = best.label.empty() ? "found" : best.label;
    return format("%zu %s, the surest %.2f at %.3f,%.3f %.3fx%.3f", detections.size(),
                  label.c_str(), best.confidence, best.box.x, best.box.y, best.box.width,
                  best.box.height);
}

std::string runs_text(const BenchPoint& point) {
    std::string text;
    for (const int rows : point.runs) text += (text.empty() ? "" : "+") + std::to_string(rows);
    return text;
}

std::string results_text(const BenchReport& report) {
    const size_t shown = std::min<size_t>(report.options.shown_results, report.results.size());
    std::string text;
    for (size_t i = 0; i < shown; ++i)
        text +=
            format("%-28s ", report.rows[i].name.c_str()) + result_text(report.results[i]) + "\n";
    if (shown < report.results.size())
        text += format("... and %zu more (--results)\n", report.results.size() - shown);
    return text.empty() ? text : text + "\n";
}

std::string points_text(const BenchReport& report) {
    const BenchMeasurement& measured = report.measured;
    std::string text =
        format("%5s  %-12s %10s %11s %10s   %s\n", "batch", "runs as", "ms/batch", "us/image",
               "images/s", format("against padding to %d", measured.largest_run).c_str());
    for (const BenchPoint& point : measured.points)
        text += format("%5d  %-12s %10.3f %11.1f %10.1f   %.2f x\n", point.rows,
                       runs_text(point).c_str(), 1e3 * point.seconds,
                       1e6 * point.seconds / point.rows, point.rows_per_second, point.gain());
    return text;
}

double total_seconds(const BenchMeasurement& measured) {
    double total = 0;
    for (const StepProfile& step : measured.steps) total += step.seconds;
    return total;
}

std::string step_name(const StepProfile& step) {
    std::string name = step.name;
    for (const std::string& fused : step.fused) name += " + " + fused;
    return name;
}

std::string cut_to(std::string text, size_t most) {
    return text.size() <= most ? text : text.substr(0, most - 2) + "..";
}

std::string steps_text(const BenchMeasurement& measured) {
    constexpr int kLongest = 44;
    size_t widest = 5;
    for (const StepProfile& step : measured.steps)
        widest = std::max(widest, std::min<size_t>(step_name(step).size(), kLongest));
    const int width = static_cast<int>(widest);
    std::string text = format("\nsteps of a batch of %d\n%-*s  %-14s %-24s %-16s %9s %6s %9s\n",
                              measured.profiled_rows, width, "layer", "kind", "implementation",
                              "layout", "ms", "share", "GFLOP/s");
    const double total = total_seconds(measured);
    for (const StepProfile& step : measured.steps) {
        text += format("%-*s  %-14s %-24s %-16s %9.3f %5.1f%%", width,
                       cut_to(step_name(step), widest).c_str(), cut_to(step.kind, 14).c_str(),
                       cut_to(step.implementation, 24).c_str(), step.layout.c_str(),
                       1e3 * step.seconds, 100 * step.seconds / total);
        text += step.flop > 0 ? format(" %9.1f\n", step.flop / step.seconds / 1e9) : "\n";
    }
    return text + format("%-*s  %-14s %-24s %-16s %9.3f\n", width, "all", "", "", "", 1e3 * total);
}

Json result_json(const ImageRow& row, const Converted& result) {
    Json entry{{"row", row.name}};
    entry["attributes"] = Json::array();
    for (const Attribute& attribute : result.attributes) {
        Json fact{{"name", attribute.name}};
        if (attribute.label_id >= 0) {
            fact["label"] = attribute.label;
            fact["label_id"] = attribute.label_id;
            fact["confidence"] = attribute.confidence;
        }
        if (attribute.value) fact["value"] = *attribute.value;
        if (!attribute.values.empty()) fact["values"] = attribute.values;
        entry["attributes"].push_back(std::move(fact));
    }
    entry["detections"] = Json::array();
    for (const Detection& found : result.detections)
        entry["detections"].push_back({{"label", found.label},
                                       {"confidence", found.confidence},
                                       {"x", found.box.x},
                                       {"y", found.box.y},
                                       {"width", found.box.width},
                                       {"height", found.box.height}});
    return entry;
}

Json points_json(const BenchMeasurement& measured) {
    Json list = Json::array();
    for (const BenchPoint& point : measured.points)
        list.push_back({{"batch", point.rows},
                        {"runs", point.runs},
                        {"seconds", point.seconds},
                        {"seconds_per_image", point.seconds / point.rows},
                        {"images_per_second", point.rows_per_second},
                        {"padded_seconds", point.padded_seconds},
                        {"padded_images_per_second", point.padded_rows_per_second},
                        {"gain", point.gain()}});
    return list;
}

Json steps_json(const std::vector<StepProfile>& steps) {
    Json list = Json::array();
    for (const StepProfile& step : steps)
        list.push_back({{"layer", step.name},
                        {"kind", step.kind},
                        {"fused", step.fused},
                        {"implementation", step.implementation},
                        {"layout", step.layout},
                        {"device", step.device},
                        {"inputs", step.inputs},
                        {"seconds", step.seconds},
                        {"flop", step.flop}});
    return list;
}

}  // namespace

std::string result_text(const Converted& result) {
    std::string text;
    for (const Attribute& attribute : result.attributes)
        text += (text.empty() ? "" : ", ") + attribute_text(attribute);
    if (!result.detections.empty())
        text += (text.empty() ? "" : "; ") + detections_text(result.detections);
    return text.empty() ? "-" : text;
}

std::string bench_text(const BenchReport& report) {
    std::string text = format("%s on %s: %s\n", report.model.name.c_str(),
                              report.model.device.c_str(), report.model.description.c_str());
    text +=
        format("%zu rows, %d x %d pixels; %d rounds, the %s; %d at a time\n\n", report.rows.size(),
               report.model.crop.width, report.model.crop.height, report.options.iterations,
               report.options.fastest ? "fastest" : "median", report.options.requests);
    for (const std::string& reason : report.model.mixing_nodes)
        text += "one row at a time only: " + reason + "\n";
    if (report.model.outputs.empty())
        text += "no model-info says what the outputs mean: results are not shown\n\n";
    else
        text += results_text(report);
    text += points_text(report);
    return report.measured.steps.empty() ? text : text + steps_text(report.measured);
}

std::string bench_json(const BenchReport& report) {
    Json result{{"schema", "facet-bench/1"},
                {"model", report.model.name},
                {"device", report.model.device},
                {"description", report.model.description},
                {"iterations", report.options.iterations},
                {"statistic", report.options.fastest ? "fastest" : "median"},
                {"requests", report.options.requests},
                {"batchable", report.model.mixing_nodes.empty()},
                {"mixes_rows", report.model.mixing_nodes},
                {"padded_to", report.measured.largest_run},
                {"batches", points_json(report.measured)}};
    result["results"] = Json::array();
    for (size_t i = 0; i < report.results.size(); ++i)
        result["results"].push_back(result_json(report.rows[i], report.results[i]));
    result["profiled_batch"] = report.measured.profiled_rows;
    result["steps"] = steps_json(report.measured.steps);
    return result.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace facet
