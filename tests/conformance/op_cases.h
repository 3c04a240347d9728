// SPDX-License-Identifier: MIT
// The one table of cases by which every backend is tested and measured.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace facet::testing {

struct OpCase {
    std::string name;  // letters, digits and underscores: part of the tests' names
    // As a reader would give it, not prepared; for a batch of one. The same graph on every call.
    std::function<Graph()> build;
    // Inputs are uniform in [low, high); u8 inputs are uniform in 0..255 whatever this says.
    float low = -1.0f;
    float high = 1.0f;
    // Largest difference from the reference, as a share of its largest magnitude.
    double tolerance = 1e-5;
};

// Every operation that can survive prepare(), alone and in the chains that backends fuse.
[[nodiscard]] const std::vector<OpCase>& op_cases();

}  // namespace facet::testing
