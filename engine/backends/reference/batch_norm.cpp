// SPDX-License-Identifier: MIT
// Reference batch normalisation with stored statistics.
#include <cmath>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

Result<void> run_op(const BatchNormParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& shape = inputs[0].shape;
    const auto scale = inputs[1].as<float>();
    const auto bias = inputs[2].as<float>();
    const auto mean = inputs[3].as<float>();
    const auto variance = inputs[4].as<float>();
    const int64_t plane = product(shape, 2, shape.rank());
    const float* x = inputs[0].as<float>().data();
    float* y = outputs[0].as<float>().data();
    for (int64_t n = 0; n < shape[0]; ++n) {
        for (int64_t c = 0; c < shape[1]; ++c) {
            const double factor =
                scale[c] / std::sqrt(static_cast<double>(variance[c]) + params.epsilon);
            for (int64_t i = 0; i < plane; ++i)
                *y++ = static_cast<float>((*x++ - static_cast<double>(mean[c])) * factor + bias[c]);
        }
    }
    return {};
}

}  // namespace facet::reference
