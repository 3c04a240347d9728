// SPDX-License-Identifier: MIT
// Reference arithmetic on two broadcast operands.
#include <algorithm>
#include <cmath>
#include <type_traits>

#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

template <typename T, typename Function>
void apply(Inputs inputs, Outputs outputs, Function function) {
    const T* a = inputs[0].as<T>().data();
    const T* b = inputs[1].as<T>().data();
    T* y = outputs[0].as<T>().data();
    const std::array<Shape, 2> shapes{inputs[0].shape, inputs[1].shape};
    for_each_run(outputs[0].shape, shapes,
                 [&](int64_t offset, const std::array<RunOperand, 2>& operands, int64_t length) {
                     const T* from_a = a + operands[0].offset;
                     const T* from_b = b + operands[1].offset;
                     T* to = y + offset;
                     const int64_t step_a = operands[0].step;
                     const int64_t step_b = operands[1].step;
                     for (int64_t i = 0; i < length; ++i)
                         to[i] = function(from_a[i * step_a], from_b[i * step_b]);
                 });
}

// Integers wrap around, as in numpy; unsigned arithmetic makes that defined.
template <typename T, typename Function>
auto wrapping(Function function) {
    return [function](T a, T b) {
        if constexpr (std::is_integral_v<T>)
            return static_cast<T>(function(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
        else
            return static_cast<T>(function(a, b));
    };
}

// Integers by repeated squaring; a negative exponent leaves what 1 / base rounds to towards zero.
template <typename T>
T power(T base, T exponent) {
    if constexpr (!std::is_integral_v<T>) {
        return static_cast<T>(std::pow(double{base}, double{exponent}));
    } else {
        if constexpr (std::is_signed_v<T>) {
            if (exponent < 0 && base == -1) return exponent % 2 == 0 ? T{1} : T{-1};
            if (exponent < 0) return base == 1 ? T{1} : T{0};
        }
        uint64_t result = 1, square = static_cast<uint64_t>(base);
        for (auto left = static_cast<uint64_t>(exponent); left > 0; left >>= 1) {
            if ((left & 1) != 0) result *= square;
            square *= square;
        }
        return static_cast<T>(result);
    }
}

template <typename T>
T divide(T a, T b) {
    if constexpr (std::is_signed_v<T> && std::is_integral_v<T>) {
        if (b == -1) return static_cast<T>(uint64_t{0} - static_cast<uint64_t>(a));
    }
    return a / b;
}

template <typename T>
Result<void> run_typed(EltwiseParams::Kind kind, Inputs inputs, Outputs outputs) {
    using Kind = EltwiseParams::Kind;
    if (std::is_integral_v<T> && kind == Kind::kDivide &&
        std::ranges::count(inputs[1].as<T>(), T{0}) > 0)
        return Error{ErrorCode::kInvalidArgument, "integer division by zero"};
    switch (kind) {
        case Kind::kAdd:
            apply<T>(inputs, outputs, wrapping<T>([](auto a, auto b) { return a + b; }));
            break;
        case Kind::kSubtract:
            apply<T>(inputs, outputs, wrapping<T>([](auto a, auto b) { return a - b; }));
            break;
        case Kind::kMultiply:
            apply<T>(inputs, outputs, wrapping<T>([](auto a, auto b) { return a * b; }));
            break;
        case Kind::kDivide:
            apply<T>(inputs, outputs, divide<T>);
            break;
        case Kind::kMaximum:
            apply<T>(inputs, outputs, [](T a, T b) { return std::max(a, b); });
            break;
        case Kind::kMinimum:
            apply<T>(inputs, outputs, [](T a, T b) { return std::min(a, b); });
            break;
        case Kind::kPower:
            apply<T>(inputs, outputs, power<T>);
            break;
    }
    return {};
}

}  // namespace

Result<void> run_op(const EltwiseParams& params, Inputs inputs, Outputs outputs) {
    const DataType type = outputs[0].type;
    if (inputs[0].type == type && inputs[1].type == type) {
        if (type == DataType::kF32) return run_typed<float>(params.kind, inputs, outputs);
        if (type == DataType::kI32) return run_typed<int32_t>(params.kind, inputs, outputs);
        if (type == DataType::kI64) return run_typed<int64_t>(params.kind, inputs, outputs);
        if (type == DataType::kI8) return run_typed<int8_t>(params.kind, inputs, outputs);
        if (type == DataType::kU8) return run_typed<uint8_t>(params.kind, inputs, outputs);
    }
    return Error{ErrorCode::kUnsupported, "operands of types " +
                                              std::string(to_string(inputs[0].type)) + " and " +
                                              std::string(to_string(inputs[1].type)) +
                                              "; supported: two of f32, i8, u8, i32 or i64"};
}

}  // namespace facet::reference
