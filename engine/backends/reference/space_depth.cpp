// SPDX-License-Identifier: MIT
// Reference DepthToSpace and SpaceToDepth: transpositions of the axes that a block splits.
#include <vector>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

Result<void> permute(TensorView input, const Shape& split, std::vector<int64_t> order,
                     MutableTensorView output) {
    input.shape = split;
    Shape permuted;
    for (const int64_t axis : order) permuted.append(split[static_cast<int>(axis)]);
    output.shape = permuted;
    return run_op(TransposeParams{std::move(order)}, {&input, 1}, {&output, 1});
}

}  // namespace

Result<void> run_op(const DepthToSpaceParams& params, Inputs inputs, Outputs outputs) {
    const Shape& x = inputs[0].shape;
    const int64_t b = params.block;
    const int64_t channels = x[1] / (b * b);
    if (params.channel_first)
        return permute(inputs[0], {x[0], channels, b, b, x[2], x[3]}, {0, 1, 4, 2, 5, 3},
                       outputs[0]);
    return permute(inputs[0], {x[0], b, b, channels, x[2], x[3]}, {0, 3, 4, 1, 5, 2}, outputs[0]);
}

Result<void> run_op(const SpaceToDepthParams& params, Inputs inputs, Outputs outputs) {
    const Shape& x = inputs[0].shape;
    const int64_t b = params.block;
    const Shape split{x[0], x[1], x[2] / b, b, x[3] / b, b};
    if (params.channel_first) return permute(inputs[0], split, {0, 1, 3, 5, 2, 4}, outputs[0]);
    return permute(inputs[0], split, {0, 3, 5, 1, 2, 4}, outputs[0]);
}

}  // namespace facet::reference
