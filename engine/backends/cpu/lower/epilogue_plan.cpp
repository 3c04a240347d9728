// SPDX-License-Identifier: MIT
// One activation at most, after at most one residual.
#include "engine/backends/cpu/lower/epilogue_plan.h"

namespace facet::cpu {

namespace {

using Activation = ChannelEpilogue::Activation;

bool set_activation(ChannelEpilogue& epilogue, const ActivationParams& params) {
    switch (params.kind) {
        case ActivationParams::Kind::kRelu:
            epilogue.activation = Activation::kLeakyRelu;
            epilogue.slope = 0;
            return true;
        case ActivationParams::Kind::kLeakyRelu:
            epilogue.activation = Activation::kLeakyRelu;
            epilogue.slope = params.alpha;
            return true;
        case ActivationParams::Kind::kClip:
            epilogue.activation = Activation::kClip;
            epilogue.low = params.alpha;
            epilogue.high = params.beta;
            return true;
        default:
            return false;
    }
}

bool set_slopes(const Graph& graph, const Follower& follower, EpiloguePlan& plan) {
    const Tensor& slopes = *graph.value(follower.other).constant;
    if (slopes.type() != DataType::kF32) return false;
    plan.epilogue.activation =
        slopes.shape().elements() == 1 ? Activation::kLeakyRelu : Activation::kPRelu;
    if (plan.epilogue.activation == Activation::kPRelu)
        plan.slopes = follower.other;
    else
        plan.epilogue.slope = slopes.as<float>()[0];
    return true;
}

// Is it a join of the channels of floats?
bool joins_channels(const ProgramBuilder& builder, const Node& node) {
    const auto* join = std::get_if<ConcatParams>(&node.params);
    const Value& whole = builder.graph().value(node.outputs[0]);
    return join && (join->axis == 1 || join->axis == -3) && whole.shape.rank() == 4 &&
           whole.type == DataType::kF32 && !builder.grid(node.outputs[0]);
}

}  // namespace

std::optional<EpiloguePlan> plan_epilogue(const Graph& graph, const PlannedStep& step) {
    EpiloguePlan plan;
    const Node& node = graph.nodes[step.node];
    if (node.inputs.size() > 2) plan.bias = node.inputs[2];
    if (plan.bias != kNoValue && !graph.constant_input(node, 2)) return {};
    for (const Follower& follower : step.followers) {
        if (plan.epilogue.activation != Activation::kNone) return {};
        if (follower.kind == Follower::Kind::kResidual) {
            plan.residual = follower.other;
            plan.epilogue.adds_residual = true;
        } else if (follower.kind == Follower::Kind::kPRelu) {
            if (!set_slopes(graph, follower, plan)) return {};
        } else if (follower.kind != Follower::Kind::kActivation ||
                   !set_activation(plan.epilogue,
                                   std::get<ActivationParams>(graph.nodes[follower.node].params))) {
            return {};
        }
    }
    return plan;
}

Location epilogue_destination(ProgramBuilder& builder, ValueId value, const EpiloguePlan& plan) {
    const onednn::Desc layout = onednn::channels_last_f32(builder.extents(value));
    if (plan.residual == kNoValue) return {builder.allocate(layout.get_size()), layout};
    const Location summand = builder.floats(plan.residual);
    if (summand.layout == layout && builder.may_overwrite(plan.residual, summand.buffer))
        return summand;
    const Location copy{builder.allocate(layout.get_size()), layout};
    builder.add_reorder(summand, copy);
    return copy;
}

ResultPlace epilogue_place(ProgramBuilder& builder, ValueId value, const EpiloguePlan& plan) {
    const onednn::Dims extents = builder.extents(value);
    const Node* reader = plan.residual == kNoValue ? builder.only_reader(value) : nullptr;
    if (!reader || !joins_channels(builder, *reader))
        return {epilogue_destination(builder, value, plan), 0, extents[1]};
    const ValueId whole = reader->outputs[0];
    const onednn::Desc joined = onednn::channels_last_f32(builder.extents(whole));
    int64_t first = 0;
    for (auto part = reader->inputs.begin(); *part != value; ++part)
        first += builder.extents(*part)[1];
    return {{builder.joined(whole, joined.get_size()), onednn::channels_of(joined, extents, first)},
            first,
            builder.extents(whole)[1]};
}

EpilogueBinding::EpilogueBinding(ProgramBuilder& builder, const EpiloguePlan& plan,
                                 std::vector<BufferId>& buffers)
    : epilogue_(plan.epilogue) {
    const auto add = [&](ValueId constant, std::optional<size_t>& position) {
        if (constant == kNoValue) return;
        position = buffers.size();
        buffers.push_back(builder.primary(constant).buffer);
    };
    add(plan.bias, bias_);
    add(plan.slopes, slopes_);
}

ChannelEpilogue EpilogueBinding::at(std::span<void* const> addresses) const {
    ChannelEpilogue bound = epilogue_;
    if (bias_) bound.bias = static_cast<const float*>(addresses[*bias_]);
    if (slopes_) bound.slopes = static_cast<const float*>(addresses[*slopes_]);
    return bound;
}

}  // namespace facet::cpu
