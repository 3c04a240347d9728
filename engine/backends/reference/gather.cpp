// SPDX-License-Identifier: MIT
// Reference gather along one axis.
#include <cstring>
#include <string>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

Result<void> run_op(const GatherParams& params, Inputs inputs, Outputs outputs) {
    const Shape& shape = inputs[0].shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, shape.rank()));
    FACET_ASSIGN(auto indices, read_integers(inputs[1], "indices"));
    for (int64_t& index : indices) {
        const int64_t given = index;
        if (index < 0) index += shape[axis];
        if (index < 0 || index >= shape[axis])
            return Error{ErrorCode::kCorrupt, "index " + std::to_string(given) + " outside axis " +
                                                  std::to_string(axis) + " of " + shape.text()};
    }
    const int64_t outer = product(shape, 0, axis);
    const size_t block = product(shape, axis + 1, shape.rank()) * size_of(inputs[0].type);
    const auto* from = static_cast<const std::byte*>(inputs[0].bytes);
    auto* to = static_cast<std::byte*>(outputs[0].bytes);
    for (int64_t o = 0; o < outer; ++o) {
        for (const int64_t index : indices) {
            std::memcpy(to, from + (o * shape[axis] + index) * block, block);
            to += block;
        }
    }
    return {};
}

}  // namespace facet::reference
