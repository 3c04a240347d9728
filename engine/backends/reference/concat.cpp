// SPDX-License-Identifier: MIT
// Reference concatenation.
#include <cstring>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

Result<void> run_op(const ConcatParams& params, Inputs inputs, Outputs outputs) {
    const Shape& joined = outputs[0].shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, joined.rank()));
    const int64_t outer = product(joined, 0, axis);
    auto* to = static_cast<std::byte*>(outputs[0].bytes);
    for (int64_t o = 0; o < outer; ++o) {
        for (const TensorView& input : inputs) {
            const size_t block =
                product(input.shape, axis, joined.rank()) * size_of(outputs[0].type);
            std::memcpy(to, static_cast<const std::byte*>(input.bytes) + o * block, block);
            to += block;
        }
    }
    return {};
}

}  // namespace facet::reference
