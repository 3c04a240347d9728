// SPDX-License-Identifier: MIT
// Which values of a prepared graph can be kept as bytes, and which layers compute on them.
#pragma once

#include <optional>
#include <vector>

#include "engine/graph/graph.h"

namespace facet {

// A value that FakeQuantize snapped: steps * (byte - zero_point), bytes from `least` to `most`.
// Unsigned where the zero point is 0 or not at the middle, else signed with zero point 0.
struct ByteGrid {
    DataType type = DataType::kU8;
    std::vector<float> steps;  // one, or one per channel (axis 1)
    int zero_point = 0;
    int least = 0, most = 255;

    bool operator==(const ByteGrid&) const = default;
};

// The limits of a FakeQuantize, each one number or one per channel.
struct QuantizerRanges {
    std::vector<float> input_low, input_high, output_low, output_high;
    int64_t levels = 256;
};
// Nothing where a limit is not constant, varies otherwise than along axis 1, or is no ascending
// finite range.
[[nodiscard]] std::optional<QuantizerRanges> quantizer_ranges(const Graph& graph, const Node& node);
// The grid of a FakeQuantize's result; nothing above 256 levels, or where zero lies between steps
// or outside.
[[nodiscard]] std::optional<ByteGrid> byte_grid(const Graph& graph, const Node& node);

// By value: the grid on which it may be kept as bytes. A value has one where bytes serve a
// quantised layer: the results of FakeQuantize, and of max pooling, Reshape and Concat of such. The
// grid of a Concat is the widest of its inputs', and a FakeQuantize that it alone reads takes it.
using ByteValues = std::vector<std::optional<ByteGrid>>;
[[nodiscard]] ByteValues byte_values(const Graph& graph);

// A convolution or matrix product whose weights lie on a grid of one step per output channel
// (`weight_steps`) and whose input is kept as bytes.
[[nodiscard]] bool is_quantized_layer(const Graph& graph, const Node& node,
                                      const ByteValues& bytes);
// Empty where the weights have no such grid.
[[nodiscard]] std::vector<float> weight_steps(const Graph& graph, const Node& node);
[[nodiscard]] int count_quantized_layers(const Graph& graph);

// Moves each FakeQuantize, with the monotone activation before it, in front of the max pooling it
// follows, gives each part of a join along the channels its own instead of the one behind it, and
// drops one that repeats what another did: the same results to the last bit, but a convolution
// before the pooling or join can store bytes. Precondition: the graph is prepared.
void hoist_quantizers(Graph& graph);

}  // namespace facet
