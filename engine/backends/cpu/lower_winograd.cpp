// SPDX-License-Identifier: MIT
// Convolutions on Facet's own Winograd loops.
#include "engine/backends/cpu/winograd_step.h"

#include "engine/backends/cpu/lowerings.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using Activation = WinogradEpilogue::Activation;

// What the loops do with the followers, as far as it does not depend on where memory lies.
struct Plan {
    WinogradEpilogue epilogue;
    ValueId residual = kNoValue;
    ValueId slopes = kNoValue;  // one per channel
};

bool set_activation(WinogradEpilogue& epilogue, const ActivationParams& params) {
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

bool set_slopes(const Graph& graph, const Follower& follower, Plan& plan) {
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

// Nothing where the loops cannot do what follows.
std::optional<Plan> plan_of(const Graph& graph, const PlannedStep& step) {
    Plan plan;
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

// Channels last, where the result goes; it holds the other summand when the step runs.
Location destination(ProgramBuilder& builder, ValueId value, const Plan& plan) {
    const onednn::Desc layout = onednn::channels_last_f32(builder.extents(value));
    if (plan.residual == kNoValue) return {builder.allocate(layout.get_size()), layout};
    const Location summand = builder.floats(plan.residual);
    if (summand.layout == layout && builder.may_overwrite(plan.residual, summand.buffer))
        return summand;
    const Location copy{builder.allocate(layout.get_size()), layout};
    builder.add_reorder(summand, copy);
    return copy;
}

const float* floats_at(void* address) {
    return static_cast<const float*>(address);
}

}  // namespace

std::optional<WinogradConvolution::Geometry> winograd_geometry(const Graph& graph,
                                                               const PlannedStep& step,
                                                               int64_t rows) {
    const Node& node = graph.nodes[step.node];
    const auto* params = std::get_if<ConvolutionParams>(&node.params);
    if (!params || params->groups != 1 || params->strides != Extent2{1, 1} ||
        params->dilations != Extent2{1, 1} || !graph.constant_input(node, 1))
        return {};
    const Shape& source = graph.value(node.inputs[0]).shape;
    const Shape& weights = graph.value(node.inputs[1]).shape;
    const Shape& result = graph.value(node.outputs[0]).shape;
    if (source.rank() != 4 || weights[2] != 3 || weights[3] != 3 ||
        source[1] % WinogradConvolution::kLanes != 0 ||
        result[1] % WinogradConvolution::kLanes != 0 || !plan_of(graph, step) ||
        graph.value(node.inputs[1]).type != DataType::kF32)
        return {};
    const ResolvedPads pads =
        resolve_pads(params->auto_pad, params->pads_begin, params->pads_end, {source[2], source[3]},
                     {3, 3}, params->strides, params->dilations);
    return WinogradConvolution::Geometry{
        source[0] * (graph.value(node.inputs[0]).batched ? rows : 1),
        source[2],
        source[3],
        source[1],
        result[2],
        result[3],
        result[1],
        pads.begin[0],
        pads.begin[1]};
}

Result<void> lower_winograd(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto geometry = *winograd_geometry(builder.graph(), step, builder.rows());
    const Plan plan = *plan_of(builder.graph(), step);
    const int tile = step.winograd_tile;
    const WinogradConvolution convolution(geometry, tile, builder.threads());

    const size_t packed_bytes =
        WinogradConvolution::packed_bytes(tile, geometry.channels, geometry.result_channels);
    const auto* weights = builder.graph().constant_input(node, 1)->as<float>().data();
    const void* packed =
        builder.packing().make(node.inputs[1], tile, packed_bytes, [&](void* memory) {
            WinogradConvolution::pack(tile, geometry.channels, geometry.result_channels, weights,
                                      static_cast<float*>(memory));
        });
    const Location source = builder.in_layout(
        node.inputs[0], onednn::channels_last_f32(builder.extents(node.inputs[0])));
    const ValueId value = result_of(builder, step);
    const Location result = destination(builder, value, plan);

    std::vector<BufferId> buffers{source.buffer, builder.constant(packed, packed_bytes),
                                  builder.allocate(convolution.scratch_bytes())};
    const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
    if (biased) buffers.push_back(builder.primary(node.inputs[2]).buffer);
    if (plan.slopes != kNoValue) buffers.push_back(builder.primary(plan.slopes).buffer);
    buffers.push_back(result.buffer);
    builder.add_loop(
        std::move(buffers),
        [convolution, biased, epilogue = plan.epilogue](std::span<void* const> at) -> Result<void> {
            WinogradEpilogue bound = epilogue;
            if (biased) bound.bias = floats_at(at[3]);
            if (bound.activation == Activation::kPRelu) bound.slopes = floats_at(at[at.size() - 2]);
            convolution.run(floats_at(at[0]), floats_at(at[1]), bound,
                            static_cast<float*>(at.back()), static_cast<std::byte*>(at[2]));
            return {};
        });
    builder.define(value, result);
    return {};
}

}  // namespace facet::cpu
