// SPDX-License-Identifier: MIT
// Operations that move elements: views where the layout allows, copies where not.
#include <algorithm>

#include "engine/backends/cpu/loops/loops.h"
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Candidate;
using onednn::Desc;
using onednn::Dims;

// What is taken along one axis.
struct Cut {
    int64_t begin = 0, step = 1;
};

// Emits the box of `source` that starts and steps as `cuts` say, row-major into `result`.
void add_cut(ProgramBuilder& builder, ValueId source, const std::vector<Cut>& cuts,
             const Shape& counts, ValueId result) {
    const auto strides = contiguous_strides(builder.shape(source));
    std::vector<CutLoop::Axis> axes;
    int64_t offset = 0;
    for (size_t axis = 0; axis < cuts.size(); ++axis) {
        offset += cuts[axis].begin * strides[axis];
        axes.push_back({counts[static_cast<int>(axis)], cuts[axis].step * strides[axis]});
    }
    const size_t element_size = size_of(builder.graph().value(source).type);
    const BufferId buffer = builder.allocate(builder.shape(result).elements() * element_size);
    builder.add_loop({builder.plain(source).buffer, buffer},
                     [loop = CutLoop(std::move(axes), offset, element_size)](
                         std::span<void* const> at) -> Result<void> {
                         loop.run(at[0], at[1]);
                         return {};
                     });
    builder.define(result, {buffer, builder.plain_layout(result)});
}

std::vector<int64_t> integers(const Tensor& tensor) {
    std::vector<int64_t> values;
    if (tensor.type() == DataType::kI32) {
        const auto elements = tensor.as<int32_t>();
        values.assign(elements.begin(), elements.end());
    } else {
        const auto elements = tensor.as<int64_t>();
        values.assign(elements.begin(), elements.end());
    }
    return values;
}

int64_t resolve_begin(int64_t begin, int64_t step, int64_t extent) {
    if (begin < 0) begin += extent;
    return std::clamp<int64_t>(begin, 0, step > 0 ? extent : std::max<int64_t>(extent - 1, 0));
}

bool bit(const std::vector<int64_t>& mask, size_t axis) {
    return axis < mask.size() && mask[axis] != 0;
}

// Do the inputs from the second on hold integers known now?
bool has_constant_bounds(const ProgramBuilder& builder, const Node& node) {
    for (size_t i = 1; i < node.inputs.size(); ++i) {
        if (node.inputs[i] == kNoValue) continue;
        const Tensor* tensor = builder.graph().constant_input(node, i);
        if (!tensor || (tensor->type() != DataType::kI64 && tensor->type() != DataType::kI32))
            return false;
    }
    return true;
}

void lower_slice(ProgramBuilder& builder, const Node& node) {
    const Shape shape = builder.shape(node.inputs[0]);
    const auto starts = integers(*builder.graph().constant_input(node, 1));
    const Tensor* axes = builder.graph().constant_input(node, 3);
    const Tensor* steps = builder.graph().constant_input(node, 4);
    std::vector<Cut> cuts(shape.rank());
    for (size_t i = 0; i < starts.size(); ++i) {
        int64_t axis = axes ? integers(*axes)[i] : static_cast<int64_t>(i);
        if (axis < 0) axis += shape.rank();
        const int64_t step = steps ? integers(*steps)[i] : 1;
        cuts[axis] = {resolve_begin(starts[i], step, shape[static_cast<int>(axis)]), step};
    }
    add_cut(builder, node.inputs[0], cuts, builder.shape(node.outputs[0]), node.outputs[0]);
}

void lower_strided_slice(ProgramBuilder& builder, const Node& node) {
    const auto& params = std::get<StridedSliceParams>(node.params);
    const Shape shape = builder.shape(node.inputs[0]);
    const Shape result = builder.shape(node.outputs[0]);
    const auto begins = integers(*builder.graph().constant_input(node, 1));
    const Tensor* strides = builder.graph().constant_input(node, 3);
    std::vector<Cut> cuts(shape.rank());
    Shape counts;
    int result_axis = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) {
        const auto index = static_cast<size_t>(axis);
        const bool shrinks = bit(params.shrink_axis_mask, index);
        counts.append(shrinks ? 1 : result[result_axis++]);
        if (index >= begins.size()) continue;
        const int64_t step = shrinks || !strides ? 1 : integers(*strides)[index];
        cuts[index] = {bit(params.begin_mask, index)
                           ? (step > 0 ? 0 : shape[axis] - 1)
                           : resolve_begin(begins[index], step, shape[axis]),
                       step};
    }
    add_cut(builder, node.inputs[0], cuts, counts, node.outputs[0]);
}

void lower_split(ProgramBuilder& builder, const Node& node, int axis) {
    std::vector<Cut> cuts(builder.shape(node.inputs[0]).rank());
    for (const ValueId part : node.outputs) {
        const Shape counts = builder.shape(part);
        add_cut(builder, node.inputs[0], cuts, counts, part);
        cuts[axis].begin += counts[axis];
    }
}

// Do the innermost axes of every input lie as the channels of pixels do?
bool all_channels_last(ProgramBuilder& builder, const Node& node) {
    return std::ranges::all_of(node.inputs, [&](ValueId id) {
        const Location source = builder.floats(id);
        const Dims extents = onednn::extents_of(source.layout);
        return extents.size() == 4 && source.layout == onednn::channels_last_f32(extents);
    });
}

// Pieces copied side by side: channels-last along the channels where all inputs lie so, else
// row-major along any axis.
void add_join(ProgramBuilder& builder, const Node& node, int axis) {
    const Dims result_extents = builder.extents(node.outputs[0]);
    const bool pixels = axis == 1 && result_extents.size() == 4 && all_channels_last(builder, node);
    const Desc layout =
        pixels ? onednn::channels_last_f32(result_extents) : builder.plain_layout(node.outputs[0]);
    int64_t groups = pixels ? result_extents[0] * result_extents[2] * result_extents[3] : 1;
    for (int outer = 0; !pixels && outer < axis; ++outer) groups *= result_extents[outer];
    std::vector<size_t> pieces;
    std::vector<BufferId> buffers;
    for (const ValueId id : node.inputs) {
        const int64_t elements = builder.shape(id).elements();
        pieces.push_back(elements / std::max<int64_t>(groups, 1) * sizeof(float));
        buffers.push_back(pixels ? builder.floats(id).buffer : builder.plain(id).buffer);
    }
    const Location result{builder.allocate(layout.get_size()), layout};
    buffers.push_back(result.buffer);
    builder.add_shared_loop(std::move(buffers), [loop = JoinLoop(groups, std::move(pieces))](
                                                    std::span<void* const> at, Share share) {
        loop.run(at.first(at.size() - 1), at.back(), share);
    });
    builder.define(node.outputs[0], result);
}

// Copies beside the parts that lie in the join already, channels last, those that do not.
void complete_join(ProgramBuilder& builder, const Node& node, BufferId joined) {
    const Dims whole = builder.extents(node.outputs[0]);
    const int64_t positions = whole[0] * whole[2] * whole[3];
    size_t first = 0;
    for (const ValueId id : node.inputs) {
        const Dims extents = builder.extents(id);
        const size_t piece = extents[1] * sizeof(float), step = whole[1] * sizeof(float);
        if (builder.primary(id).buffer != joined) {
            const Location source = builder.in_layout(id, onednn::channels_last_f32(extents));
            builder.add_shared_loop(
                {source.buffer, joined}, [=](std::span<void* const> at, Share share) {
                    const int64_t begin = share.begin(positions);
                    copy_strided(static_cast<const std::byte*>(at[0]) + begin * piece, piece,
                                 static_cast<std::byte*>(at[1]) + begin * step + first, step, piece,
                                 share.end(positions) - begin);
                });
        }
        first += piece;
    }
    builder.define(node.outputs[0], {joined, onednn::channels_last_f32(whole)});
}

// oneDNN's concatenation of the inputs where they lie, or of row-major copies.
bool add_concat(ProgramBuilder& builder, const Node& node, int axis, bool row_major) {
    std::vector<Desc> layouts;
    for (const ValueId id : node.inputs)
        layouts.push_back(row_major ? builder.plain_layout(id) : builder.floats(id).layout);
    const Candidate candidate = onednn::concat(layouts, axis);
    if (!candidate.is_fast()) return false;
    std::vector<Argument> arguments;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        const Location source =
            row_major ? builder.plain(node.inputs[i]) : builder.floats(node.inputs[i]);
        arguments.push_back({DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), source.buffer,
                             candidate.source(static_cast<int>(i))});
    }
    const Desc layout = candidate.destination();
    const Location result{builder.allocate(layout.get_size()), layout};
    arguments.push_back({DNNL_ARG_DST, result.buffer, layout});
    builder.add_primitive(candidate, std::move(arguments));
    builder.define(node.outputs[0], result);
    return true;
}

}  // namespace

Result<void> lower_convert(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Location source = builder.primary(node.inputs[0]);
    if (std::get<ConvertParams>(node.params).to != DataType::kF32 || source.layout == Desc())
        return lower_by_reference(builder, step);
    // The elements stay as they are until a reader asks for floats in the layout it wants.
    builder.define(node.outputs[0], source);
    return {};
}

Result<void> lower_transpose(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Location source = builder.primary(node.inputs[0]);
    if (source.layout == Desc() || builder.graph().value(node.inputs[0]).shape.rank() == 0)
        return lower_by_reference(builder, step);
    std::vector<int64_t> order = std::get<TransposeParams>(node.params).order;
    if (order.empty())
        for (int axis = builder.shape(node.inputs[0]).rank(); axis-- > 0;) order.push_back(axis);
    builder.define(node.outputs[0], {source.buffer, onednn::permuted(source.layout, order)});
    return {};
}

Result<void> lower_view(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Location source = builder.plain(node.inputs[0]);
    builder.define(node.outputs[0], {source.buffer, builder.plain_layout(node.outputs[0])});
    return {};
}

Result<void> lower_concat(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Value& result = builder.graph().value(node.outputs[0]);
    FACET_ASSIGN(const int axis,
                 normalize_axis(std::get<ConcatParams>(node.params).axis, result.shape.rank()));
    if (result.type != DataType::kF32) return lower_by_reference(builder, step);
    if (const auto joined = builder.joined(node.outputs[0])) {
        complete_join(builder, node, *joined);
        return {};
    }
    const bool blocked = std::ranges::any_of(node.inputs, [&](ValueId id) {
        const Desc layout = builder.floats(id).layout;
        return !onednn::is_plain(layout) && onednn::channel_view(layout).has_value();
    });
    if (!blocked || all_channels_last(builder, node)) {
        add_join(builder, node, axis);
        return {};
    }
    if (add_concat(builder, node, axis, false) || add_concat(builder, node, axis, true)) return {};
    return lower_by_reference(builder, step);
}

Result<void> lower_cut(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    if (!has_constant_bounds(builder, node)) return lower_by_reference(builder, step);
    if (const auto* split = std::get_if<SplitParams>(&node.params)) {
        FACET_ASSIGN(const int axis,
                     normalize_axis(split->axis, builder.shape(node.inputs[0]).rank()));
        lower_split(builder, node, axis);
    } else if (std::holds_alternative<SliceParams>(node.params)) {
        lower_slice(builder, node);
    } else {
        lower_strided_slice(builder, node);
    }
    return {};
}

}  // namespace facet::cpu
