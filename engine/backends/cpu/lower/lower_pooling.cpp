// SPDX-License-Identifier: MIT
// Pooling, and reductions over height and width as pooling with one window.
#include <algorithm>

#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Dims;

Dims dims(const Extent2& extents) {
    return {extents[0], extents[1]};
}

// Emits the pooling of `value` into a layout of oneDNN's choice; nothing if it has none.
std::optional<Location> add_pooling(ProgramBuilder& builder, ValueId value, const Dims& result,
                                    onednn::PoolingRequest request) {
    Location source = builder.floats(value);
    if (!onednn::channel_view(source.layout)) source = builder.plain(value);
    request.source = source.layout;
    request.destination = onednn::any_f32(result);
    const onednn::Candidate candidate = onednn::pooling(request);
    if (!candidate) return std::nullopt;
    const onednn::Desc layout = candidate.destination();
    const Location location{builder.allocate(layout.get_size()), layout};
    request.destination = layout;
    builder.add_primitive(
        candidate,
        {{DNNL_ARG_SRC, source.buffer, source.layout}, {DNNL_ARG_DST, location.buffer, layout}},
        cut_pooling(request));
    return location;
}

dnnl::algorithm algorithm_of(const PoolingParams& params) {
    if (params.kind == PoolingParams::Kind::kMax) return dnnl::algorithm::pooling_max;
    return params.count_include_pad ? dnnl::algorithm::pooling_avg_include_padding
                                    : dnnl::algorithm::pooling_avg_exclude_padding;
}

// The axes are exactly height and width of an NCHW value.
bool reduces_spatial_axes(const ReduceParams& params, int rank) {
    if (rank != 4) return false;
    if (params.spatial) return true;
    std::vector<int64_t> axes = params.axes;
    for (int64_t& axis : axes)
        if (axis < 0) axis += rank;
    std::ranges::sort(axes);
    return axes == std::vector<int64_t>{2, 3};
}

}  // namespace

Result<void> lower_pooling(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<PoolingParams>(node.params);
    if (params.kind == PoolingKind::kMaxIndex) return lower_by_reference(builder, step);
    const Dims source = builder.extents(node.inputs[0]);
    const Dims result = builder.extents(node.outputs[0]);
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {source[2], source[3]},
                     params.kernel, params.strides, params.dilations);
    onednn::PoolingRequest request{
        algorithm_of(params), {}, {}, dims(params.kernel), dims(params.strides), dims(pads.begin),
        dims(pads.end)};
    bool exceeds = false;  // windows beyond the padding, which ceil_mode brings
    for (int axis = 0; axis < 2; ++axis) {
        const int64_t covered = (result[axis + 2] - 1) * params.strides[axis] + params.kernel[axis];
        const int64_t needed = covered - source[axis + 2] - pads.begin[axis];
        exceeds |= needed > pads.end[axis];
        request.pads_end[axis] = std::max(needed, pads.end[axis]);
    }
    const bool dilated = params.dilations != Extent2{1, 1};
    const bool counts_beyond =
        exceeds && params.kind == PoolingParams::Kind::kAverage && params.count_include_pad;
    if (dilated || counts_beyond) return lower_by_reference(builder, step);
    const auto location = add_pooling(builder, node.inputs[0], result, request);
    if (!location) return lower_by_reference(builder, step);
    builder.define(node.outputs[0], *location);
    return {};
}

Result<void> lower_reduce(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<ReduceParams>(node.params);
    const bool mean = params.kind == ReduceParams::Kind::kMean;
    const bool floats = builder.graph().value(node.inputs[0]).type == DataType::kF32;
    if ((!mean && params.kind != ReduceParams::Kind::kMax) || !floats ||
        !reduces_spatial_axes(params, builder.graph().value(node.inputs[0]).shape.rank()))
        return lower_by_reference(builder, step);
    const Dims source = builder.extents(node.inputs[0]);
    const Dims window{source[2], source[3]};
    const auto location = add_pooling(
        builder, node.inputs[0], {source[0], source[1], 1, 1},
        {mean ? dnnl::algorithm::pooling_avg_exclude_padding : dnnl::algorithm::pooling_max,
         {},
         {},
         window,
         window,
         {0, 0},
         {0, 0}});
    if (!location) return lower_by_reference(builder, step);
    if (builder.extents(node.outputs[0]).size() == 4) {
        builder.define(node.outputs[0], *location);
        return {};
    }
    const onednn::Desc kept = onednn::plain_f32({source[0], source[1], 1, 1});
    Location flat{location->buffer, builder.plain_layout(node.outputs[0])};
    if (!onednn::is_plain(location->layout)) {
        flat.buffer = builder.allocate(kept.get_size());
        builder.add_reorder(*location, {flat.buffer, kept});
    }
    builder.define(node.outputs[0], flat);
    return {};
}

}  // namespace facet::cpu
