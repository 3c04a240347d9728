// SPDX-License-Identifier: MIT
// The steps of an inference as a Graphviz graph, coloured by the time they took.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/backends/backend.h"

namespace facet {

// A box per step: its node, what is fused into it, kernel, time and share; an arrow per value that
// one step reads from another, with the layout it lies in. The fuller the red, the larger the share
// of the whole time; a box's border tells its device.
[[nodiscard]] std::string step_graph(const std::vector<StepProfile>& steps, std::string_view title);

}  // namespace facet
