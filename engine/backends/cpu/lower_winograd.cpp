// SPDX-License-Identifier: MIT
// Convolutions on Facet's own Winograd loops.
#include "engine/backends/cpu/epilogue_plan.h"
#include "engine/backends/cpu/lowerings.h"
#include "engine/backends/cpu/winograd_step.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

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
        result[1] % WinogradConvolution::kLanes != 0 || !plan_epilogue(graph, step) ||
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
    const EpiloguePlan plan = *plan_epilogue(builder.graph(), step);
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
    const Location result = epilogue_destination(builder, value, plan);

    std::vector<BufferId> buffers{source.buffer, builder.constant(packed, packed_bytes),
                                  builder.allocate(convolution.scratch_bytes())};
    const EpilogueBinding epilogue(builder, plan, buffers);
    buffers.push_back(result.buffer);
    builder.add_loop(
        std::move(buffers), [convolution, epilogue](std::span<void* const> at) -> Result<void> {
            convolution.run(static_cast<const float*>(at[0]), static_cast<const float*>(at[1]),
                            epilogue.at(at), static_cast<float*>(at.back()),
                            static_cast<std::byte*>(at[2]));
            return {};
        });
    builder.define(value, result);
    return {};
}

}  // namespace facet::cpu
