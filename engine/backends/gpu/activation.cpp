// SPDX-License-Identifier: MIT
// The functions of one element in OpenCL C.
#include <string>

#include "engine/backends/gpu/chain.h"

namespace facet::gpu {

namespace {

using Kind = ActivationParams::Kind;

std::string rare_text(const ActivationParams& params) {
    const std::string alpha = literal(params.alpha);
    const std::string beta = literal(params.beta);
    switch (params.kind) {
        case Kind::kSoftsign:
            return "v / (1.0f + fabs(v))";
        case Kind::kSign:
            return "v > 0.0f ? 1.0f : v < 0.0f ? -1.0f : v";
        case Kind::kRound:
            return "rint(v)";
        case Kind::kGelu:
            return "v * 0.5f * (1.0f + erf(v * 0.70710678f))";
        case Kind::kGeluTanh:
            return "v * 0.5f * (1.0f + tanh(0.79788456f * (v + 0.044715f * v * v * v)))";
        case Kind::kMish:
            return "v * tanh(soft_plus(v))";
        case Kind::kSelu:
            return beta + " * (v < 0.0f ? " + alpha + " * expm1(v) : v)";
        case Kind::kCelu:
            return "v < 0.0f ? " + alpha + " * expm1(v / " + alpha + ") : v";
        case Kind::kThresholdedRelu:
            return "v > " + alpha + " ? v : 0.0f";
        case Kind::kShrink:
            return "v < -" + alpha + " ? v + " + beta + " : v > " + alpha + " ? v - " + beta +
                   " : 0.0f";
        case Kind::kSin:
            return "sin(v)";
        case Kind::kCos:
            return "cos(v)";
        case Kind::kTan:
            return "tan(v)";
        case Kind::kAsin:
            return "asin(v)";
        case Kind::kAcos:
            return "acos(v)";
        case Kind::kAtan:
            return "atan(v)";
        case Kind::kSinh:
            return "sinh(v)";
        case Kind::kCosh:
            return "cosh(v)";
        case Kind::kAsinh:
            return "asinh(v)";
        case Kind::kAcosh:
            return "acosh(v)";
        default:
            return "atanh(v)";
    }
}

}  // namespace

std::string activation_text(const ActivationParams& params) {
    const std::string alpha = literal(params.alpha);
    const std::string beta = literal(params.beta);
    switch (params.kind) {
        case Kind::kRelu:
            return "v < 0.0f ? 0.0f : v";
        case Kind::kLeakyRelu:
            return "v < 0.0f ? " + alpha + " * v : v";
        case Kind::kElu:
            return "v < 0.0f ? " + alpha + " * expm1(v) : v";
        case Kind::kClip:
            return "fmin(fmax(v, " + alpha + "), " + beta + ")";
        case Kind::kSigmoid:
            return "1.0f / (1.0f + exp(-v))";
        case Kind::kHardSigmoid:
            return "clamp(" + alpha + " * v + " + beta + ", 0.0f, 1.0f)";
        case Kind::kHardSwish:
            return "v * clamp(v / 6.0f + 0.5f, 0.0f, 1.0f)";
        case Kind::kTanh:
            return "tanh(v)";
        case Kind::kExp:
            return "exp(v)";
        case Kind::kLog:
            return "log(v)";
        case Kind::kSqrt:
            return "sqrt(v)";
        case Kind::kAbs:
            return "fabs(v)";
        case Kind::kNegate:
            return "-v";
        case Kind::kFloor:
            return "floor(v)";
        case Kind::kCeil:
            return "ceil(v)";
        case Kind::kReciprocal:
            return "1.0f / v";
        case Kind::kErf:
            return "erf(v)";
        case Kind::kSoftplus:
            return "soft_plus(v)";
        default:
            return rare_text(params);
    }
}

}  // namespace facet::gpu
