// SPDX-License-Identifier: MIT
// Which nodes form the steps that compute on bytes.
#pragma once

#include <vector>

#include "engine/backends/cpu/fusion/fusion.h"
#include "engine/graph/byte_values.h"

namespace facet::cpu {

// Each quantised layer with the element-wise nodes that follow it alone, up to the FakeQuantize
// whose bytes are stored (or floats, where there is none); each chain of per-channel arithmetic
// and FakeQuantize from u8 pixels to the FakeQuantize whose bytes are stored. All are marked
// `integer`.
[[nodiscard]] std::vector<PlannedStep> plan_integer_steps(const Graph& graph,
                                                          const ByteValues& bytes);

}  // namespace facet::cpu
