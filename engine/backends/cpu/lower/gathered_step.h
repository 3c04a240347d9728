// SPDX-License-Identifier: MIT
// Which planned steps Facet's gathered convolution can run, and their lowering.
#pragma once

#include <optional>

#include "engine/backends/cpu/convolution/gathered.h"
#include "engine/backends/cpu/lower/program_builder.h"

namespace facet::cpu {

// Of the step at `rows` rows; nothing where the loops do not cover the convolution or what follows.
[[nodiscard]] std::optional<GatheredConvolution::Geometry> gathered_geometry(
    const Graph& graph, const PlannedStep& step, int64_t rows);

// Precondition: gathered_geometry() has a value and the step is marked as gathered.
[[nodiscard]] Result<void> lower_gathered(ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
