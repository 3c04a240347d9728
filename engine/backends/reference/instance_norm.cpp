// SPDX-License-Identifier: MIT
// Reference instance normalisation.
#include <cmath>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

Result<void> run_op(const InstanceNormParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& shape = inputs[0].shape;
    const auto scale = inputs[1].as<float>();
    const auto bias = inputs[2].as<float>();
    const int64_t plane = product(shape, 2, shape.rank());
    const float* x = inputs[0].as<float>().data();
    float* y = outputs[0].as<float>().data();
    for (int64_t p = 0; p < shape[0] * shape[1]; ++p, x += plane, y += plane) {
        double sum = 0;
        for (int64_t i = 0; i < plane; ++i) sum += x[i];
        const double mean = sum / static_cast<double>(plane);
        double squares = 0;
        for (int64_t i = 0; i < plane; ++i) squares += (x[i] - mean) * (x[i] - mean);
        const int64_t c = p % shape[1];
        const double factor =
            scale[c] / std::sqrt(squares / static_cast<double>(plane) + params.epsilon);
        for (int64_t i = 0; i < plane; ++i)
            y[i] = static_cast<float>((x[i] - mean) * factor + bias[c]);
    }
    return {};
}

}  // namespace facet::reference
