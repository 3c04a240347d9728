// SPDX-License-Identifier: MIT
// Reference split: the sizes are those of the outputs' shapes.
#include <cstring>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

Result<void> run_op(const SplitParams& params, Inputs inputs, Outputs outputs) {
    const Shape& whole = inputs[0].shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, whole.rank()));
    const int64_t outer = product(whole, 0, axis);
    const auto* from = static_cast<const std::byte*>(inputs[0].bytes);
    for (int64_t o = 0; o < outer; ++o) {
        for (const MutableTensorView& output : outputs) {
            const size_t block = product(output.shape, axis, whole.rank()) * size_of(output.type);
            std::memcpy(static_cast<std::byte*>(output.bytes) + o * block, from, block);
            from += block;
        }
    }
    return {};
}

}  // namespace facet::reference
