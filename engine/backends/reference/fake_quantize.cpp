// SPDX-License-Identifier: MIT
// Reference FakeQuantize: OpenVINO FakeQuantize-1.
#include <algorithm>
#include <cmath>

#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

struct Limits {
    double input_low, input_high, output_low, output_high;
};

// std::nearbyint rounds halves to even in the default rounding mode, as the definition wants.
float snap(double x, const Limits& limits, double steps) {
    const auto [input_low, input_high, output_low, output_high] = limits;
    if (x <= std::min(input_low, input_high)) return static_cast<float>(output_low);
    if (x > std::max(input_low, input_high)) return static_cast<float>(output_high);
    const double step = std::nearbyint((x - input_low) / (input_high - input_low) * steps);
    return static_cast<float>(step / steps * (output_high - output_low) + output_low);
}

}  // namespace

Result<void> run_op(const FakeQuantizeParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    if (params.levels < 2)
        return Error{ErrorCode::kCorrupt,
                     "levels is " + std::to_string(params.levels) + "; supported: 2 and above"};
    const float* x = inputs[0].as<float>().data();
    float* y = outputs[0].as<float>().data();
    std::array<const float*, 4> bounds{};
    std::array<Shape, 4> shapes;
    for (size_t k = 0; k < 4; ++k) {
        bounds[k] = inputs[k + 1].as<float>().data();
        shapes[k] = inputs[k + 1].shape;
    }
    const double steps = static_cast<double>(params.levels - 1);
    for_each_run(outputs[0].shape, shapes,
                 [&](int64_t offset, const std::array<RunOperand, 4>& at, int64_t length) {
                     const auto bound = [&](size_t k, int64_t i) {
                         return double{bounds[k][at[k].offset + i * at[k].step]};
                     };
                     for (int64_t i = 0; i < length; ++i) {
                         const Limits limits{bound(0, i), bound(1, i), bound(2, i), bound(3, i)};
                         y[offset + i] = snap(x[offset + i], limits, steps);
                     }
                 });
    return {};
}

}  // namespace facet::reference
