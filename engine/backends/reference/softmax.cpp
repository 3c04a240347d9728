// SPDX-License-Identifier: MIT
// Reference softmax.
#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

// Over `length` elements `stride` apart.
void normalise(const float* x, float* y, int64_t length, int64_t stride, bool logarithm) {
    double peak = x[0];
    for (int64_t i = 1; i < length; ++i) peak = std::max<double>(peak, x[i * stride]);
    double sum = 0;
    for (int64_t i = 0; i < length; ++i) sum += std::exp(x[i * stride] - peak);
    const double logarithm_of_sum = std::log(sum);
    for (int64_t i = 0; logarithm && i < length; ++i)
        y[i * stride] = static_cast<float>(x[i * stride] - peak - logarithm_of_sum);
    for (int64_t i = 0; !logarithm && i < length; ++i)
        y[i * stride] = static_cast<float>(std::exp(x[i * stride] - peak) / sum);
}

}  // namespace

Result<void> run_op(const SoftmaxParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& shape = inputs[0].shape;
    if (shape.elements() == 0) return {};
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, shape.rank()));
    const int64_t outer = product(shape, 0, axis);
    const int64_t length = params.flatten ? product(shape, axis, shape.rank()) : shape[axis];
    const int64_t inner = params.flatten ? 1 : product(shape, axis + 1, shape.rank());
    const float* x = inputs[0].as<float>().data();
    float* y = outputs[0].as<float>().data();
    for (int64_t o = 0; o < outer; ++o) {
        for (int64_t i = 0; i < inner; ++i) {
            const int64_t offset = o * length * inner + i;
            normalise(x + offset, y + offset, length, inner, params.logarithm);
        }
    }
    return {};
}

}  // namespace facet::reference
