// SPDX-License-Identifier: MIT
// The graph's activations and arithmetic by oneDNN's names, the same in 2.x and 3.x.
#include "engine/backends/cpu/onednn/onednn_api.h"

namespace facet::cpu::onednn {

using dnnl::algorithm;

std::vector<EltwisePart> eltwise_parts(const ActivationParams& params) {
    using Kind = ActivationParams::Kind;
    switch (params.kind) {
        case Kind::kRelu:
            return {{algorithm::eltwise_relu}};
        case Kind::kLeakyRelu:
            return {{algorithm::eltwise_relu, params.alpha}};
        case Kind::kElu:
            return {{algorithm::eltwise_elu, params.alpha}};
        case Kind::kClip:
            return {{algorithm::eltwise_clip, params.alpha, params.beta}};
        case Kind::kSigmoid:
            return {{algorithm::eltwise_logistic}};
        case Kind::kHardSigmoid:
            return {{algorithm::eltwise_linear, params.alpha, params.beta},
                    {algorithm::eltwise_clip, 0.0f, 1.0f}};
        case Kind::kHardSwish:
            // Version 2 has these two numbers built in and ignores them.
            return {{algorithm::eltwise_hardswish, 1.0f / 6.0f, 0.5f}};
        case Kind::kTanh:
            return {{algorithm::eltwise_tanh}};
        case Kind::kExp:
            return {{algorithm::eltwise_exp}};
        case Kind::kSqrt:
            return {{algorithm::eltwise_sqrt}};
        case Kind::kAbs:
            return {{algorithm::eltwise_abs}};
        case Kind::kNegate:
            return {{algorithm::eltwise_linear, -1.0f, 0.0f}};
        case Kind::kReciprocal:
            return {{algorithm::eltwise_pow, 1.0f, -1.0f}};
        case Kind::kSoftplus:
            return {{algorithm::eltwise_soft_relu, 1.0f}};
        case Kind::kGelu:
            return {{algorithm::eltwise_gelu_erf}};
        case Kind::kGeluTanh:
            return {{algorithm::eltwise_gelu_tanh}};
        case Kind::kMish:
            return {{algorithm::eltwise_mish}};
        case Kind::kSelu:
            return {{algorithm::eltwise_elu, params.alpha},
                    {algorithm::eltwise_linear, params.beta, 0.0f}};
        default:  // kLog too: oneDNN's logarithm of 1 is not 0
            return {};
    }
    return {};
}

std::optional<algorithm> binary_algorithm(EltwiseParams::Kind kind) {
    using Kind = EltwiseParams::Kind;
    switch (kind) {
        case Kind::kAdd:
            return algorithm::binary_add;
        case Kind::kSubtract:
            return algorithm::binary_sub;
        case Kind::kMultiply:
            return algorithm::binary_mul;
        case Kind::kDivide:
            return algorithm::binary_div;
        case Kind::kMaximum:
            return algorithm::binary_max;
        case Kind::kMinimum:
            return algorithm::binary_min;
        case Kind::kPower:
            return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace facet::cpu::onednn
