// SPDX-License-Identifier: MIT
// Line and bar plots as SVG elements for an HTML page, whose style sheet colours them, or together
// as an SVG file.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace facet {

// `text` fit for the inside of an element or an attribute of HTML and SVG.
[[nodiscard]] std::string escape_markup(std::string_view text);

// A number with at most three significant digits and k or M: "0.25", "12.5", "3.2k".
[[nodiscard]] std::string short_number(double value);

// About `count` round numbers (1, 2, 2.5 or 5 times a power of ten) that span [low, high].
[[nodiscard]] std::vector<double> round_ticks(double low, double high, int count);

struct PlotAxis {
    std::string label;              // with its unit: "p99 latency (ms)"
    std::optional<double> high;     // values beyond are cut at the edge; none: the highest value
    bool names_each_value = false;  // ticks at the values of the points instead of round numbers
};

struct PlotPoint {
    double x = 0, y = 0;
    std::string title;  // shown on hovering
};

struct PlotLine {
    std::string name;               // for the legend
    std::string style;              // class of the page's style sheet: "s0".."s5"
    std::vector<PlotPoint> points;  // by x
};

struct PlotBar {
    std::string name;  // under the bar
    double value = 0;
    std::string title;  // shown on hovering
    std::string style;  // as of a line
};

struct PlotMarker {
    double at = 0;  // a rule across the plot: of x in a line plot, of the value in a bar plot
    std::string name;
};

// CSS colours of a style sheet; `series` are those of the styles "s0".."s5".
struct PlotColors {
    std::string ink = "#1d2129", soft = "#5d6675", grid = "#e3e5e9", axis = "#9aa1ad",
                back = "#ffffff", accent = "#c2410c";
    std::array<std::string, 6> series{"#9db4d3", "#5b8dc9", "#1f5fae",
                                      "#0f2f5f", "#c2410c", "#0f8a6d"};
};
// The rules of a style sheet for the plots below.
[[nodiscard]] std::string plot_rules(const PlotColors& colors);

struct TitledPlot {
    std::string title;
    std::string plot;  // as made below
};
// An SVG file: the titles and plots one under the other on the colours' background.
[[nodiscard]] std::string svg_document(std::string_view title, std::string_view subtitle,
                                       const std::vector<TitledPlot>& plots,
                                       const PlotColors& colors = {});

// Both axes begin at zero. `description` is what a screen reader says. At least one line or bar.
[[nodiscard]] std::string line_plot(std::string_view description, const PlotAxis& x,
                                    const PlotAxis& y, const std::vector<PlotLine>& lines,
                                    const std::optional<PlotMarker>& marker = std::nullopt);
[[nodiscard]] std::string bar_plot(std::string_view description, const PlotAxis& x,
                                   const PlotAxis& y, const std::vector<PlotBar>& bars,
                                   const std::optional<PlotMarker>& marker = std::nullopt);

}  // namespace facet
