// SPDX-License-Identifier: MIT
// Writes DOT.
#include "engine/backends/step_graph.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

namespace facet {

namespace {

// Border colours of the first, second ... device.
constexpr std::array kDeviceColors{"#1f5fae", "#0f8a6d", "#7c3aed", "#8a6d0f"};

std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') result += '\\';
        if (letter == '\n')
            result += "\\n";
        else
            result += letter;
    }
    return result + "\"";
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), pattern, values...);
    return text.data();
}

std::string label_of(const StepProfile& step, double share) {
    std::string label = step.name + "\n" + step.kind;
    for (const std::string& fused : step.fused) label += "\n+ " + fused;
    label += "\n" + step.device + " " + step.implementation + "\n";
    label += format("%.3f ms, %.1f %%", 1e3 * step.seconds, 100 * share);
    if (step.flop > 0 && step.seconds > 0)
        label += format(", %.1f GFLOP/s", step.flop / step.seconds / 1e9);
    return label;
}

// From white to red in HSV; the largest share is full.
std::string fill_of(double seconds, double largest) {
    return format("0.020 %.3f 1.000", largest > 0 ? 0.85 * seconds / largest : 0.0);
}

}  // namespace

std::string step_graph(const std::vector<StepProfile>& steps, std::string_view title) {
    double total = 0, largest = 0;
    std::vector<std::string> devices;
    for (const StepProfile& step : steps) {
        total += step.seconds;
        largest = std::max(largest, step.seconds);
        if (std::ranges::find(devices, step.device) == devices.end())
            devices.push_back(step.device);
    }
    std::string dot = "digraph steps {\n  label=" + quoted(title) +
                      ";\n  labelloc=t;\n  node [shape=box, style=\"filled,rounded\", "
                      "fontname=\"sans-serif\", fontsize=10, penwidth=1.5];\n"
                      "  edge [fontname=\"sans-serif\", fontsize=9, color=\"#5d6675\"];\n";
    for (size_t i = 0; i < steps.size(); ++i) {
        const StepProfile& step = steps[i];
        const double share = total > 0 ? step.seconds / total : 0;
        const size_t device = std::ranges::find(devices, step.device) - devices.begin();
        dot += format("  s%zu [label=", i) + quoted(label_of(step, share)) +
               ", fillcolor=" + quoted(fill_of(step.seconds, largest)) +
               ", color=" + quoted(kDeviceColors[device % kDeviceColors.size()]) + "];\n";
        for (const size_t input : step.inputs)
            dot +=
                format("  s%zu -> s%zu [label=", input, i) + quoted(steps[input].layout) + "];\n";
    }
    return dot + "}\n";
}

}  // namespace facet
