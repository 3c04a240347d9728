// SPDX-License-Identifier: MIT
// The lowering of quantised layers, see lowerings.h for the other integer steps.
#pragma once

#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

// A quantised layer and its followers; in floats where neither Facet's loops nor
// oneDNN have fast code for them.
[[nodiscard]] Result<void> lower_integer_layer(ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
