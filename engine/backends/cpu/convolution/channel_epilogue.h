// SPDX-License-Identifier: MIT
// What Facet's convolution loops do to a result before they store it.
#pragma once

#include <cstdint>

namespace facet::cpu {

// In this order: bias, residual, activation.
struct ChannelEpilogue {
    enum class Activation { kNone, kLeakyRelu, kPRelu, kClip };
    const float* bias = nullptr;  // per channel; null: none
    bool adds_residual = false;   // the result's memory holds the other summand
    Activation activation = Activation::kNone;
    float slope = 0;                // kLeakyRelu; 0 is Relu
    const float* slopes = nullptr;  // kPRelu: per channel
    float low = 0, high = 0;        // kClip
};

}  // namespace facet::cpu
