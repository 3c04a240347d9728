// SPDX-License-Identifier: MIT
// OpenCL C put together from the templates in kernels/: a function per distinct set of macros.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace facet::gpu {

// The text of kernels/<name>.cl; empty where there is none. Written by kernels/embed.py.
[[nodiscard]] std::string_view kernel_text(std::string_view name);

// A float as OpenCL C reads it back to the bit.
[[nodiscard]] std::string literal(double value);

// A template and the macros that make it one kernel. Everything a kernel needs beside its arguments
// is a macro, so that divisions are by constants and loops unroll.
struct KernelSpec {
    std::string file;  // kernels/<file>.cl
    std::vector<std::pair<std::string, std::string>> macros;
    std::vector<std::string> functions;  // that the macros call; each is written once

    void define(const std::string& name, const std::string& text) {
        macros.emplace_back(name, text);
    }
    void define(const std::string& name, int64_t value) { define(name, std::to_string(value)); }
};

// Equal specifications share a function. Thread-compatible.
class KernelSource {
  public:
    // The function's name.
    [[nodiscard]] std::string add(const KernelSpec& spec);
    // The whole program; the same for equal calls of add() in equal order.
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] size_t kernel_count() const { return names_.size(); }

  private:
    std::string text_;
    std::map<std::string, std::string> names_;  // by specification
    std::set<std::string> functions_;
};

}  // namespace facet::gpu
