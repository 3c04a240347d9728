// SPDX-License-Identifier: MIT
// Reference local response normalisation across channels.
#include <algorithm>
#include <cmath>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

Result<void> run_op(const LocalResponseNormParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& shape = inputs[0].shape;
    const int64_t channels = shape[1];
    const int64_t plane = product(shape, 2, shape.rank());
    const int64_t before = (params.size - 1) / 2;
    const int64_t behind = params.size - 1 - before;
    const float* x = inputs[0].as<float>().data();
    float* y = outputs[0].as<float>().data();
    for (int64_t n = 0; n < shape[0]; ++n, x += channels * plane, y += channels * plane) {
        for (int64_t c = 0; c < channels; ++c) {
            const int64_t first = std::max<int64_t>(c - before, 0);
            const int64_t last = std::min(c + behind, channels - 1);
            for (int64_t i = 0; i < plane; ++i) {
                double sum = 0;
                for (int64_t k = first; k <= last; ++k)
                    sum += double{x[k * plane + i]} * x[k * plane + i];
                const double divisor =
                    params.bias + params.alpha / static_cast<double>(params.size) * sum;
                y[c * plane + i] =
                    static_cast<float>(x[c * plane + i] / std::pow(divisor, params.beta));
            }
        }
    }
    return {};
}

}  // namespace facet::reference
