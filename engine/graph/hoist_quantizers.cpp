// SPDX-License-Identifier: MIT
// Brings each FakeQuantize to the node that computes what it snaps.
#include <algorithm>

#include "engine/graph/byte_values.h"
#include "engine/graph/pass_steps.h"

namespace facet {

namespace {

bool is_monotone(const OpParams& params) {
    const auto* activation = std::get_if<ActivationParams>(&params);
    if (activation == nullptr) return false;
    using Kind = ActivationParams::Kind;
    return activation->kind == Kind::kRelu || activation->kind == Kind::kClip ||
           (activation->kind == Kind::kLeakyRelu && activation->alpha >= 0);
}

bool is_max_pooling(const OpParams& params) {
    const auto* pooling = std::get_if<PoolingParams>(&params);
    return pooling && pooling->kind == PoolingParams::Kind::kMax;
}

class Hoister {
  public:
    explicit Hoister(Graph& graph) : graph_(graph) {}

    void run() {
        while (drop_one_repeated() || lift_one()) {
        }
        remove_dead(graph_);
    }

  private:
    // The node that writes x for one reader alone, if that is no output.
    std::optional<size_t> sole_writer(const Wiring& wiring, ValueId x) const {
        if (wiring.writer[x] < 0 || wiring.reads[x] != 1) return {};
        return static_cast<size_t>(wiring.writer[x]);
    }

    // Max pooling directly before node `index`, or before the activation before it; swaps the two.
    bool lift_one() {
        const Wiring wiring(graph_);
        for (size_t i = 0; i < graph_.nodes.size(); ++i) {
            if (!quantizer_ranges(graph_, graph_.nodes[i])) continue;
            const auto before = sole_writer(wiring, graph_.nodes[i].inputs[0]);
            if (!before) continue;
            if (is_max_pooling(graph_.nodes[*before].params)) return swap(*before, i);
            if (!is_monotone(graph_.nodes[*before].params)) continue;
            const auto pooling = sole_writer(wiring, graph_.nodes[*before].inputs[0]);
            if (pooling && is_max_pooling(graph_.nodes[*pooling].params))
                return swap(*pooling, *before);
        }
        return false;
    }

    // Node `first` alone is read by `second`, which keeps the shape; afterwards `second` comes
    // first.
    bool swap(size_t first, size_t second) {
        Node& pooling = graph_.nodes[first];
        Node& follower = graph_.nodes[second];
        const ValueId between = pooling.outputs[0];
        graph_.value(between).shape = graph_.value(pooling.inputs[0]).shape;
        graph_.value(between).name = follower.name + "/before " + pooling.name;
        follower.inputs[0] = pooling.inputs[0];
        pooling.inputs[0] = between;
        std::swap(follower.outputs[0], pooling.outputs[0]);
        std::rotate(graph_.nodes.begin() + static_cast<ptrdiff_t>(first),
                    graph_.nodes.begin() + static_cast<ptrdiff_t>(second),
                    graph_.nodes.begin() + static_cast<ptrdiff_t>(second) + 1);
        return true;
    }

    // A FakeQuantize of another's result, with the same limits: its readers read the other's.
    bool drop_one_repeated() {
        const Wiring wiring(graph_);
        for (const Node& node : graph_.nodes) {
            const auto ranges = quantizer_ranges(graph_, node);
            if (!ranges || wiring.is_output[node.outputs[0]] || wiring.writer[node.inputs[0]] < 0 ||
                wiring.reads[node.outputs[0]] == 0)
                continue;
            const auto before =
                quantizer_ranges(graph_, graph_.nodes[wiring.writer[node.inputs[0]]]);
            if (!before || !repeats(*before, *ranges)) continue;
            const ValueId kept = node.inputs[0], dropped = node.outputs[0];
            for (Node& reader : graph_.nodes) std::ranges::replace(reader.inputs, dropped, kept);
            return true;
        }
        return false;
    }

    static bool repeats(const QuantizerRanges& first, const QuantizerRanges& second) {
        return first.levels == second.levels && first.output_low == second.input_low &&
               first.output_high == second.input_high && second.output_low == second.input_low &&
               second.output_high == second.input_high;
    }

    Graph& graph_;
};

}  // namespace

void hoist_quantizers(Graph& graph) {
    Hoister(graph).run();
}

}  // namespace facet
