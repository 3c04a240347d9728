// SPDX-License-Identifier: MIT
// Reference shape query.
#include <algorithm>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

Result<void> run_op(const ShapeOfParams&, Inputs inputs, Outputs outputs) {
    std::ranges::copy(inputs[0].shape.extents(), outputs[0].as<int64_t>().begin());
    return {};
}

}  // namespace facet::reference
