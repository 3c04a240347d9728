// SPDX-License-Identifier: MIT
// One rule per operation for what the device takes; chains grow along only readers.
#include "engine/backends/gpu/plan.h"

#include <algorithm>
#include <optional>
#include <variant>

namespace facet::gpu {

namespace {

constexpr size_t kNoNode = static_cast<size_t>(-1);

Error on_cpu(std::string reason) {
    return {ErrorCode::kUnsupported, std::move(reason)};
}

Result<void> require_constant(const Graph& graph, const Node& node, size_t first,
                              const std::string& what) {
    for (size_t i = first; i < node.inputs.size(); ++i)
        if (node.inputs[i] != kNoValue && !graph.constant_input(node, i))
            return on_cpu(what + " computed at run time");
    return {};
}

// One rule per operation; an operation without a rule has no kernel.
struct Rule {
    const Graph& graph;
    const Node& node;

    Result<void> operator()(const ConvolutionParams&) const {
        return require_constant(graph, node, 1, "weights");
    }
    Result<void> operator()(const TransposedConvolutionParams&) const {
        return require_constant(graph, node, 1, "weights");
    }
    Result<void> operator()(const MatMulParams&) const {
        if (graph.value(node.inputs[0]).shape.rank() < 2 ||
            graph.value(node.inputs[1]).shape.rank() < 2)
            return on_cpu("a factor of less than two axes");
        return {};
    }
    Result<void> operator()(const PoolingParams& params) const {
        if (params.kind == PoolingKind::kMaxIndex) return on_cpu("no kernel for indices of maxima");
        return {};
    }
    Result<void> operator()(const BatchNormParams&) const {
        return require_constant(graph, node, 1, "parameters");
    }
    Result<void> operator()(const ActivationParams&) const { return {}; }
    Result<void> operator()(const PReluParams&) const { return {}; }
    Result<void> operator()(const EltwiseParams&) const { return {}; }
    Result<void> operator()(const FakeQuantizeParams&) const {
        return require_constant(graph, node, 1, "ranges");
    }
    Result<void> operator()(const ReduceParams&) const { return {}; }
    Result<void> operator()(const SoftmaxParams&) const { return {}; }
    Result<void> operator()(const LocalResponseNormParams&) const { return {}; }
    Result<void> operator()(const InstanceNormParams&) const {
        return require_constant(graph, node, 1, "parameters");
    }
    Result<void> operator()(const ConcatParams&) const { return {}; }
    Result<void> operator()(const ConvertParams&) const { return {}; }
    Result<void> operator()(const ResizeParams& params) const {
        if (params.mode == ResizeParams::Mode::kCubic) return on_cpu("no kernel for mode=cubic");
        if (params.coordinates == ResizeParams::Coordinates::kCropAndResize)
            return on_cpu("no kernel for tf_crop_and_resize");
        return require_constant(graph, node, 1, "sizes");
    }
    Result<void> operator()(const auto& params) const {
        using Params = std::remove_cvref_t<decltype(params)>;
        if constexpr (moves<Params>) return require_constant(graph, node, 1, "parameters");
        return on_cpu("no kernel for " + std::string(name_of(node.params)));
    }

    template <typename Params, typename... Others>
    static constexpr bool is_one_of = (std::is_same_v<Params, Others> || ...);
    template <typename Params>
    static constexpr bool moves =
        is_one_of<Params, SplitParams, TransposeParams, ReshapeParams, SqueezeParams,
                  UnsqueezeParams, FlattenParams, SliceParams, StridedSliceParams, GatherParams,
                  IdentityParams, PadParams, ExpandParams, TileParams, DepthToSpaceParams,
                  SpaceToDepthParams>;
};

bool takes_followers(const Node& node) {
    return is_element_wise(node) || std::holds_alternative<ConvolutionParams>(node.params) ||
           std::holds_alternative<TransposedConvolutionParams>(node.params) ||
           std::holds_alternative<MatMulParams>(node.params) ||
           std::holds_alternative<PoolingParams>(node.params) ||
           std::holds_alternative<ResizeParams>(node.params) ||
           std::holds_alternative<ReduceParams>(node.params) ||
           std::holds_alternative<LocalResponseNormParams>(node.params) ||
           std::holds_alternative<InstanceNormParams>(node.params) ||
           std::holds_alternative<SoftmaxParams>(node.params);
}

class Planner {
  public:
    explicit Planner(const Graph& graph)
        : graph_(graph),
          readers_(graph.values.size(), 0),
          reader_(graph.values.size(), kNoNode),
          writer_(graph.values.size(), kNoNode),
          taken_(graph.nodes.size(), false) {
        for (size_t i = 0; i < graph.nodes.size(); ++i) {
            for (const ValueId id : graph.nodes[i].inputs) {
                if (id == kNoValue) continue;
                ++readers_[id];
                reader_[id] = i;
            }
            for (const ValueId id : graph.nodes[i].outputs)
                if (id != kNoValue) writer_[id] = i;
        }
        for (const ValueId id : graph.outputs) ++readers_[id];
    }

    std::vector<PlannedStep> plan() {
        std::vector<PlannedStep> steps;
        for (size_t i = 0; i < graph_.nodes.size(); ++i) {
            if (taken_[i]) continue;
            steps.push_back({i, {}, {}});
            const Result<void> taken = runs_on_device(graph_, graph_.nodes[i]);
            if (!taken)
                steps.back().host_reason = taken.error().message;
            else if (takes_followers(graph_.nodes[i]))
                grow(steps.back());
        }
        return steps;
    }

  private:
    void grow(PlannedStep& step) {
        ValueId tail = graph_.nodes[step.node].outputs[0];
        while (readers_[tail] == 1 && reader_[tail] != kNoNode &&
               follows(step, reader_[tail], tail)) {
            step.followers.push_back(reader_[tail]);
            taken_[reader_[tail]] = true;
            tail = graph_.nodes[reader_[tail]].outputs[0];
        }
    }

    bool follows(const PlannedStep& step, size_t next, ValueId tail) const {
        const Node& node = graph_.nodes[next];
        if (!is_element_wise(node) || !runs_on_device(graph_, node)) return false;
        const bool either_side = std::holds_alternative<EltwiseParams>(node.params);
        if (!either_side && node.inputs[0] != tail) return false;
        const Value& before = graph_.value(tail);
        const Value& after = graph_.value(node.outputs[0]);
        if (!(before.shape == after.shape) || before.batched != after.batched) return false;
        return std::ranges::all_of(node.inputs, [&](ValueId id) {
            const bool there = writer_[id] == kNoNode || writer_[id] < step.node;
            return id == tail || graph_.value(id).constant || there;
        });
    }

    const Graph& graph_;
    std::vector<int> readers_;  // a graph output counts as one
    std::vector<size_t> reader_, writer_;
    std::vector<bool> taken_;
};

}  // namespace

bool is_element_wise(const Node& node) {
    return std::holds_alternative<ActivationParams>(node.params) ||
           std::holds_alternative<PReluParams>(node.params) ||
           std::holds_alternative<EltwiseParams>(node.params) ||
           std::holds_alternative<BatchNormParams>(node.params) ||
           std::holds_alternative<FakeQuantizeParams>(node.params);
}

Result<void> runs_on_device(const Graph& graph, const Node& node) {
    const bool converts = std::holds_alternative<ConvertParams>(node.params);
    for (const ValueId id : node.inputs) {
        if (id == kNoValue || graph.value(id).constant) continue;
        const DataType type = graph.value(id).type;
        if (type != DataType::kF32 && !(converts && type == DataType::kU8))
            return on_cpu("reads " + std::string(to_string(type)));
    }
    for (const ValueId id : node.outputs)
        if (id != kNoValue && graph.value(id).type != DataType::kF32)
            return on_cpu("writes " + std::string(to_string(graph.value(id).type)));
    for (const ValueId id : node.outputs)
        if (id != kNoValue && graph.value(id).shape.elements() == 0) return on_cpu("no elements");
    return std::visit(Rule{graph, node}, node.params);
}

std::vector<PlannedStep> plan_steps(const Graph& graph) {
    return Planner(graph).plan();
}

}  // namespace facet::gpu
