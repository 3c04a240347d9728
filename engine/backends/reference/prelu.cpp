// SPDX-License-Identifier: MIT
// Reference parametric ReLU.
#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"

namespace facet::reference {

Result<void> run_op(const PReluParams&, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const float* x = inputs[0].as<float>().data();
    const float* slope = inputs[1].as<float>().data();
    float* y = outputs[0].as<float>().data();
    const std::array<Shape, 1> shapes{inputs[1].shape};
    for_each_run(outputs[0].shape, shapes,
                 [&](int64_t offset, const std::array<RunOperand, 1>& operands, int64_t length) {
                     const auto [start, step] = operands[0];
                     for (int64_t i = 0; i < length; ++i) {
                         const float value = x[offset + i];
                         y[offset + i] = value < 0 ? value * slope[start + i * step] : value;
                     }
                 });
    return {};
}

}  // namespace facet::reference
