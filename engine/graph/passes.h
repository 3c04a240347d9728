// SPDX-License-Identifier: MIT
// Passes that make a graph as read from a file ready for any backend.
#pragma once

#include <array>
#include <functional>
#include <span>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet {

// Computes a node's outputs from constant inputs (an absent optional input is an empty Tensor). The
// reference backend provides it; the graph library itself computes nothing.
using Evaluator =
    std::function<Result<std::vector<Tensor>>(const Node& node, std::span<const Tensor> inputs)>;

// In this order: sort, validate, infer every shape while folding each node whose inputs are all
// constant (shape chains, weight dequantisation), widen f16 values to f32, make QuantizeLinear and
// the DequantizeLinear behind it one FakeQuantize (halves between two steps then round to the even
// step counted from the lowest, not from zero), turn Squeeze / Unsqueeze
// / Flatten / Reshape / Identity into Reshape with a constant target or nothing, fold batch norm
// and per-channel multiply / add into the convolution or matmul before (or, where padding allows,
// behind) them, drop nodes and values nothing reads. Afterwards every Reshape, Slice, Split, Pad,
// Resize and Gather has constant parameters or is refused by name, and so is an output that is an
// input or a constant. Exact algebra only: results change by rounding alone.
[[nodiscard]] Result<void> prepare(Graph& graph, const Evaluator& evaluate);

// A 1x1 convolution with strides reads some positions only. Where it alone reads what convolutions
// compute, with element-wise nodes and joins of channels between, they take the strides and compute
// no others. Exact: results are the same numbers. Precondition: the graph is prepared.
void hoist_strides(Graph& graph);

// How an image input is fed, see vision/model_info.h.
struct ImageInput {
    std::array<float, 3> mean{0, 0, 0};   // in the model's channel order, subtracted first
    std::array<float, 3> scale{1, 1, 1};  // then divided by
};

// Rewrites input `input` (an index into graph.inputs; f32 [1,C,H,W] or [1,H,W,C] as `channels_last`
// says) to take u8 [1,H,W,C] pixels: adds Convert, Transpose where needed and the normalisation.
[[nodiscard]] Result<void> accept_u8_pixels(Graph& graph, size_t input, const ImageInput& image,
                                            bool channels_last);

}  // namespace facet
