// SPDX-License-Identifier: MIT
// Which planned steps Facet's Winograd loops can run, and their lowering.
#pragma once

#include <optional>

#include "engine/backends/cpu/convolution/winograd.h"
#include "engine/backends/cpu/lower/program_builder.h"

namespace facet::cpu {

// Of the step at `rows` rows, with result channels to whole vectors where nothing follows; nothing
// where the loops do not cover the convolution or what follows it.
[[nodiscard]] std::optional<WinogradConvolution::Geometry> winograd_geometry(
    const Graph& graph, const PlannedStep& step, int64_t rows);

// Precondition: winograd_geometry() has a value and the step's winograd_tile is one of kTiles.
[[nodiscard]] Result<void> lower_winograd(ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
