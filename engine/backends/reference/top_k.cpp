// SPDX-License-Identifier: MIT
// Reference choice of the k largest or smallest elements along one axis.
#include <algorithm>
#include <numeric>
#include <vector>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

Result<void> run_op(const TopKParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs.first(1), outputs.first(1)));
    const Shape& shape = inputs[0].shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, shape.rank()));
    const int64_t outer = product(shape, 0, axis);
    const int64_t inner = product(shape, axis + 1, shape.rank());
    const int64_t count = outputs[0].shape[axis];
    const float* x = inputs[0].as<float>().data();
    float* values = outputs[0].as<float>().data();
    int64_t* indices = outputs.size() > 1 ? outputs[1].as<int64_t>().data() : nullptr;
    std::vector<int64_t> order(shape[axis]);
    for (int64_t o = 0; o < outer; ++o) {
        for (int64_t i = 0; i < inner; ++i) {
            const float* line = x + o * shape[axis] * inner + i;
            std::iota(order.begin(), order.end(), int64_t{0});
            std::ranges::stable_sort(order, [&](int64_t a, int64_t b) {
                return params.largest ? line[a * inner] > line[b * inner]
                                      : line[a * inner] < line[b * inner];
            });
            for (int64_t k = 0; k < count; ++k) {
                const int64_t target = (o * count + k) * inner + i;
                values[target] = line[order[k] * inner];
                if (indices != nullptr) indices[target] = order[k];
            }
        }
    }
    return {};
}

}  // namespace facet::reference
