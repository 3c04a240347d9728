// SPDX-License-Identifier: MIT
// Reference transposition.
#include <array>
#include <cstdint>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

using Strides = std::array<int64_t, Shape::kMaxRank>;

// `strides[i]` is how far the input moves when output axis i advances.
template <typename T>
void permute(const void* input, const Strides& strides, const Shape& shape, void* output) {
    const T* from = static_cast<const T*>(input);
    T* to = static_cast<T*>(output);
    const int last = shape.rank() - 1;
    const int64_t count = shape.elements();
    std::array<int64_t, Shape::kMaxRank> position{};
    for (int64_t done = 0; done < count; done += shape[last]) {
        for (int64_t i = 0; i < shape[last]; ++i) *to++ = from[i * strides[last]];
        for (int axis = last - 1; axis >= 0; --axis) {
            from += strides[axis];
            if (++position[axis] < shape[axis]) break;
            from -= strides[axis] * shape[axis];
            position[axis] = 0;
        }
    }
}

}  // namespace

Result<void> run_op(const TransposeParams& params, Inputs inputs, Outputs outputs) {
    const Shape& shape = outputs[0].shape;
    const Strides own = contiguous_strides(inputs[0].shape);
    Strides strides{};
    for (int axis = 0; axis < shape.rank(); ++axis)
        strides[axis] = own[params.order.empty() ? shape.rank() - 1 - axis : params.order[axis]];
    if (shape.elements() == 0) return {};
    if (shape.rank() == 0) return run_op(IdentityParams{}, inputs, outputs);
    switch (size_of(inputs[0].type)) {
        case 1:
            permute<uint8_t>(inputs[0].bytes, strides, shape, outputs[0].bytes);
            break;
        case 2:
            permute<uint16_t>(inputs[0].bytes, strides, shape, outputs[0].bytes);
            break;
        case 4:
            permute<uint32_t>(inputs[0].bytes, strides, shape, outputs[0].bytes);
            break;
        default:
            permute<uint64_t>(inputs[0].bytes, strides, shape, outputs[0].bytes);
            break;
    }
    return {};
}

}  // namespace facet::reference
