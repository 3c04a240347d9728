// SPDX-License-Identifier: MIT
// A node seen as y = scale * x + shift per channel; private to engine/graph.
#pragma once

#include <optional>
#include <vector>

#include "engine/graph/graph.h"

namespace facet {

// `scale` and `shift` have one element per channel; empty stands for all ones and all zeros. Kept
// in double, so that several folds round once each.
struct ChannelAffine {
    ValueId x = kNoValue;
    std::vector<double> scale, shift;

    [[nodiscard]] double scale_at(size_t channel) const {
        return scale.empty() ? 1.0 : scale[channel];
    }
    [[nodiscard]] double shift_at(size_t channel) const {
        return shift.empty() ? 0.0 : shift[channel];
    }
};

// Reads batch norm (axis 1 only) and add / subtract / multiply / divide with an f32 constant that
// varies along `axis` of x alone; nothing for any other node, when the output is larger than x, or
// when a factor is not finite.
[[nodiscard]] std::optional<ChannelAffine> channel_affine(const Graph& graph, const Node& node,
                                                          int axis);

}  // namespace facet
