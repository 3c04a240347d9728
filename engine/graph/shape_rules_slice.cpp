// SPDX-License-Identifier: MIT
// Shape rules of operations that cut and pick.
#include <algorithm>

#include "engine/graph/shape_rules.h"

namespace facet::shape_rules {

namespace {

bool bit(const std::vector<int64_t>& mask, size_t index) {
    return index < mask.size() && mask[index] != 0;
}

// A bound counted from the back made positive and clamped to [low, high], without overflow.
int64_t clamp_bound(int64_t bound, int64_t extent, int64_t low, int64_t high) {
    return std::clamp(bound < 0 ? bound + extent : bound, low, high);
}

// Number of elements that `start:end:step` takes from an axis, by numpy's rules.
int64_t slice_extent(int64_t start, int64_t end, int64_t step, int64_t extent) {
    const bool forward = step > 0;
    const int64_t low = forward ? 0 : -1;
    const int64_t high = forward ? extent : extent - 1;
    const int64_t first = clamp_bound(start, extent, low, high);
    const int64_t last = clamp_bound(end, extent, low, high);
    // Unsigned, as a step of INT64_MIN has no positive counterpart.
    const uint64_t length = static_cast<uint64_t>(forward ? last - first : first - last);
    if (forward ? last <= first : last >= first) return 0;
    const uint64_t stride = forward ? static_cast<uint64_t>(step) : 0 - static_cast<uint64_t>(step);
    return static_cast<int64_t>((length - 1) / stride + 1);
}

Result<std::vector<int64_t>> optional_integers(Inputs inputs, size_t index, std::string_view field,
                                               std::vector<int64_t> otherwise) {
    if (!is_present(inputs, index)) return otherwise;
    FACET_ASSIGN(std::vector<int64_t> values, constant_integers(inputs[index], field));
    if (values.size() != otherwise.size())
        return corrupt(std::string(field) + " has " + std::to_string(values.size()) +
                       " elements; expected: " + std::to_string(otherwise.size()));
    return values;
}

}  // namespace

Outputs infer(const SliceParams&, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const std::vector<int64_t> starts, constant_integers(inputs[1], "starts"));
    FACET_ASSIGN(const std::vector<int64_t> ends, constant_integers(inputs[2], "ends"));
    if (starts.size() != ends.size() || starts.size() > static_cast<size_t>(x.rank()))
        return corrupt("starts has " + std::to_string(starts.size()) + " and ends " +
                       std::to_string(ends.size()) + " elements for x " + x.text());
    std::vector<int64_t> all_axes(starts.size());
    for (size_t i = 0; i < all_axes.size(); ++i) all_axes[i] = static_cast<int64_t>(i);
    FACET_ASSIGN(const std::vector<int64_t> axes, optional_integers(inputs, 3, "axes", all_axes));
    FACET_ASSIGN(const std::vector<int64_t> steps,
                 optional_integers(inputs, 4, "steps", std::vector<int64_t>(starts.size(), 1)));
    Shape output = x;
    std::array<bool, Shape::kMaxRank> cut{};
    for (size_t i = 0; i < axes.size(); ++i) {
        FACET_ASSIGN(const int axis, normalize_axis(axes[i], x.rank()));
        if (cut[axis]) return corrupt("axes names axis " + std::to_string(axis) + " twice");
        if (steps[i] == 0) return corrupt("steps=0");
        cut[axis] = true;
        output[axis] = slice_extent(starts[i], ends[i], steps[i], x[axis]);
    }
    return one_output(inputs[0].typed.type, output);
}

Outputs infer(const StridedSliceParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const std::vector<int64_t> begin, constant_integers(inputs[1], "begin"));
    FACET_ASSIGN(const std::vector<int64_t> end, constant_integers(inputs[2], "end"));
    if (begin.size() != end.size() || begin.size() > static_cast<size_t>(x.rank()))
        return corrupt("begin has " + std::to_string(begin.size()) + " and end " +
                       std::to_string(end.size()) + " elements for x " + x.text());
    FACET_ASSIGN(const std::vector<int64_t> strides,
                 optional_integers(inputs, 3, "strides", std::vector<int64_t>(begin.size(), 1)));
    Shape output;
    for (int axis = 0; axis < x.rank(); ++axis) {
        const auto i = static_cast<size_t>(axis);
        if (i >= begin.size()) {
            output.append(x[axis]);
            continue;
        }
        if (bit(params.shrink_axis_mask, i)) {
            const int64_t index = bit(params.begin_mask, i) ? 0 : begin[i];
            if (index < -x[axis] || index >= x[axis])
                return corrupt("begin=" + std::to_string(index) + " lies outside the extent " +
                               std::to_string(x[axis]));
            continue;
        }
        if (strides[i] == 0) return corrupt("strides=0");
        const bool forward = strides[i] > 0;
        const int64_t first = bit(params.begin_mask, i) ? (forward ? 0 : x[axis]) : begin[i];
        // Counted from the back, -1 - extent is the place before the first element.
        const int64_t last = bit(params.end_mask, i) ? (forward ? x[axis] : -1 - x[axis]) : end[i];
        output.append(slice_extent(first, last, strides[i], x[axis]));
    }
    return one_output(inputs[0].typed.type, output);
}

Outputs infer(const GatherParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, x.rank()));
    if (inputs[1].constant == nullptr) return unsupported("indices is not constant");
    const Tensor& indices = *inputs[1].constant;
    InputInfo flat = inputs[1];
    const Tensor flat_tensor = indices.reshaped(Shape{indices.shape().elements()});
    flat.constant = &flat_tensor;
    FACET_ASSIGN(const std::vector<int64_t> picks, constant_integers(flat, "indices"));
    for (int64_t pick : picks) {
        if (pick < -x[axis] || pick >= x[axis])
            return corrupt("indices holds " + std::to_string(pick) + ", outside the extent " +
                           std::to_string(x[axis]));
    }
    std::vector<int64_t> extents;
    const auto append = [&](std::span<const int64_t> part) {
        extents.insert(extents.end(), part.begin(), part.end());
    };
    append(x.extents().first(axis));
    append(indices.shape().extents());
    append(x.extents().subspan(axis + 1));
    return one_output(inputs[0].typed.type, extents);
}

namespace {

Result<void> require_indices(const InputInfo& input) {
    const DataType type = input.typed.type;
    if (type == DataType::kI64 || type == DataType::kI32) return {};
    return unsupported("indices is " + std::string(to_string(type)) + "; supported: i32, i64");
}

}  // namespace

// What the indices point at is checked when it runs, as they need not be constant.
Outputs infer(const GatherElementsParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    const Shape& indices = inputs[1].typed.shape;
    FACET_TRY(require_indices(inputs[1]));
    FACET_ASSIGN(const int along, normalize_axis(params.axis, x.rank()));
    FACET_TRY(require_rank(inputs[1], "indices", x.rank()));
    for (int axis = 0; axis < x.rank(); ++axis)
        if (axis != along && indices[axis] > x[axis])
            return corrupt("indices " + indices.text() + " reach beyond x " + x.text());
    return one_output(inputs[0].typed.type, indices);
}

Outputs infer(const GatherNdParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    const Shape& indices = inputs[1].typed.shape;
    FACET_TRY(require_indices(inputs[1]));
    const int64_t batch = params.batch_axes;
    if (indices.rank() < 1 || batch < 0 || batch >= std::min(indices.rank(), x.rank()))
        return corrupt("batch_dims=" + std::to_string(batch) + " for x " + x.text() +
                       " and indices " + indices.text());
    for (int axis = 0; axis < batch; ++axis)
        if (x[axis] != indices[axis])
            return corrupt("the batches of x " + x.text() + " and indices " + indices.text() +
                           " differ");
    const int64_t picked = indices[indices.rank() - 1];
    if (picked < 1 || batch + picked > x.rank())
        return corrupt("indices " + indices.text() + " pick along more axes than x " + x.text() +
                       " has");
    std::vector<int64_t> extents;
    const auto append = [&](std::span<const int64_t> part) {
        extents.insert(extents.end(), part.begin(), part.end());
    };
    append(indices.extents().first(indices.rank() - 1));
    append(x.extents().subspan(batch + picked));
    return one_output(inputs[0].typed.type, extents);
}

Outputs infer(const ArgReduceParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const int reduced, normalize_axis(params.axis, x.rank()));
    if (x[reduced] == 0) return corrupt("axis " + std::to_string(reduced) + " is empty");
    Shape output;
    for (int axis = 0; axis < x.rank(); ++axis) {
        if (axis != reduced)
            output.append(x[axis]);
        else if (params.keep_axis)
            output.append(1);
    }
    return one_output(DataType::kI64, output);
}

Outputs infer(const TopKParams& params, Inputs inputs, size_t output_count) {
    FACET_TRY(require_float(inputs[0], "x"));
    Shape output = inputs[0].typed.shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, output.rank()));
    FACET_ASSIGN(const std::vector<int64_t> count, constant_integers(inputs[1], "k"));
    if (count.size() != 1 || count[0] < 0 || count[0] > output[axis])
        return corrupt("k is not one number up to the axis's extent of " +
                       std::to_string(output[axis]));
    output[axis] = count[0];
    std::vector<TypedShape> outputs{{inputs[0].typed.type, output}, {DataType::kI64, output}};
    outputs.resize(output_count);
    return outputs;
}

}  // namespace facet::shape_rules
