// SPDX-License-Identifier: MIT
// Reference conversion between any two element types.
#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

// Calls function(T{}) with the C++ type that `type` stands for.
template <typename Function>
void with_type(DataType type, Function function) {
    switch (type) {
        case DataType::kF32:
            return function(float{});
        case DataType::kF16:
            return function(Half{});
        case DataType::kI8:
            return function(int8_t{});
        case DataType::kU8:
            return function(uint8_t{});
        case DataType::kI32:
            return function(int32_t{});
        case DataType::kI64:
            return function(int64_t{});
        case DataType::kBool:
            return function(bool{});
    }
}

// Truncates; what the integer cannot hold saturates and NaN becomes 0, because C++ leaves those
// undefined.
template <typename To>
To truncate(double value) {
    if (std::isnan(value)) return 0;
    constexpr double kLow = static_cast<double>(std::numeric_limits<To>::min());
    constexpr double kHigh = static_cast<double>(std::numeric_limits<To>::max());
    if (value <= kLow) return std::numeric_limits<To>::min();
    if (value >= kHigh) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
}

template <typename From, typename To>
To convert(From value) {
    if constexpr (std::is_same_v<From, To>)
        return value;
    else if constexpr (std::is_same_v<From, Half>)
        return convert<float, To>(to_float(value));
    else if constexpr (std::is_same_v<To, Half>)
        return to_half(static_cast<float>(value));
    else if constexpr (std::is_same_v<To, bool>)
        return value != From{};
    else if constexpr (std::is_floating_point_v<From>)
        return truncate<To>(value);
    else
        return static_cast<To>(value);
}

}  // namespace

Result<void> run_op(const ConvertParams&, Inputs inputs, Outputs outputs) {
    with_type(inputs[0].type, [&]<typename From>(From) {
        with_type(outputs[0].type, [&]<typename To>(To) {
            const auto from = inputs[0].as<From>();
            const auto to = outputs[0].as<To>();
            for (size_t i = 0; i < from.size(); ++i) to[i] = convert<From, To>(from[i]);
        });
    });
    return {};
}

}  // namespace facet::reference
