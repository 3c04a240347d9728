// SPDX-License-Identifier: MIT
// Reference activations and other functions of one element.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

template <typename Function>
void apply(const TensorView& input, const MutableTensorView& output, Function function) {
    const auto x = input.as<float>();
    const auto y = output.as<float>();
    for (size_t i = 0; i < x.size(); ++i) y[i] = static_cast<float>(function(double{x[i]}));
}

double softplus(double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

// What few networks use.
Result<void> run_rare(const ActivationParams& params, const TensorView& input,
                      const MutableTensorView& output) {
    using Kind = ActivationParams::Kind;
    const double alpha = params.alpha;
    const double beta = params.beta;
    const auto with = [&](auto function) {
        apply(input, output, function);
        return Result<void>();
    };
    const auto gate = [](double x) {
        return std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
    };
    switch (params.kind) {
        case Kind::kSoftsign:
            return with([](double x) { return x / (1.0 + std::abs(x)); });
        case Kind::kSign:
            return with([](double x) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; });
        case Kind::kRound:
            return with([](double x) { return std::nearbyint(x); });
        case Kind::kGelu:
            return with(
                [](double x) { return x * 0.5 * (1.0 + std::erf(x / std::numbers::sqrt2)); });
        case Kind::kGeluTanh:
            return with([gate](double x) { return x * 0.5 * (1.0 + std::tanh(gate(x))); });
        case Kind::kMish:
            return with([](double x) { return x * std::tanh(softplus(x)); });
        case Kind::kSelu:
            return with(
                [alpha, beta](double x) { return beta * (x < 0 ? alpha * std::expm1(x) : x); });
        case Kind::kCelu:
            return with([alpha](double x) { return x < 0 ? alpha * std::expm1(x / alpha) : x; });
        case Kind::kThresholdedRelu:
            return with([alpha](double x) { return x > alpha ? x : 0.0; });
        case Kind::kShrink:
            return with([alpha, beta](double x) {
                return x < -alpha ? x + beta : x > alpha ? x - beta : 0.0;
            });
        case Kind::kSin:
            return with([](double x) { return std::sin(x); });
        case Kind::kCos:
            return with([](double x) { return std::cos(x); });
        case Kind::kTan:
            return with([](double x) { return std::tan(x); });
        case Kind::kAsin:
            return with([](double x) { return std::asin(x); });
        case Kind::kAcos:
            return with([](double x) { return std::acos(x); });
        case Kind::kAtan:
            return with([](double x) { return std::atan(x); });
        case Kind::kSinh:
            return with([](double x) { return std::sinh(x); });
        case Kind::kCosh:
            return with([](double x) { return std::cosh(x); });
        case Kind::kAsinh:
            return with([](double x) { return std::asinh(x); });
        case Kind::kAcosh:
            return with([](double x) { return std::acosh(x); });
        case Kind::kAtanh:
            return with([](double x) { return std::atanh(x); });
        default:
            return Error{ErrorCode::kInternal, "an activation without a kernel"};
    }
}

// Negation and absolute value of integers; the least value is its own, as in numpy.
template <typename T>
Result<void> run_integer(bool negates, const TensorView& input, const MutableTensorView& output) {
    using Unsigned = std::make_unsigned_t<T>;
    const auto x = input.as<T>();
    const auto y = output.as<T>();
    for (size_t i = 0; i < x.size(); ++i)
        y[i] =
            negates || x[i] < 0 ? static_cast<T>(Unsigned{0} - static_cast<Unsigned>(x[i])) : x[i];
    return {};
}

}  // namespace

Result<void> run_op(const ActivationParams& params, Inputs inputs, Outputs outputs) {
    const bool negates = params.kind == ActivationParams::Kind::kNegate;
    if (negates || params.kind == ActivationParams::Kind::kAbs) {
        const DataType type = inputs[0].type;
        if (type == DataType::kI64) return run_integer<int64_t>(negates, inputs[0], outputs[0]);
        if (type == DataType::kI32) return run_integer<int32_t>(negates, inputs[0], outputs[0]);
    }
    FACET_TRY(require_f32(inputs, outputs));
    using Kind = ActivationParams::Kind;
    const double alpha = params.alpha;
    const double beta = params.beta;
    const auto with = [&](auto function) { apply(inputs[0], outputs[0], function); };
    switch (params.kind) {
        case Kind::kRelu:
            with([](double x) { return std::max(x, 0.0); });
            break;
        case Kind::kLeakyRelu:
            with([alpha](double x) { return x < 0 ? alpha * x : x; });
            break;
        case Kind::kElu:
            with([alpha](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
            break;
        case Kind::kClip:
            with([alpha, beta](double x) { return std::min(std::max(x, alpha), beta); });
            break;
        case Kind::kSigmoid:
            with([](double x) { return 1.0 / (1.0 + std::exp(-x)); });
            break;
        case Kind::kHardSigmoid:
            with([alpha, beta](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
            break;
        case Kind::kHardSwish:
            with([](double x) { return x * std::clamp(x / 6.0 + 0.5, 0.0, 1.0); });
            break;
        case Kind::kTanh:
            with([](double x) { return std::tanh(x); });
            break;
        case Kind::kExp:
            with([](double x) { return std::exp(x); });
            break;
        case Kind::kLog:
            with([](double x) { return std::log(x); });
            break;
        case Kind::kSqrt:
            with([](double x) { return std::sqrt(x); });
            break;
        case Kind::kAbs:
            with([](double x) { return std::abs(x); });
            break;
        case Kind::kNegate:
            with([](double x) { return -x; });
            break;
        case Kind::kFloor:
            with([](double x) { return std::floor(x); });
            break;
        case Kind::kCeil:
            with([](double x) { return std::ceil(x); });
            break;
        case Kind::kReciprocal:
            with([](double x) { return 1.0 / x; });
            break;
        case Kind::kErf:
            with([](double x) { return std::erf(x); });
            break;
        case Kind::kSoftplus:
            with(softplus);
            break;
        default:
            return run_rare(params, inputs[0], outputs[0]);
    }
    return {};
}

}  // namespace facet::reference
