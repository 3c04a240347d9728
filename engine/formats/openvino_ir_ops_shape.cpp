// SPDX-License-Identifier: MIT
// Op readers of OpenVINO layers that move, cut, join or reduce elements.
#include "engine/formats/openvino_ir_op.h"

namespace facet {

namespace {

constexpr int64_t kMaxAxis = Shape::kMaxRank;

Result<int64_t> constant_axis(const IrOp& op, size_t index) {
    FACET_ASSIGN(const int64_t axis, op.constant_integer(index, "axis"));
    if (axis < -kMaxAxis || axis > kMaxAxis) return op.corrupt("axis is out of range");
    return axis;
}

Result<void> read_concat(IrOp& op) {
    FACET_TRY(op.require_inputs(1, SIZE_MAX));
    FACET_ASSIGN(const int64_t axis, op.integer("axis", {}, -kMaxAxis, kMaxAxis));
    return op.add(ConcatParams{axis});
}

Result<void> read_split(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const int64_t axis, constant_axis(op, 1));
    FACET_ASSIGN(const int64_t parts, op.integer("num_splits"));
    if (parts != static_cast<int64_t>(op.output_count()))
        return op.corrupt("num_splits differs from the number of outputs");
    return op.add(SplitParams{axis}, {op.input(0)}, op.outputs());
}

// One length may be -1: what the others leave of the axis.
Result<std::vector<int64_t>> split_lengths(const IrOp& op, int64_t axis) {
    FACET_ASSIGN(std::vector<int64_t> lengths, op.constant_integers(2, "split_lengths"));
    if (lengths.size() != op.output_count())
        return op.corrupt("split_lengths differs in length from the number of outputs");
    int64_t known = 0;
    int64_t* open = nullptr;
    for (int64_t& length : lengths) {
        if (length < -1 || length > kMaxExtent || (length == -1 && open != nullptr))
            return op.corrupt("split_lengths are " + text_of(lengths));
        if (length == -1)
            open = &length;
        else
            known += length;
    }
    if (open == nullptr) return lengths;
    FACET_ASSIGN(const Shape stated, op.stated_shape(0, "a split length of -1"));
    const int64_t positive = axis < 0 ? axis + stated.rank() : axis;
    if (positive < 0 || positive >= stated.rank() || stated[static_cast<int>(positive)] < known)
        return op.corrupt("split_lengths do not fit the axis of " + stated.text());
    *open = stated[static_cast<int>(positive)] - known;
    return lengths;
}

Result<void> read_variadic_split(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    FACET_ASSIGN(const int64_t axis, constant_axis(op, 1));
    FACET_ASSIGN(const std::vector<int64_t> lengths, split_lengths(op, axis));
    return op.add(SplitParams{axis}, {op.input(0), op.add_integers("lengths", lengths)},
                  op.outputs());
}

Result<void> read_transpose(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(std::vector<int64_t> order, op.constant_integers(1, "input_order"));
    for (int64_t axis : order)
        if (axis < 0 || axis >= static_cast<int64_t>(order.size()))
            return op.corrupt("input_order is " + text_of(order));
    return op.add(TransposeParams{std::move(order)}, {op.input(0)});
}

Result<void> read_reshape(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    FACET_ASSIGN(const bool special_zero, op.flag("special_zero"));
    return op.add(ReshapeParams{special_zero});
}

Result<void> read_squeeze(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 2));
    return op.add(SqueezeParams{});
}

Result<void> read_unsqueeze(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    return op.add(UnsqueezeParams{});
}

Result<void> read_strided_slice(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 4));
    for (const char* name : {"new_axis_mask", "ellipsis_mask"}) {
        FACET_ASSIGN(const std::vector<int64_t> mask, op.integers(name, std::vector<int64_t>{}));
        for (int64_t bit : mask)
            if (bit != 0) return op.unsupported(std::string(name) + "=" + text_of(mask), "0");
    }
    StridedSliceParams params;
    FACET_ASSIGN(params.begin_mask, op.integers("begin_mask"));
    FACET_ASSIGN(params.end_mask, op.integers("end_mask"));
    FACET_ASSIGN(params.shrink_axis_mask, op.integers("shrink_axis_mask", std::vector<int64_t>{}));
    for (const auto* mask : {&params.begin_mask, &params.end_mask, &params.shrink_axis_mask})
        if (mask->size() > static_cast<size_t>(Shape::kMaxRank))
            return op.corrupt("a mask of " + std::to_string(mask->size()) + " bits");
    return op.add(std::move(params));
}

Result<void> read_gather(IrOp& op) {
    FACET_TRY(op.require_inputs(3, 3));
    FACET_ASSIGN(const int64_t axis, constant_axis(op, 2));
    FACET_ASSIGN(const int64_t batch_dims, op.integer("batch_dims", 0));
    if (batch_dims != 0)
        return op.unsupported("batch_dims=" + std::to_string(batch_dims), "batch_dims=0");
    return op.add(GatherParams{axis}, {op.input(0), op.input(1)});
}

Result<void> read_shape_of(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    return op.add(ShapeOfParams{});
}

template <ReduceParams::Kind kind>
Result<void> read_reduce(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    ReduceParams params;
    params.kind = kind;
    FACET_ASSIGN(params.axes, op.constant_integers(1, "axes"));
    FACET_ASSIGN(params.keep_axes, op.flag("keep_dims", false));
    // No axes means no reduction here, but a reduction of all in ReduceParams.
    if (params.axes.empty()) return op.add(IdentityParams{}, {op.input(0)});
    for (int64_t axis : params.axes)
        if (axis < -kMaxAxis || axis >= kMaxAxis)
            return op.corrupt("axes are " + text_of(params.axes));
    return op.add(std::move(params), {op.input(0)});
}

Result<void> read_tile(IrOp& op) {
    FACET_TRY(op.require_inputs(2, 2));
    return op.add(TileParams{});
}

Result<void> read_broadcast(IrOp& op) {
    FACET_ASSIGN(const std::string mode, op.word("mode", "numpy"));
    if (mode != "numpy" && mode != "bidirectional")
        return op.unsupported("mode=" + mode, "numpy, bidirectional");
    FACET_TRY(op.require_inputs(2, 2));
    return op.add(ExpandParams{});
}

// Channels seen as [group, rest] are transposed to [rest, group].
Result<void> read_shuffle_channels(IrOp& op) {
    FACET_TRY(op.require_inputs(1, 1));
    FACET_ASSIGN(const int64_t axis, op.integer("axis", 1, -kMaxAxis, kMaxAxis - 1));
    FACET_ASSIGN(const int64_t group, op.integer("group", 1, 1, kMaxExtent));
    FACET_ASSIGN(const Shape stated, op.stated_shape(0, "splitting an axis"));
    const int64_t index = axis < 0 ? axis + stated.rank() : axis;
    if (index < 0 || index >= stated.rank() || stated.rank() == Shape::kMaxRank ||
        stated[static_cast<int>(index)] % group != 0)
        return op.corrupt("group and axis do not fit " + stated.text());
    std::vector<int64_t> split(stated.extents().begin(), stated.extents().end());
    split[index] /= group;
    split.insert(split.begin() + index, group);
    TransposeParams swap;
    for (size_t i = 0; i < split.size(); ++i) swap.order.push_back(static_cast<int64_t>(i));
    std::swap(swap.order[index], swap.order[index + 1]);
    FACET_ASSIGN(const ValueId apart, op.reshaped(op.input(0), Shape(split), "apart"));
    const ValueId swapped = op.add_value("swapped");
    FACET_TRY(op.add(swap, {apart}, {swapped}));
    return op.add(ReshapeParams{.zero_copies = false},
                  {swapped, op.add_integers("whole", stated.extents())});
}

constexpr IrOpRow kRows[] = {
    {"Broadcast", 1, 8, read_broadcast},
    {"Concat", 1, 8, read_concat},
    {"Gather", 1, 8, read_gather},
    {"ReduceL1", 4, 8, read_reduce<ReduceParams::Kind::kL1>},
    {"ReduceL2", 4, 8, read_reduce<ReduceParams::Kind::kL2>},
    {"ReduceMax", 1, 8, read_reduce<ReduceParams::Kind::kMax>},
    {"ReduceMean", 1, 8, read_reduce<ReduceParams::Kind::kMean>},
    {"ReduceMin", 1, 8, read_reduce<ReduceParams::Kind::kMin>},
    {"ReduceProd", 1, 8, read_reduce<ReduceParams::Kind::kProduct>},
    {"ReduceSum", 1, 8, read_reduce<ReduceParams::Kind::kSum>},
    {"Reshape", 1, 8, read_reshape},
    {"ShapeOf", 1, 8, read_shape_of},
    {"ShuffleChannels", 1, 8, read_shuffle_channels},
    {"Split", 1, 8, read_split},
    {"Squeeze", 1, 8, read_squeeze},
    {"StridedSlice", 1, 8, read_strided_slice},
    {"Tile", 1, 8, read_tile},
    {"Transpose", 1, 8, read_transpose},
    {"Unsqueeze", 1, 8, read_unsqueeze},
    {"VariadicSplit", 1, 8, read_variadic_split},
};

}  // namespace

std::span<const IrOpRow> ir_shape_ops() {
    return kRows;
}

}  // namespace facet
