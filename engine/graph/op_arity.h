// SPDX-License-Identifier: MIT
// How many inputs and outputs each operation takes; private to engine/graph.
#pragma once

#include <cstddef>

#include "engine/graph/ops.h"

namespace facet {

// The first `min_inputs` inputs must be present; those after them, up to `max_inputs`, may be
// absent.
struct OpArity {
    size_t min_inputs = 1, max_inputs = 1;
    size_t min_outputs = 1, max_outputs = 1;
};

[[nodiscard]] OpArity arity_of(const OpParams& params);

}  // namespace facet
