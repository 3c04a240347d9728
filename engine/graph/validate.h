// SPDX-License-Identifier: MIT
// The part of validate() that must hold before a graph may even be sorted; private to engine/graph.
#pragma once

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// Every id is in range, outputs are never kNoValue.
[[nodiscard]] Result<void> check_ids(const Graph& graph);

}  // namespace facet
