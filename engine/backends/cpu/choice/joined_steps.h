// SPDX-License-Identifier: MIT
// Planned steps that Facet's own loops run as one.
#pragma once

#include <vector>

#include "engine/backends/cpu/fusion/fusion.h"

namespace facet::cpu {

// A depthwise step and the pointwise one that alone reads it become one, in the latter's place.
void join_separable(const Graph& graph, std::vector<PlannedStep>& plan);

// A convolution of pixels takes the arithmetic on them, and the maxima of its result where they
// alone read that, into one step, in the place of the last.
void join_pixels(const Graph& graph, std::vector<PlannedStep>& plan);

}  // namespace facet::cpu
