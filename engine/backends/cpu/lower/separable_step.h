// SPDX-License-Identifier: MIT
// Which pairs of planned steps Facet's separable loops can run as one, and their lowering.
#pragma once

#include <optional>

#include "engine/backends/cpu/convolution/separable.h"
#include "engine/backends/cpu/lower/program_builder.h"

namespace facet::cpu {

// Of a depthwise step and the pointwise one that alone reads its result, at `rows` rows; nothing
// where the loops do not cover them.
[[nodiscard]] std::optional<SeparableConvolution::Geometry> separable_geometry(
    const Graph& graph, const PlannedStep& depthwise, const PlannedStep& pointwise, int64_t rows);

// Precondition: the step has a producer, and separable_geometry() of the two has a value.
[[nodiscard]] Result<void> lower_separable(ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
