// SPDX-License-Identifier: MIT
// Grows each step along the chain of nodes that are the only readers of what comes before.
#include "engine/backends/cpu/fusion/fusion.h"

#include <algorithm>
#include <optional>

#include "engine/backends/cpu/onednn/onednn_api.h"

namespace facet::cpu {

namespace {

constexpr size_t kNoNode = static_cast<size_t>(-1);

class Planner {
  public:
    explicit Planner(const Graph& graph)
        : graph_(graph),
          readers_(count_readers(graph)),
          only_reader_(graph.values.size(), kNoNode),
          writer_(graph.values.size(), kNoNode),
          taken_(graph.nodes.size(), false) {
        for (size_t i = 0; i < graph.nodes.size(); ++i) {
            for (ValueId id : graph.nodes[i].inputs)
                if (id != kNoValue) only_reader_[id] = i;
            for (ValueId id : graph.nodes[i].outputs)
                if (id != kNoValue) writer_[id] = i;
        }
    }

    std::vector<PlannedStep> plan(std::vector<PlannedStep> planned) {
        std::vector<PlannedStep> steps;
        std::vector<PlannedStep*> ending(graph_.nodes.size(), nullptr);
        for (PlannedStep& step : planned) {
            taken_[step.node] = true;
            for (const Follower& follower : step.followers) taken_[follower.node] = true;
            ending[step.followers.empty() ? step.node : step.followers.back().node] = &step;
        }
        for (size_t i = 0; i < graph_.nodes.size(); ++i) {
            if (ending[i]) steps.push_back(std::move(*ending[i]));
            if (taken_[i]) continue;
            steps.push_back({.node = i});
            grow(steps.back());
        }
        return steps;
    }

  private:
    void grow(PlannedStep& step) {
        const Node& node = graph_.nodes[step.node];
        if (node.outputs.size() != 1) return;
        ValueId tail = node.outputs[0];
        while (readers_[tail] == 1 && only_reader_[tail] != kNoNode) {
            const size_t next = only_reader_[tail];
            const auto follower = taken_[next] ? std::nullopt : follower_of(step, next, tail);
            if (!follower) return;
            step.followers.push_back(*follower);
            taken_[next] = true;
            tail = graph_.nodes[next].outputs[0];
        }
    }

    std::optional<Follower> follower_of(const PlannedStep& step, size_t next, ValueId tail) const {
        const Node& node = graph_.nodes[next];
        const OpParams& main = graph_.nodes[step.node].params;
        const bool convolution = std::holds_alternative<ConvolutionParams>(main);
        const bool product = is_product_with_constant(graph_.nodes[step.node]);
        if (!convolution && !product && !is_f32_eltwise(graph_.nodes[step.node])) return {};

        if (const auto* activation = std::get_if<ActivationParams>(&node.params)) {
            if (onednn::eltwise_parts(*activation).empty()) return {};
            return Follower{Follower::Kind::kActivation, next, kNoValue};
        }
        if (convolution && std::holds_alternative<PReluParams>(node.params))
            return slope_follower(next, tail);
        const auto* eltwise = std::get_if<EltwiseParams>(&node.params);
        if (!eltwise || eltwise->kind != EltwiseParams::Kind::kAdd || !step.followers.empty())
            return {};
        const ValueId other = node.inputs[0] == tail ? node.inputs[1] : node.inputs[0];
        if (convolution) return residual_follower(step, next, tail, other);
        return product ? bias_follower(next, tail, other) : std::nullopt;
    }

    // Slopes: one per channel, or one for all.
    std::optional<Follower> slope_follower(size_t next, ValueId tail) const {
        const Node& node = graph_.nodes[next];
        const Shape& shape = graph_.value(tail).shape;
        if (node.inputs[0] != tail || !graph_.constant_input(node, 1)) return {};
        const Shape& slopes = graph_.value(node.inputs[1]).shape;
        const int axis = slopes.rank() - (shape.rank() - 1);
        const bool per_channel =
            axis >= 0 && slopes[axis] == shape[1] && slopes.elements() == shape[1];
        if (!per_channel && slopes.elements() != 1) return {};
        return Follower{Follower::Kind::kPRelu, next, node.inputs[1]};
    }

    // The other summand must be there before the step runs.
    std::optional<Follower> residual_follower(const PlannedStep& step, size_t next, ValueId tail,
                                              ValueId other) const {
        const Value& summand = graph_.value(other);
        const Value& result = graph_.value(tail);
        if (other == tail || summand.constant || summand.type != DataType::kF32 ||
            !(summand.shape == result.shape) || summand.batched != result.batched)
            return {};
        if (writer_[other] != kNoNode && writer_[other] > step.node) return {};
        return Follower{Follower::Kind::kResidual, next, other};
    }

    std::optional<Follower> bias_follower(size_t next, ValueId tail, ValueId other) const {
        const Value& summand = graph_.value(other);
        const Shape& shape = graph_.value(tail).shape;
        const Shape& bias = summand.shape;
        if (!summand.constant || bias.rank() == 0 || bias.rank() > shape.rank()) return {};
        const int64_t columns = shape[shape.rank() - 1];
        if (bias[bias.rank() - 1] != columns || bias.elements() != columns) return {};
        return Follower{Follower::Kind::kBias, next, other};
    }

    bool is_product_with_constant(const Node& node) const {
        return std::holds_alternative<MatMulParams>(node.params) &&
               graph_.constant_input(node, 1) && graph_.value(node.inputs[1]).shape.rank() == 2 &&
               !std::get<MatMulParams>(node.params).transpose_a;
    }

    bool is_f32_eltwise(const Node& node) const {
        return std::holds_alternative<EltwiseParams>(node.params) &&
               graph_.value(node.outputs[0]).type == DataType::kF32;
    }

    const Graph& graph_;
    std::vector<int> readers_;
    std::vector<size_t> only_reader_, writer_;
    std::vector<bool> taken_;
};

}  // namespace

std::vector<PlannedStep> plan_steps(const Graph& graph, std::vector<PlannedStep> planned) {
    return Planner(graph).plan(std::move(planned));
}

std::vector<int> count_readers(const Graph& graph) {
    std::vector<int> readers(graph.values.size(), 0);
    for (const Node& node : graph.nodes)
        for (ValueId id : node.inputs)
            if (id != kNoValue) ++readers[id];
    for (ValueId id : graph.outputs) ++readers[id];
    return readers;
}

}  // namespace facet::cpu
