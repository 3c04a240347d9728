// SPDX-License-Identifier: MIT
// Which planned steps Facet's pixel loops can run, and their lowering.
#pragma once

#include <optional>
#include <vector>

#include "engine/backends/cpu/convolution/pixels.h"
#include "engine/backends/cpu/lower/epilogue_plan.h"

namespace facet::cpu {

struct PixelPlan {
    PixelConvolution::Geometry geometry;
    PixelConvolution::Scale scale;
    EpiloguePlan epilogue;
    ValueId pixels = kNoValue;       // the graph's input: u8 [N,H,W,3] or f32 [N,3,H,W]
    ValueId weights = kNoValue;      // a constant
    std::vector<size_t> arithmetic;  // nodes between pixels and convolution that `scale` stands for
};

// Of a convolution's step, or of one of maxima whose last producer is the convolution's, at `rows`
// rows; nothing where the loops do not cover it, or where somebody else reads what lies between.
[[nodiscard]] std::optional<PixelPlan> pixel_plan(const Graph& graph, const PlannedStep& step,
                                                  int64_t rows);

// Precondition: pixel_plan() of the step has a value.
[[nodiscard]] Result<void> lower_pixels(ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
