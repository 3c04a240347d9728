// SPDX-License-Identifier: MIT
// Element-wise nodes behind a quantised layer as a short chain of arithmetic on floats in
// registers.
#pragma once

#include <optional>
#include <vector>

#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/graph/byte_values.h"

namespace facet::cpu {

// One link: x becomes
struct ChainLink {
    enum class Kind {
        kAffine,   // scale x + shift; each one number or one per channel
        kClip,     // min(max(x, low), high)
        kRound,    // the nearest whole number, halves to even
        kEltwise,  // part(x)
        kSum,      // x + scale[0] times the byte of `summand`, whose zero point a later shift takes
    };
    Kind kind = Kind::kAffine;
    std::vector<float> scale{1.0f}, shift{0.0f};
    float low = 0.0f, high = 0.0f;
    onednn::EltwisePart part;
    ValueId summand = kNoValue;
};
using Chain = std::vector<ChainLink>;

// What `node` does to `x`, one of its inputs: per-channel arithmetic with constants, activations,
// sums with a value kept as bytes, FakeQuantize. The result is what is stored: where it is kept as
// bytes, and `stores`, the chain ends with numbers to be rounded to those bytes. Nothing for any
// other node.
[[nodiscard]] std::optional<Chain> links_of(const Graph& graph, const ByteValues& bytes,
                                            const Node& node, ValueId x, bool stores);

// The same function in fewer links: affine ones merge and move to the front, limits that `stored`
// (bytes, or floats if null) enforces anyway go. The first link stays an affine one if it was.
[[nodiscard]] Chain simplified(Chain chain, const ByteGrid* stored);

}  // namespace facet::cpu
