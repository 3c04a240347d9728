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
            const auto ranges = quantizer_ranges(graph_, graph_.nodes[i]);
            if (!ranges) continue;
            const auto before = sole_writer(wiring, graph_.nodes[i].inputs[0]);
            if (!before) continue;
            if (is_max_pooling(graph_.nodes[*before].params)) return swap(*before, i);
            if (is_channel_join(graph_.nodes[*before]) && is_uniform(*ranges))
                return spread(*before, i);
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

    bool is_channel_join(const Node& node) const {
        const auto* concat = std::get_if<ConcatParams>(&node.params);
        const Shape& shape = graph_.value(node.outputs[0]).shape;
        return concat && shape.rank() == 4 && (concat->axis == 1 || concat->axis == -3);
    }

    // Limits of channels would have to be cut up.
    static bool is_uniform(const QuantizerRanges& ranges) {
        return ranges.input_low.size() == 1 && ranges.input_high.size() == 1 &&
               ranges.output_low.size() == 1 && ranges.output_high.size() == 1;
    }

    // The join `first` alone is read by the FakeQuantize `second`; afterwards each part has one.
    bool spread(size_t first, size_t second) {
        const Node quantizer = graph_.nodes[second];
        graph_.nodes[first].outputs[0] = quantizer.outputs[0];
        graph_.nodes.erase(graph_.nodes.begin() + static_cast<ptrdiff_t>(second));
        const size_t parts = graph_.nodes[first].inputs.size();
        for (size_t part = 0; part < parts; ++part) {
            Node& join = graph_.nodes[first + part];
            Node own = quantizer;
            own.name += "/part " + std::to_string(part);
            own.inputs[0] = join.inputs[part];
            Value value = graph_.value(own.inputs[0]);
            value.name = own.name;
            value.constant.reset();
            graph_.values.push_back(std::move(value));
            own.outputs[0] = static_cast<ValueId>(graph_.values.size() - 1);
            join.inputs[part] = own.outputs[0];
            graph_.nodes.insert(graph_.nodes.begin() + static_cast<ptrdiff_t>(first + part),
                                std::move(own));
        }
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
