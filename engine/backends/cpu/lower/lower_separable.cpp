// SPDX-License-Identifier: MIT
// Depthwise and pointwise convolutions in one step.
#include "engine/backends/cpu/lower/epilogue_plan.h"
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/backends/cpu/lower/separable_step.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

constexpr int kDepthwiseKind = 101, kPointwiseKind = 102;  // of packed weights, see Packing::make

const ConvolutionParams* float_convolution(const Graph& graph, const PlannedStep& step) {
    const Node& node = graph.nodes[step.node];
    const auto* params = std::get_if<ConvolutionParams>(&node.params);
    if (!params || !graph.constant_input(node, 1) || params->dilations != Extent2{1, 1} ||
        graph.value(node.inputs[1]).type != DataType::kF32 ||
        graph.value(node.inputs[0]).shape.rank() != 4 ||
        graph.value(node.outputs[0]).shape[1] % SeparableConvolution::kLanes != 0)
        return nullptr;
    return params;
}

}  // namespace

std::optional<SeparableConvolution::Geometry> separable_geometry(const Graph& graph,
                                                                 const PlannedStep& depthwise,
                                                                 const PlannedStep& pointwise,
                                                                 int64_t rows) {
    const auto* spread = float_convolution(graph, depthwise);
    const auto* mix = float_convolution(graph, pointwise);
    if (!spread || !mix) return {};
    const Node& first = graph.nodes[depthwise.node];
    const Node& second = graph.nodes[pointwise.node];
    const Shape& source = graph.value(first.inputs[0]).shape;
    const Shape& between = graph.value(first.outputs[0]).shape;
    const Shape& result = graph.value(second.outputs[0]).shape;
    const Shape& filter = graph.value(first.inputs[1]).shape;
    const Shape& mixer = graph.value(second.inputs[1]).shape;
    const bool depth = spread->groups == source[1] && between[1] == source[1] && filter[2] == 3 &&
                       filter[3] == 3 && spread->strides[0] == spread->strides[1] &&
                       spread->strides[0] <= 2;
    const bool point = mix->groups == 1 && mixer[2] == 1 && mixer[3] == 1 &&
                       mix->strides == Extent2{1, 1} && result[2] == between[2] &&
                       result[3] == between[3];
    if (!depth || !point) return {};
    const auto spread_plan = plan_epilogue(graph, depthwise);
    if (!spread_plan || spread_plan->residual != kNoValue || !plan_epilogue(graph, pointwise))
        return {};
    const ResolvedPads pads =
        resolve_pads(spread->auto_pad, spread->pads_begin, spread->pads_end, {source[2], source[3]},
                     {3, 3}, spread->strides, spread->dilations);
    return SeparableConvolution::Geometry{
        source[0] * (graph.value(first.inputs[0]).batched ? rows : 1),
        source[2],
        source[3],
        source[1],
        result[2],
        result[3],
        result[1],
        spread->strides[0],
        pads.begin[0],
        pads.begin[1]};
}

Result<void> lower_separable(ProgramBuilder& builder, const PlannedStep& step) {
    const PlannedStep& depthwise = step.producers.front();
    const Node& first = builder.node(depthwise);
    const Node& second = builder.node(step);
    const auto geometry = *separable_geometry(builder.graph(), depthwise, step, builder.rows());
    const EpiloguePlan first_plan = *plan_epilogue(builder.graph(), depthwise);
    const EpiloguePlan second_plan = *plan_epilogue(builder.graph(), step);
    const SeparableConvolution convolution(geometry, builder.threads());

    const Tensor& spread = *builder.graph().constant_input(first, 1);
    const Tensor& mix = *builder.graph().constant_input(second, 1);
    const size_t spread_bytes = spread.view().byte_size();
    const size_t mix_bytes = mix.view().byte_size();
    const void* packed_spread =
        builder.packing().make(first.inputs[1], kDepthwiseKind, spread_bytes, [&](void* memory) {
            SeparableConvolution::pack_depthwise(geometry.channels, spread.as<float>().data(),
                                                 static_cast<float*>(memory));
        });
    const void* packed_mix =
        builder.packing().make(second.inputs[1], kPointwiseKind, mix_bytes, [&](void* memory) {
            SeparableConvolution::pack_pointwise(geometry.channels, geometry.result_channels,
                                                 mix.as<float>().data(),
                                                 static_cast<float*>(memory));
        });
    const Location source = builder.in_layout(
        first.inputs[0], onednn::channels_last_f32(builder.extents(first.inputs[0])));
    const ValueId value = result_of(builder, step);
    const Location result = epilogue_destination(builder, value, second_plan);

    std::vector<BufferId> buffers{source.buffer, builder.constant(packed_spread, spread_bytes),
                                  builder.constant(packed_mix, mix_bytes),
                                  builder.allocate(convolution.scratch_bytes())};
    const EpilogueBinding spread_epilogue(builder, first_plan, buffers);
    const EpilogueBinding mix_epilogue(builder, second_plan, buffers);
    buffers.push_back(result.buffer);
    builder.add_shared_loop(std::move(buffers), [convolution, spread_epilogue, mix_epilogue](
                                                    std::span<void* const> at, Share share) {
        convolution.run(static_cast<const float*>(at[0]),
                        {static_cast<const float*>(at[1]), static_cast<const float*>(at[2]),
                         spread_epilogue.at(at), mix_epilogue.at(at)},
                        static_cast<float*>(at.back()), static_cast<std::byte*>(at[3]), share);
    });
    builder.define(value, result);
    return {};
}

}  // namespace facet::cpu
