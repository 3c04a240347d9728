// SPDX-License-Identifier: MIT
// Macros around templates.
#include "engine/backends/gpu/kernel_source.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace facet::gpu {

std::string literal(double value) {
    if (std::isnan(value)) return "NAN";
    if (std::isinf(value)) return value > 0 ? "INFINITY" : "(-INFINITY)";
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.9ef",
                  static_cast<double>(static_cast<float>(value)));
    return value < 0 ? "(" + std::string(text.data()) + ")" : text.data();
}

std::string KernelSource::add(const KernelSpec& spec) {
    std::string key = spec.file + "\n";
    for (const std::string& function : spec.functions) key += function;
    for (const auto& [name, value] : spec.macros) key += name + " " + value + "\n";
    const auto known = names_.find(key);
    if (known != names_.end()) return known->second;

    const std::string name = spec.file + "_" + std::to_string(names_.size());
    if (text_.empty()) text_ = kernel_text("prelude");
    for (const std::string& function : spec.functions)
        if (functions_.insert(function).second) text_ += function;
    text_ += "#define KERNEL " + name + "\n";
    for (const auto& [macro, value] : spec.macros) text_ += "#define " + macro + " " + value + "\n";
    text_ += kernel_text(spec.file);
    text_ += "#undef KERNEL\n";
    for (const auto& [macro, value] : spec.macros)
        text_ += "#undef " + macro.substr(0, macro.find('(')) + "\n";
    names_.emplace(key, name);
    return name;
}

}  // namespace facet::gpu
