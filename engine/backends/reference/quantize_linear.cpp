// SPDX-License-Identifier: MIT
// Reference QuantizeLinear and DequantizeLinear: ONNX, operator set 13.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

// Calls function(element, scale) for every element of x with the index of its scale.
template <typename Function>
Result<void> for_each_element(const Shape& x, const Shape& scale, int64_t axis, Function function) {
    int64_t period = 1, inner = x.elements();
    if (scale.elements() > 1) {
        FACET_ASSIGN(const int index, normalize_axis(axis, x.rank()));
        period = x[index];
        inner = product(x, index + 1, x.rank());
    }
    const int64_t count = x.elements();
    for (int64_t i = 0; i < count; ++i) function(i, i / inner % period);
    return {};
}

template <typename T>
Result<void> quantize(int64_t axis, Inputs inputs, Outputs outputs) {
    const auto x = inputs[0].as<float>();
    const auto scale = inputs[1].as<float>();
    const auto y = outputs[0].as<T>();
    return for_each_element(
        inputs[0].shape, inputs[1].shape, axis, [&](int64_t element, int64_t index) {
            const int zero = is_present(inputs, 2) ? inputs[2].as<T>()[index] : 0;
            // In floats, as ONNX defines it: where a half lies depends on the division's precision.
            const float step = std::nearbyint(x[element] / scale[index]);
            const double shifted = std::isnan(step) ? zero : double{step} + zero;
            y[element] = static_cast<T>(std::clamp<double>(shifted, std::numeric_limits<T>::min(),
                                                           std::numeric_limits<T>::max()));
        });
}

template <typename T>
Result<void> dequantize(int64_t axis, Inputs inputs, Outputs outputs) {
    const auto x = inputs[0].as<T>();
    const auto scale = inputs[1].as<float>();
    const auto y = outputs[0].as<float>();
    return for_each_element(
        inputs[0].shape, inputs[1].shape, axis, [&](int64_t element, int64_t index) {
            const double zero = is_present(inputs, 2) ? inputs[2].as<T>()[index] : T{0};
            y[element] = static_cast<float>((x[element] - zero) * scale[index]);
        });
}

}  // namespace

Result<void> run_op(const QuantizeLinearParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs.first(2), {}));
    if (outputs[0].type == DataType::kI8) return quantize<int8_t>(params.axis, inputs, outputs);
    return quantize<uint8_t>(params.axis, inputs, outputs);
}

Result<void> run_op(const DequantizeLinearParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs.subspan(1, 1), outputs));
    if (inputs[0].type == DataType::kI8) return dequantize<int8_t>(params.axis, inputs, outputs);
    if (inputs[0].type == DataType::kU8) return dequantize<uint8_t>(params.axis, inputs, outputs);
    return dequantize<int32_t>(params.axis, inputs, outputs);
}

}  // namespace facet::reference
