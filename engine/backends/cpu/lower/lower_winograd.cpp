// SPDX-License-Identifier: MIT
// Convolutions on Facet's own Winograd loops.
#include "engine/backends/cpu/lower/epilogue_plan.h"
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/backends/cpu/lower/winograd_step.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

constexpr int64_t kLanes = WinogradConvolution::kLanes;

int64_t whole_lanes(int64_t channels) {
    return (channels + kLanes - 1) / kLanes * kLanes;
}

// Channels that fill no vector are followed by zeros while the loops run. One vector at least is
// full: fewer channels are cheap without that.
bool fits_lanes(int64_t channels, const PlannedStep& step) {
    return channels % kLanes == 0 || (channels > kLanes && step.followers.empty());
}

const void* packed_weights(ProgramBuilder& builder, const Node& node, int tile,
                           const WinogradConvolution::Geometry& geometry) {
    const std::span<const float> weights = builder.graph().constant_input(node, 1)->as<float>();
    return builder.packing().make(
        node.inputs[1], tile,
        WinogradConvolution::packed_bytes(tile, geometry.channels, geometry.result_channels),
        [&](void* memory) {
            std::vector<float> padded(weights.begin(), weights.end());
            padded.resize(geometry.result_channels * geometry.channels * 9, 0.0f);
            WinogradConvolution::pack(tile, geometry.channels, geometry.result_channels,
                                      padded.data(), static_cast<float*>(memory));
        });
}

// What the loops made of whole vectors -> its first channels, plus the bias.
void define_first_channels(ProgramBuilder& builder, const Node& node, BufferId wide, ValueId bias) {
    const auto extents = builder.extents(node.outputs[0]);
    const onednn::Desc layout = onednn::channels_last_f32(extents);
    const BufferId result = builder.allocate(layout.get_size());
    const int64_t positions = extents[0] * extents[2] * extents[3], channels = extents[1];
    std::vector<BufferId> buffers{wide};
    if (bias != kNoValue) buffers.push_back(builder.primary(bias).buffer);
    buffers.push_back(result);
    builder.add_shared_loop(std::move(buffers), [=](std::span<void* const> at, Share share) {
        const auto* bias_at = static_cast<const float*>(at[1]);
        for (int64_t p = share.begin(positions); p < share.end(positions); ++p) {
            const float* from = static_cast<const float*>(at[0]) + p * whole_lanes(channels);
            float* to = static_cast<float*>(at.back()) + p * channels;
            for (int64_t c = 0; c < channels; ++c)
                to[c] = bias == kNoValue ? from[c] : from[c] + bias_at[c];
        }
    });
    builder.define(node.outputs[0], {result, layout});
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
    if (source.rank() != 4 || weights[2] != 3 || weights[3] != 3 || source[1] % kLanes != 0 ||
        !fits_lanes(result[1], step) || !plan_epilogue(graph, step) ||
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
        whole_lanes(result[1]),
        pads.begin[0],
        pads.begin[1]};
}

Result<void> lower_winograd(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    auto geometry = *winograd_geometry(builder.graph(), step, builder.rows());
    EpiloguePlan plan = *plan_epilogue(builder.graph(), step);
    const int tile = step.winograd_tile;
    const size_t packed_bytes =
        WinogradConvolution::packed_bytes(tile, geometry.channels, geometry.result_channels);
    const void* packed = packed_weights(builder, node, tile, geometry);
    const Location source = builder.in_layout(
        node.inputs[0], onednn::channels_last_f32(builder.extents(node.inputs[0])));
    const ValueId value = result_of(builder, step);
    const bool padded = geometry.result_channels != builder.extents(value)[1];
    const ValueId bias = plan.bias;
    if (padded) plan.bias = kNoValue;
    ResultPlace place{{}, 0, geometry.result_channels};
    if (padded)
        place.location.buffer =
            builder.allocate(geometry.rows * geometry.result_height * geometry.result_width *
                             geometry.result_channels * sizeof(float));
    else
        place = epilogue_place(builder, value, plan);
    geometry.pitch = place.pitch;
    add_convolution_loop(builder, WinogradConvolution(geometry, tile, builder.threads()), plan,
                         source.buffer, builder.constant(packed, packed_bytes),
                         place.location.buffer, place.first_channel);
    if (padded)
        define_first_channels(builder, node, place.location.buffer, bias);
    else
        builder.define(value, place.location);
    return {};
}

}  // namespace facet::cpu
