// SPDX-License-Identifier: MIT
// Leaves positions out where they are computed, not where they are read.
#include <algorithm>

#include "engine/graph/pass_steps.h"

namespace facet {

namespace {

constexpr Extent2 kEvery{1, 1};

// One for all positions: a number, or one for each channel.
bool is_the_same_everywhere(const Graph& graph, ValueId value) {
    const Value& constant = graph.value(value);
    const Shape& shape = constant.shape;
    if (!constant.constant) return false;
    return shape.elements() == 1 ||
           (shape.rank() >= 3 && shape[shape.rank() - 1] == 1 && shape[shape.rank() - 2] == 1);
}

// Invariant: graph and wiring agree; only strides, pads and shapes change.
class StrideHoister {
  public:
    explicit StrideHoister(Graph& graph) : graph_(graph), wiring_(graph) {}

    void run() {
        // From the end: a stride that reaches a pointwise convolution goes on from there.
        for (size_t at = graph_.nodes.size(); at-- > 0;) {
            Node& reader = graph_.nodes[at];
            auto* params = std::get_if<ConvolutionParams>(&reader.params);
            if (!params || !leaves_out(reader, *params)) continue;
            writers_.clear();
            thinned_.clear();
            if (!collect(reader.inputs[0])) continue;
            move_stride(params->strides);
            params->strides = kEvery;
        }
    }

  private:
    // Does it read single positions, and not all of them?
    bool leaves_out(const Node& node, const ConvolutionParams& params) const {
        const Shape& weights = graph_.value(node.inputs[1]).shape;
        const bool pointwise = weights.rank() == 4 && weights[2] == 1 && weights[3] == 1;
        return pointwise && params.strides != kEvery && pads_of(node, params).begin == Extent2{} &&
               pads_of(node, params).end == Extent2{};
    }

    ResolvedPads pads_of(const Node& node, const ConvolutionParams& params) const {
        const Shape& source = graph_.value(node.inputs[0]).shape;
        const Shape& weights = graph_.value(node.inputs[1]).shape;
        return resolve_pads(params.auto_pad, params.pads_begin, params.pads_end,
                            {source[2], source[3]}, {weights[2], weights[3]}, params.strides,
                            params.dilations);
    }

    // Goes back to the convolutions that may leave the positions out; false where somebody else
    // needs them, or somebody on the way looks at several.
    bool collect(ValueId value) {
        if (wiring_.writer[value] < 0 || wiring_.reads[value] != 1 ||
            graph_.value(value).shape.rank() != 4)
            return false;
        const auto writer = static_cast<size_t>(wiring_.writer[value]);
        const Node& node = graph_.nodes[writer];
        if (node.outputs.size() != 1) return false;
        thinned_.push_back(value);
        if (std::holds_alternative<ConvolutionParams>(node.params)) {
            writers_.push_back(writer);
            return true;
        }
        const auto* join = std::get_if<ConcatParams>(&node.params);
        if (join ? join->axis != 1 && join->axis != -3 : !is_pointwise(node.params)) return false;
        bool computed = false;
        for (const ValueId input : node.inputs) {
            if (!join && input != kNoValue && is_the_same_everywhere(graph_, input)) continue;
            if (input == kNoValue || !lies_like(input, value) || !collect(input)) return false;
            computed = true;
        }
        return computed;
    }

    bool lies_like(ValueId input, ValueId value) const {
        const Shape& shape = graph_.value(input).shape;
        const Shape& wanted = graph_.value(value).shape;
        return shape.rank() == 4 && shape[2] == wanted[2] && shape[3] == wanted[3];
    }

    static bool is_pointwise(const OpParams& params) {
        return std::holds_alternative<ActivationParams>(params) ||
               std::holds_alternative<PReluParams>(params) ||
               std::holds_alternative<EltwiseParams>(params) ||
               std::holds_alternative<FakeQuantizeParams>(params);
    }

    void move_stride(const Extent2& strides) {
        for (const size_t writer : writers_) {
            Node& node = graph_.nodes[writer];
            auto& params = std::get<ConvolutionParams>(node.params);
            const ResolvedPads pads = pads_of(node, params);
            params.auto_pad = AutoPad::kExplicit;
            params.pads_begin = pads.begin;
            params.pads_end = pads.end;
            for (int axis = 0; axis < 2; ++axis) params.strides[axis] *= strides[axis];
        }
        for (const ValueId value : thinned_) {
            Shape& shape = graph_.value(value).shape;
            shape = {shape[0], shape[1], (shape[2] - 1) / strides[0] + 1,
                     (shape[3] - 1) / strides[1] + 1};
        }
    }

    Graph& graph_;
    const Wiring wiring_;
    std::vector<size_t> writers_;   // of the stride at hand
    std::vector<ValueId> thinned_;  // between them and the reader
};

}  // namespace

void hoist_strides(Graph& graph) {
    StrideHoister(graph).run();
}

}  // namespace facet
