// SPDX-License-Identifier: MIT
// Reference index of the largest or smallest element along one axis.
#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

Result<void> run_op(const ArgReduceParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, {}));
    const Shape& shape = inputs[0].shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, shape.rank()));
    const int64_t outer = product(shape, 0, axis);
    const int64_t inner = product(shape, axis + 1, shape.rank());
    const float* x = inputs[0].as<float>().data();
    int64_t* y = outputs[0].as<int64_t>().data();
    const bool largest = params.kind == ArgReduceParams::Kind::kMax;
    for (int64_t o = 0; o < outer; ++o) {
        for (int64_t i = 0; i < inner; ++i) {
            const float* line = x + o * shape[axis] * inner + i;
            int64_t best = 0;
            for (int64_t k = 1; k < shape[axis]; ++k) {
                const float value = line[k * inner];
                const float leader = line[best * inner];
                const bool better = largest ? value > leader : value < leader;
                if (better || (params.last_of_equals && value == leader)) best = k;
            }
            *y++ = best;
        }
    }
    return {};
}

}  // namespace facet::reference
