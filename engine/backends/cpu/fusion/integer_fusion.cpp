// SPDX-License-Identifier: MIT
// Grows integer steps: forwards from the layers, backwards from what quantises pixels.
#include "engine/backends/cpu/fusion/integer_fusion.h"

#include <algorithm>
#include <utility>

#include "engine/backends/cpu/fusion/integer_chain.h"
#include "engine/graph/channel_affine.h"

namespace facet::cpu {

namespace {

constexpr size_t kNoNode = static_cast<size_t>(-1);

class IntegerPlanner {
  public:
    IntegerPlanner(const Graph& graph, const ByteValues& bytes)
        : graph_(graph),
          bytes_(bytes),
          readers_(count_readers(graph)),
          only_reader_(graph.values.size(), kNoNode),
          writer_(graph.values.size(), kNoNode),
          taken_(graph.nodes.size(), false) {
        for (size_t i = 0; i < graph.nodes.size(); ++i) {
            for (ValueId id : graph.nodes[i].inputs)
                if (id != kNoValue) only_reader_[id] = i;
            for (ValueId id : graph.nodes[i].outputs) writer_[id] = i;
        }
    }

    std::vector<PlannedStep> plan() {
        for (size_t i = 0; i < graph_.nodes.size(); ++i)
            if (is_quantized_layer(graph_, graph_.nodes[i], bytes_)) add_layer(i);
        for (size_t i = 0; i < graph_.nodes.size(); ++i)
            if (!taken_[i] && quantizer_ranges(graph_, graph_.nodes[i]) &&
                bytes_[graph_.nodes[i].outputs[0]])
                add_pixels(i);
        return std::move(steps_);
    }

  private:
    void add_layer(size_t layer) {
        PlannedStep step{.node = layer, .followers = {}, .integer = true};
        size_t last_bytes = 0;        // followers up to the last that stores bytes
        size_t before_sum = kNoNode;  // followers before the first sum that no bytes follow
        bool has_sum = false;         // oneDNN adds one buffer only
        ValueId tail = graph_.nodes[layer].outputs[0];
        while (readers_[tail] == 1 && only_reader_[tail] != kNoNode) {
            const size_t next = only_reader_[tail];
            const Node& node = graph_.nodes[next];
            if (taken_[next] || !keeps_shape(node, tail)) break;
            const auto links = links_of(graph_, bytes_, node, tail, true);
            if (!links) break;
            if (links->front().kind == ChainLink::Kind::kSum) {
                if (std::exchange(has_sum, true)) break;
                before_sum = step.followers.size();
            }
            step.followers.push_back({Follower::Kind::kLink, next, kNoValue});
            tail = node.outputs[0];
            if (bytes_[tail]) {
                last_bytes = step.followers.size();
                before_sum = kNoNode;
            }
        }
        if (last_bytes > 0)
            step.followers.resize(last_bytes);
        else if (before_sum != kNoNode)
            step.followers.resize(before_sum);
        claim(std::move(step));
    }

    bool keeps_shape(const Node& node, ValueId tail) const {
        if (node.outputs.size() != 1) return false;
        const Value& result = graph_.value(node.outputs[0]);
        return result.shape == graph_.value(tail).shape &&
               result.batched == graph_.value(tail).batched && result.type == DataType::kF32;
    }

    void add_pixels(size_t quantizer) {
        std::vector<size_t> chain{quantizer};
        ValueId x = graph_.nodes[quantizer].inputs[0];
        while (readers_[x] == 1 && writer_[x] != kNoNode && !taken_[writer_[x]]) {
            const Node& before = graph_.nodes[writer_[x]];
            const auto affine = channel_affine(graph_, before, 1);
            const ValueId source = affine                             ? affine->x
                                   : quantizer_ranges(graph_, before) ? before.inputs[0]
                                                                      : kNoValue;
            if (source == kNoValue || graph_.value(source).constant) break;
            chain.push_back(writer_[x]);
            x = source;
        }
        if (!is_pixels(x)) return;
        PlannedStep step{.node = chain.back(), .followers = {}, .integer = true};
        for (size_t i = chain.size() - 1; i-- > 0;)
            step.followers.push_back({Follower::Kind::kLink, chain[i], kNoValue});
        claim(std::move(step));
    }

    // u8 all the way, but for the name of its type and the order of its axes.
    bool is_pixels(ValueId x) const {
        while (graph_.value(x).type != DataType::kU8) {
            if (writer_[x] == kNoNode) return false;
            const Node& node = graph_.nodes[writer_[x]];
            if (!std::holds_alternative<ConvertParams>(node.params) &&
                !std::holds_alternative<TransposeParams>(node.params))
                return false;
            x = node.inputs[0];
        }
        return !graph_.value(x).constant;
    }

    void claim(PlannedStep step) {
        taken_[step.node] = true;
        for (const Follower& follower : step.followers) taken_[follower.node] = true;
        steps_.push_back(std::move(step));
    }

    const Graph& graph_;
    const ByteValues& bytes_;
    std::vector<int> readers_;
    std::vector<size_t> only_reader_, writer_;
    std::vector<bool> taken_;
    std::vector<PlannedStep> steps_;
};

}  // namespace

std::vector<PlannedStep> plan_integer_steps(const Graph& graph, const ByteValues& bytes) {
    return IntegerPlanner(graph, bytes).plan();
}

}  // namespace facet::cpu
