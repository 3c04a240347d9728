// SPDX-License-Identifier: MIT
// Lays out a plot in a fixed box of user units that the page scales.
#include "engine/tools/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace facet {

namespace {

// The box, in user units.
constexpr double kWidth = 640, kHeight = 340;
constexpr double kLeft = 58, kRight = 622, kTop = 34, kBottom = 288;
// Of a document, around its plots.
constexpr double kMargin = 14, kHeader = 60, kTitle = 26;
constexpr double kLegendLine = 14, kLegendGap = 22, kLetter = 6.6;  // of 12-unit text
constexpr size_t kMostBarNames = 20;

std::string coordinate(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string attribute(std::string_view name, double value) {
    return " " + std::string(name) + "=\"" + coordinate(value) + "\"";
}

std::string text_at(double x, double y, std::string_view style, std::string_view text) {
    return "<text class=\"" + std::string(style) + "\"" + attribute("x", x) + attribute("y", y) +
           ">" + escape_markup(text) + "</text>\n";
}

std::string rule(std::string_view style, double x1, double y1, double x2, double y2) {
    return "<line class=\"" + std::string(style) + "\"" + attribute("x1", x1) +
           attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) + "/>\n";
}

std::string titled(std::string element, std::string_view name, std::string_view title) {
    return element + "><title>" + escape_markup(title) + "</title></" + std::string(name) + ">\n";
}

// Maps values from zero to `high` onto the box.
struct Scale {
    double high, from, to;

    [[nodiscard]] double at(double value) const {
        return from + std::clamp(value / high, 0.0, 1.0) * (to - from);
    }
};

Scale scale_of(const PlotAxis& axis, double highest, double from, double to) {
    const double wanted = axis.high.value_or(highest);
    const double high = wanted > 0 ? wanted : 1;
    return {axis.high || axis.names_each_value ? high : round_ticks(0, high, 5).back(), from, to};
}

std::string open_plot(std::string_view description) {
    return "<svg class=\"plot\" role=\"img\" viewBox=\"0 0 " + coordinate(kWidth) + " " +
           coordinate(kHeight) + "\" aria-label=\"" + escape_markup(description) + "\">\n";
}

std::string y_axis(const PlotAxis& axis, const Scale& scale) {
    std::string svg;
    for (const double tick : round_ticks(0, scale.high, 5)) {
        if (tick > scale.high * 1.0001) continue;
        const double y = scale.at(tick);
        svg += rule(tick == 0 ? "axis" : "grid", kLeft, y, kRight, y);
        svg += text_at(kLeft - 8, y + 4, "tick end", short_number(tick));
    }
    return svg + text_at(kLeft - 44, kTop - 16, "name", axis.label);
}

std::string x_axis(const PlotAxis& axis, const Scale& scale, const std::vector<double>& ticks) {
    std::string svg;
    double next = 2 * kWidth;
    // From the right: where names are left out, the end of the axis keeps its own.
    for (auto tick = ticks.rbegin(); tick != ticks.rend(); ++tick) {
        if (*tick > scale.high * 1.0001) continue;
        const double x = scale.at(*tick);
        svg += rule("axis", x, kBottom, x, kBottom + 4);
        if (next - x < 3 * kLetter) continue;
        svg += text_at(x, kBottom + 18, "tick middle", short_number(*tick));
        next = x;
    }
    return svg + text_at(kRight, kBottom + 38, "name end", axis.label);
}

// Right to left from the box's corner, so that the axis's name keeps its place on the left.
std::string legend(const std::vector<PlotLine>& lines) {
    std::string svg;
    double x = kRight;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        x -= kLetter * static_cast<double>(line->name.size());
        svg += text_at(x, kTop - 16, "tick", line->name);
        x -= kLegendLine + 5;
        svg += rule("line " + line->style, x, kTop - 20, x + kLegendLine, kTop - 20);
        x -= kLegendGap - 8;
    }
    return svg;
}

std::string draw_line(const PlotLine& line, const Scale& x, const Scale& y) {
    std::string path, dots;
    for (const PlotPoint& point : line.points) {
        const std::string at = coordinate(x.at(point.x)) + " " + coordinate(y.at(point.y));
        path += (path.empty() ? "M" : "L") + at;
        dots += titled("<circle class=\"dot " + line.style + "\"" + attribute("cx", x.at(point.x)) +
                           attribute("cy", y.at(point.y)) + " r=\"3.2\"",
                       "circle", line.name + ": " + point.title);
    }
    return "<path class=\"line " + line.style + "\" d=\"" + path + "\"/>\n" + dots;
}

std::vector<double> values_of_x(const std::vector<PlotLine>& lines) {
    std::set<double> values;
    for (const PlotLine& line : lines)
        for (const PlotPoint& point : line.points) values.insert(point.x);
    return {values.begin(), values.end()};
}

}  // namespace

std::string escape_markup(std::string_view text) {
    std::string escaped;
    for (const char letter : text) {
        switch (letter) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += letter;
        }
    }
    return escaped;
}

std::string short_number(double value) {
    const double size = std::abs(value);
    char text[32];
    if (size >= 999'500)
        std::snprintf(text, sizeof text, "%.3gM", value / 1e6);
    else if (size >= 9'995)
        std::snprintf(text, sizeof text, "%.3gk", value / 1e3);
    else if (size >= 999.5)
        std::snprintf(text, sizeof text, "%.0f", value);
    else
        std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

std::vector<double> round_ticks(double low, double high, int count) {
    const double rough = std::max(high - low, 1e-9) / count;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double factor : {5.0, 2.5, 2.0, 1.0})
        if (factor * power >= rough * 0.999) step = factor * power;
    std::vector<double> ticks;
    const double last = std::ceil(high / step - 1e-6);
    for (double n = std::floor(low / step + 1e-6); n <= last; ++n) ticks.push_back(n * step);
    return ticks;
}

std::string plot_rules(const PlotColors& colors) {
    std::string rules =
        "svg text { font-family: system-ui, \"Segoe UI\", \"DejaVu Sans\", sans-serif; "
        "font-size: 12px; fill: " +
        colors.soft +
        "; }\n"
        "svg .name { fill: " +
        colors.ink +
        "; }\n"
        "svg .note { fill: " +
        colors.accent + "; paint-order: stroke; stroke: " + colors.back +
        "; stroke-width: 5px; }\n"
        "svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }\n"
        "svg .grid { stroke: " +
        colors.grid + "; } svg .axis { stroke: " + colors.axis +
        "; }\n"
        "svg .marker { stroke: " +
        colors.accent +
        "; stroke-dasharray: 4 4; }\n"
        "svg .line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }\n"
        "svg .dot { stroke: " +
        colors.back +
        "; stroke-width: 1; } "
        "svg .bar:hover, svg .dot:hover { opacity: 0.7; }\n";
    for (size_t i = 0; i < colors.series.size(); ++i) {
        const std::string style = ".s" + std::to_string(i);
        rules += "svg .line" + style + " { stroke: " + colors.series[i] + "; } svg .dot" + style +
                 ", svg .bar" + style + " { fill: " + colors.series[i] + "; }\n";
    }
    return rules;
}

std::string svg_document(std::string_view title, std::string_view subtitle,
                         const std::vector<TitledPlot>& plots, const PlotColors& colors) {
    const double height = kHeader + static_cast<double>(plots.size()) * (kTitle + kHeight);
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"" + attribute("width", kWidth) +
                      attribute("height", height) + " viewBox=\"0 0 " + coordinate(kWidth) + " " +
                      coordinate(height) + "\">\n<style>\n" + plot_rules(colors) +
                      "svg .heading { font-size: 17px; } svg .title { font-size: 14px; }\n" +
                      "</style>\n<rect width=\"100%\" height=\"100%\" fill=\"" + colors.back +
                      "\"/>\n";
    svg += text_at(kMargin, 28, "name heading", title) + text_at(kMargin, 46, "tick", subtitle);
    double y = kHeader;
    for (const TitledPlot& plot : plots) {
        svg += text_at(kMargin, y + 18, "name title", plot.title);
        svg += "<svg" + attribute("y", y + kTitle) + attribute("width", kWidth) +
               attribute("height", kHeight) + ">\n" + plot.plot + "</svg>\n";
        y += kTitle + kHeight;
    }
    return svg + "</svg>\n";
}

std::string line_plot(std::string_view description, const PlotAxis& x, const PlotAxis& y,
                      const std::vector<PlotLine>& lines, const std::optional<PlotMarker>& marker) {
    double highest_x = 0, highest_y = 0;
    for (const PlotLine& line : lines)
        for (const PlotPoint& point : line.points) {
            highest_x = std::max(highest_x, point.x);
            highest_y = std::max(highest_y, point.y);
        }
    const Scale across = scale_of(x, highest_x, kLeft, kRight);
    const Scale up = scale_of(y, highest_y, kBottom, kTop);
    std::string svg = open_plot(description) + y_axis(y, up);
    svg +=
        x_axis(x, across, x.names_each_value ? values_of_x(lines) : round_ticks(0, across.high, 6));
    if (marker) {
        const double at = across.at(marker->at);
        svg += rule("marker", at, kTop, at, kBottom);
        const bool left = at > (kLeft + kRight) / 2;
        svg += text_at(at + (left ? -6 : 6), kTop + 12, left ? "note end" : "note", marker->name);
    }
    for (const PlotLine& line : lines) svg += draw_line(line, across, up);
    return svg + legend(lines) + "</svg>\n";
}

std::string bar_plot(std::string_view description, const PlotAxis& x, const PlotAxis& y,
                     const std::vector<PlotBar>& bars, const std::optional<PlotMarker>& marker) {
    double highest = marker ? marker->at : 0;
    for (const PlotBar& bar : bars) highest = std::max(highest, bar.value);
    const Scale up = scale_of(y, highest, kBottom, kTop);
    std::string svg = open_plot(description) + y_axis(y, up);
    const double step = (kRight - kLeft) / static_cast<double>(bars.size());
    const double width = std::min(48.0, std::max(0.8, step * 0.78));
    const size_t every = (bars.size() + kMostBarNames - 1) / kMostBarNames;
    for (size_t i = 0; i < bars.size(); ++i) {
        const double middle = kLeft + (static_cast<double>(i) + 0.5) * step;
        const double top = up.at(bars[i].value);
        svg += titled("<rect class=\"bar " + bars[i].style + "\"" +
                          attribute("x", middle - width / 2) + attribute("y", top) +
                          attribute("width", width) + attribute("height", kBottom - top) +
                          (width > 8 ? " rx=\"2\"" : ""),
                      "rect", bars[i].title);
        if (i % every == 0) svg += text_at(middle, kBottom + 18, "tick middle", bars[i].name);
    }
    if (marker) {
        const double at = up.at(marker->at);
        svg += rule("marker", kLeft, at, kRight, at);
        svg += text_at(kRight, at - 6, "note end", marker->name);
    }
    return svg + text_at(kRight, kBottom + 38, "name end", x.label) + "</svg>\n";
}

}  // namespace facet
