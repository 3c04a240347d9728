// SPDX-License-Identifier: MIT
// A quantised layer and what follows it, in words that oneDNN's primitives and Facet's loops share.
#pragma once

#include "engine/backends/cpu/fusion/integer_chain.h"
#include "engine/backends/cpu/lower/program_builder.h"

namespace facet::cpu {

struct IntegerLayer {
    const Node* node = nullptr;  // a convolution or a matrix product
    ValueId result = kNoValue;
    const ByteGrid* source = nullptr;
    const ByteGrid* stored = nullptr;  // null: floats
    Chain chain;                       // the first link is affine: from sums of products
    int64_t channels = 0;              // of the result
    int rank = 4;
};

// Precondition: `step` is an integer step of such a node. `builder` outlives the result.
[[nodiscard]] IntegerLayer integer_layer(const ProgramBuilder& builder, const PlannedStep& step);

// What Packing::keep() holds of a layer: its whole numbers, then what its lowering keeps.
constexpr int kIntegerSlot = 0, kFirstFreeSlot = 1;

// The weights as whole numbers, row-major as the graph holds them; made once.
[[nodiscard]] const Tensor& integer_weights(ProgramBuilder& builder, const IntegerLayer& layer);

// Appends the layer as one of Facet's own loops; false, and nothing is done, where they do not
// cover it.
[[nodiscard]] bool lower_byte_convolution(ProgramBuilder& builder, const IntegerLayer& layer);

}  // namespace facet::cpu
