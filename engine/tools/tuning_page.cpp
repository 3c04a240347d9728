// SPDX-License-Identifier: MIT
// Puts the plots, the recommendation and the whole grid on a page.
#include "engine/tools/tuning_page.h"

#include <algorithm>
#include <cstdio>

#include "engine/tools/svg_plot.h"

namespace facet {

namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --back: #fafaf8; --card: #ffffff; --ink: #1d2129; --soft: #5d6675;
  --rule: #e3e5e9; --axis: #9aa1ad; --accent: #c2410c;
  --s0: #9db4d3; --s1: #5b8dc9; --s2: #1f5fae; --s3: #0f2f5f; --s4: #c2410c; --s5: #0f8a6d; }
@media (prefers-color-scheme: dark) { :root { --back: #14171c; --card: #1c2027; --ink: #e6e8ec;
  --soft: #9aa3b2; --rule: #2e343e; --axis: #697280; --accent: #fb923c;
  --s0: #46648c; --s1: #5b8dc9; --s2: #8fbcf2; --s3: #d3e6ff; --s4: #fb923c; --s5: #4fd1ad; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 16px; margin: 0 0 2px; }
p { margin: 4px 0; } .soft { color: var(--soft); font-size: 13.5px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr));
  gap: 18px; margin-top: 18px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 16px 18px; min-width: 0; } .wide { grid-column: 1 / -1; }
.settings { display: flex; flex-wrap: wrap; gap: 8px 34px; margin: 8px 0 10px; }
.settings b { display: block; font-size: 26px; line-height: 1.2; color: var(--accent);
  font-variant-numeric: tabular-nums; } .settings .plain b { color: var(--ink); }
.settings span { color: var(--soft); font-size: 13px; } ul { margin: 6px 0 0; padding-left: 20px; }
code { font: 13px ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px;
  font-variant-numeric: tabular-nums; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--rule); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
tr.best td { color: var(--accent); font-weight: 600; }
svg.plot { width: 100%; height: auto; display: block; margin-top: 6px; }
)";

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    char text[320];
    std::snprintf(text, sizeof text, pattern, values...);
    return text;
}

double milliseconds(Duration duration) {
    return static_cast<double>(duration.count()) / 1e6;
}

std::string card(std::string_view title, std::string_view hint, const std::string& content) {
    return "<section class=\"card\"><h2>" + escape_markup(title) + "</h2><p class=\"soft\">" +
           escape_markup(hint) + "</p>\n" + content + "</section>\n";
}

std::string style_rules() {
    PlotColors colors{.ink = "var(--ink)",
                      .soft = "var(--soft)",
                      .grid = "var(--rule)",
                      .axis = "var(--axis)",
                      .back = "var(--card)",
                      .accent = "var(--accent)",
                      .series = {}};
    for (size_t i = 0; i < colors.series.size(); ++i)
        colors.series[i] = "var(--s" + std::to_string(i) + ")";
    return kStyle + plot_rules(colors);
}

std::string figure(const std::string& value, std::string_view name, bool plain) {
    return std::string("<div") + (plain ? " class=\"plain\"" : "") + "><b>" + value + "</b><span>" +
           escape_markup(name) + "</span></div>\n";
}

std::string recommendation(const TuningAnswer& answer) {
    const TuningCandidate& best = answer.best();
    const SimulationSummary& summary = best.summary;
    std::string html = "<section class=\"card wide\"><h2>Recommended</h2><div class=\"settings\">";
    html += figure(std::to_string(best.max_batch), "max-batch", false);
    html += figure(format("%.3g ms", milliseconds(best.timeout)), "timeout", false);
    html += figure(std::to_string(best.requests), "requests", false);
    html += figure(format("%.1f %%", 100 * summary.goodput_share()), "results in time", true);
    html += figure(short_number(summary.goodput_per_second), "goodput, crops/s", true);
    html += figure(short_number(summary.latency.p99) + " ms", "p99 to the result", true);
    html += figure(format("%.1f", summary.mean_batch), "crops per batch", true);
    html += figure(format("%.0f %%", 100 * summary.busy), "device busy", true);
    html += "</div>\n<code>" +
            escape_markup(format("facetclassify max-batch=%d timeout=%.3g requests=%d",
                                 best.max_batch, milliseconds(best.timeout), best.requests)) +
            "</code>\n<ul>\n";
    for (const std::string& reason : answer.reasons)
        html += "<li>" + escape_markup(reason) + "</li>\n";
    return html + "</ul></section>\n";
}

std::string throughput_card(const TuningQuestion& question, const TuningAnswer& answer) {
    std::vector<PlotLine> lines;
    for (size_t i = 0; i < answer.curves.size(); ++i) {
        const ThroughputCurve& curve = answer.curves[i];
        const bool chosen = curve.max_batch == answer.best().max_batch;
        PlotLine line{"max-batch " + std::to_string(curve.max_batch),
                      chosen ? "s4" : "s" + std::to_string(std::min<size_t>(i, 3)),
                      {}};
        for (const ThroughputPoint& point : curve.points) {
            // Beyond the capacity the queue only grows: one point shows it, more say nothing.
            line.points.push_back({point.offered, point.latency.p99,
                                   format("%.0f crops/s offered, %.0f in time, p99 %.1f ms",
                                          point.offered, point.goodput, point.latency.p99)});
            if (point.latency.p99 > 3 * milliseconds(question.deadline)) break;
        }
        lines.push_back(std::move(line));
    }
    return card(
        "Latency against throughput",
        "The same load slower and faster; each line ends where its queue only grows.",
        line_plot("p99 latency against offered crops per second, a line per max-batch",
                  {.label = "offered load (crops/s)"},
                  {.label = "p99 from arrival to result (ms)",
                   .high = 3 * milliseconds(question.deadline)},
                  lines, PlotMarker{answer.best().summary.offered_per_second, "this load"}));
}

std::string sizes_card(const SimulationSummary& summary) {
    std::vector<PlotBar> bars;
    uint64_t batches = 0;
    for (const auto& [size, count] : summary.batch_sizes) batches += count;
    const int largest = summary.batch_sizes.empty() ? 1 : summary.batch_sizes.rbegin()->first;
    for (int size = 1; size <= largest; ++size) {
        const auto found = summary.batch_sizes.find(size);
        const uint64_t count = found == summary.batch_sizes.end() ? 0 : found->second;
        const double share =
            batches == 0 ? 0 : 100 * static_cast<double>(count) / static_cast<double>(batches);
        bars.push_back({std::to_string(size), share,
                        format("%d crops: %llu batches, %.1f %%", size,
                               static_cast<unsigned long long>(count), share),
                        "s1"});
    }
    std::string reasons;
    for (const auto& [reason, count] : summary.reasons)
        reasons += (reasons.empty() ? "Started by " : ", ") + std::string(to_string(reason)) +
                   format(" %.0f %%", 100 * static_cast<double>(count) /
                                          static_cast<double>(std::max<uint64_t>(batches, 1)));
    return card("Batch sizes", reasons + ".",
                bar_plot("share of batches by number of crops", {.label = "crops in the batch"},
                         {.label = "share of batches (%)"}, bars));
}

std::string waits_card(const TuningAnswer& answer) {
    std::vector<PlotLine> lines = {{"p50", "s0", {}}, {"p95", "s1", {}}, {"p99", "s2", {}}};
    for (const TuningCandidate& candidate : answer.grid) {
        if (candidate.max_batch != answer.best().max_batch ||
            candidate.requests != answer.best().requests)
            continue;
        const Percentiles& wait = candidate.summary.wait;
        const double timeout = milliseconds(candidate.timeout);
        const double values[] = {wait.p50, wait.p95, wait.p99};
        for (size_t i = 0; i < lines.size(); ++i)
            lines[i].points.push_back(
                {timeout, values[i], format("%.2f ms at timeout %.1f ms", values[i], timeout)});
    }
    return card("Wait for the batch to start", "With the recommended max-batch and requests.",
                line_plot("percentiles of the wait against the timeout", {.label = "timeout (ms)"},
                          {.label = "wait (ms)"}, lines,
                          PlotMarker{milliseconds(answer.best().timeout), "recommended"}));
}

std::string streams_card(const TuningQuestion& question, const SimulationSummary& summary) {
    std::vector<PlotBar> bars;
    for (size_t i = 0; i < summary.streams.size(); ++i) {
        const StreamSummary& stream = summary.streams[i];
        bars.push_back({std::to_string(i), stream.latency.p99,
                        format("stream %zu: p99 %.1f ms, %llu of %llu crops in time", i,
                               stream.latency.p99, static_cast<unsigned long long>(stream.met),
                               static_cast<unsigned long long>(stream.crops)),
                        stream.met == stream.crops ? "s5" : "s4"});
    }
    return card("Fairness between streams",
                format("Jain index of the shares in time: %.4f (1 is even). Green: every crop of "
                       "the stream was in time.",
                       summary.jain),
                bar_plot("p99 latency of each stream", {.label = "stream"},
                         {.label = "p99 from arrival to result (ms)"}, bars,
                         PlotMarker{milliseconds(question.deadline), "deadline"}));
}

std::string goodput_card(const TuningAnswer& answer) {
    std::vector<PlotBar> bars;
    for (const TuningCandidate& candidate : answer.grid) {
        if (candidate.timeout != answer.best().timeout ||
            candidate.requests != answer.best().requests)
            continue;
        const double share = 100 * candidate.summary.goodput_share();
        bars.push_back({std::to_string(candidate.max_batch), share,
                        format("max-batch %d: %.2f %% in time, %.1f crops/s", candidate.max_batch,
                               share, candidate.summary.goodput_per_second),
                        candidate.max_batch == answer.best().max_batch ? "s4" : "s1"});
    }
    return card("Results in time", "With the recommended timeout and requests.",
                bar_plot("share of the results in time by max-batch", {.label = "max-batch"},
                         {.label = "results in time (%)", .high = 100}, bars));
}

std::string costs_card(const TuningQuestion& question) {
    PlotLine line{"crops/s at this size", "s2", {}};
    for (const CostTable::Point& point : question.costs.points()) {
        const double rate = 1e9 / question.costs.cost_per_row(point.rows);
        line.points.push_back({static_cast<double>(point.rows), rate,
                               format("batch of %d: %.2f ms, %.0f crops/s", point.rows,
                                      milliseconds(point.cost), rate)});
    }
    return card("What the device gains from batching", "From the cost table.",
                line_plot("crops per second by batch size",
                          {.label = "batch size (crops)", .names_each_value = true},
                          {.label = "speed (crops/s)"}, {line}));
}

// Steps of the share of crops within a time, fine enough for a plot.
PlotLine share_within(std::string_view name, std::string_view style, std::vector<double> times) {
    constexpr size_t kSteps = 50;
    PlotLine line{std::string(name), std::string(style), {}};
    std::ranges::sort(times);
    for (size_t step = 0; !times.empty() && step <= kSteps; ++step) {
        const double at = times[step * (times.size() - 1) / kSteps];
        const double share = 100 * static_cast<double>(step) / kSteps;
        line.points.push_back({at, share, format("%.0f %% within %.1f ms", share, at)});
    }
    return line;
}

std::string times_card(const SimulationRecord& recorded) {
    std::vector<double> waits, latencies;
    for (const SimulatedCrop& crop : recorded.crops) {
        if (crop.is_shed) continue;
        waits.push_back(milliseconds(crop.wait));
        latencies.push_back(milliseconds(crop.latency));
    }
    return card("Wait and latency",
                "From the arrival of a crop to the start of its batch, and to its result.",
                line_plot("share of crops by time", {.label = "time (ms)"},
                          {.label = "share of crops (%)", .high = 100},
                          {share_within("to the start", "s1", std::move(waits)),
                           share_within("to the result", "s5", std::move(latencies))}));
}

std::string recorded_cards(const TuningQuestion& question, const SimulationRecord& recorded) {
    const SimulationSummary summary = summarize(recorded);
    std::string html = "<section class=\"card wide\"><h2>As it ran</h2><div class=\"settings\">";
    html += figure(short_number(summary.goodput_per_second), "crops/s in time", true);
    html += figure(short_number(summary.wait.p50) + " ms", "median wait", true);
    html += figure(short_number(summary.latency.p99) + " ms", "p99 to the result", true);
    html += figure(std::to_string(recorded.batches.size()), "batches", true);
    html += figure(format("%.1f", summary.mean_batch), "crops per batch", true);
    html += figure(format("%.0f %%", 100 * summary.busy), "device busy", true);
    return html + "</div></section>\n" + sizes_card(summary) + times_card(recorded) +
           streams_card(question, summary) + costs_card(question);
}

std::string grid_card(const TuningAnswer& answer) {
    std::string html =
        "<section class=\"card wide\"><h2>Every setting tried</h2><div class=\"scroll\"><table>\n"
        "<tr><th>requests</th><th>max-batch</th><th>timeout (ms)</th><th>in time (%)</th>"
        "<th>goodput (crops/s)</th><th>p50 wait (ms)</th><th>p99 wait (ms)</th>"
        "<th>p99 to result (ms)</th><th>crops per batch</th><th>Jain</th></tr>\n";
    for (size_t i = 0; i < answer.grid.size(); ++i) {
        const TuningCandidate& one = answer.grid[i];
        const SimulationSummary& sum = one.summary;
        html += i == answer.recommended ? "<tr class=\"best\">" : "<tr>";
        html += format("<td>%d</td><td>%d</td><td>%.1f</td><td>%.2f</td><td>%.1f</td>",
                       one.requests, one.max_batch, milliseconds(one.timeout),
                       100 * sum.goodput_share(), sum.goodput_per_second);
        html += format("<td>%.2f</td><td>%.2f</td><td>%.2f</td><td>%.2f</td><td>%.4f</td></tr>\n",
                       sum.wait.p50, sum.wait.p99, sum.latency.p99, sum.mean_batch, sum.jain);
    }
    return html + "</table></div></section>\n";
}

}  // namespace

std::string tuning_page(const TuningQuestion& question, const TuningAnswer& answer,
                        std::string_view load_text, std::string_view costs_text,
                        const std::optional<SimulationRecord>& recorded) {
    const SimulationSummary& summary = answer.best().summary;
    std::string html =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
        "<title>facet-tune</title>\n<style>" +
        style_rules() + "</style></head>\n<body><main>\n<h1>Batching settings</h1>\n";
    html += "<p class=\"soft\">Load: " + escape_markup(load_text) +
            format("; %.0f crops/s, result due within %.0f ms.</p>\n", summary.offered_per_second,
                   milliseconds(question.deadline));
    html += "<p class=\"soft\">Costs: " + escape_markup(costs_text) + ".</p>\n";
    html += "<div class=\"cards\">\n";
    const bool ran = recorded && !recorded->batches.empty();
    if (ran) html += recorded_cards(question, *recorded);
    html += recommendation(answer) + throughput_card(question, answer) + waits_card(answer) +
            sizes_card(summary) + streams_card(question, summary) + goodput_card(answer) +
            (ran ? "" : costs_card(question)) + grid_card(answer);
    return html + "</div>\n</main></body></html>\n";
}

}  // namespace facet
