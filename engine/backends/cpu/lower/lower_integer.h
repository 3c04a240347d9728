// SPDX-License-Identifier: MIT
// The two kinds of integer step, see lowerings.h.
#pragma once

#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

// A quantised layer and its followers; in floats where oneDNN has no fast code for them.
[[nodiscard]] Result<void> lower_integer_layer(ProgramBuilder& builder, const PlannedStep& step);

}  // namespace facet::cpu
