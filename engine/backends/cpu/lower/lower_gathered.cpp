// SPDX-License-Identifier: MIT
// Convolutions with few results and many weights on Facet's own loops.
#include "engine/backends/cpu/lower/epilogue_plan.h"
#include "engine/backends/cpu/lower/gathered_step.h"
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

constexpr int kGatheredKind = 103;  // of packed weights, see Packing::make

}  // namespace

std::optional<GatheredConvolution::Geometry> gathered_geometry(const Graph& graph,
                                                               const PlannedStep& step,
                                                               int64_t rows) {
    const Node& node = graph.nodes[step.node];
    const auto* params = std::get_if<ConvolutionParams>(&node.params);
    if (!params || params->groups != 1 || params->dilations != Extent2{1, 1} ||
        !graph.constant_input(node, 1) || graph.value(node.inputs[1]).type != DataType::kF32)
        return {};
    const Shape& source = graph.value(node.inputs[0]).shape;
    const Shape& weights = graph.value(node.inputs[1]).shape;
    const Shape& result = graph.value(node.outputs[0]).shape;
    if (source.rank() != 4 || result[1] % GatheredConvolution::kLanes != 0 ||
        !plan_epilogue(graph, step))
        return {};
    const ResolvedPads pads =
        resolve_pads(params->auto_pad, params->pads_begin, params->pads_end, {source[2], source[3]},
                     {weights[2], weights[3]}, params->strides, params->dilations);
    return GatheredConvolution::Geometry{
        source[0] * (graph.value(node.inputs[0]).batched ? rows : 1),
        source[2],
        source[3],
        source[1],
        result[2],
        result[3],
        result[1],
        weights[2],
        weights[3],
        params->strides[0],
        params->strides[1],
        pads.begin[0],
        pads.begin[1]};
}

Result<void> lower_gathered(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    auto geometry = *gathered_geometry(builder.graph(), step, builder.rows());
    const EpiloguePlan plan = *plan_epilogue(builder.graph(), step);
    const Tensor& weights = *builder.graph().constant_input(node, 1);
    const size_t bytes = weights.view().byte_size();
    const void* packed =
        builder.packing().make(node.inputs[1], kGatheredKind, bytes, [&](void* memory) {
            GatheredConvolution::pack(geometry, weights.as<float>().data(),
                                      static_cast<float*>(memory));
        });
    const Location source = builder.in_layout(
        node.inputs[0], onednn::channels_last_f32(builder.extents(node.inputs[0])));
    const ValueId value = result_of(builder, step);
    const ResultPlace place = epilogue_place(builder, value, plan);
    geometry.pitch = place.pitch;
    add_convolution_loop(builder, GatheredConvolution(geometry, builder.threads()), plan,
                         source.buffer, builder.constant(packed, bytes), place.location.buffer,
                         place.first_channel);
    builder.define(value, place.location);
    return {};
}

}  // namespace facet::cpu
