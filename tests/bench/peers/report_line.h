// SPDX-License-Identifier: MIT
// Lines that every bench prints for tests/bench/peers/report.py.
#pragma once

#include <cstdio>
#include <string>

#include "engine/base/result.h"

namespace facet::bench {

// What is not measured here, and why.
inline void print_absence(const std::string& what, const Error& why) {
    std::string reason = why.text();
    for (char& c : reason)
        if (c == '"' || c == '\\' || c == '\n') c = ' ';
    std::printf("{\"kind\":\"absent\",\"what\":\"%s\",\"why\":\"%s\"}\n", what.c_str(),
                reason.c_str());
}

}  // namespace facet::bench
