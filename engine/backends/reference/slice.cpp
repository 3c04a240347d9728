// SPDX-License-Identifier: MIT
// Reference Slice (ONNX) and StridedSlice (OpenVINO); both read begin and step, the output's shape
// holds what the ends said.
#include <algorithm>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

struct Cut {
    int64_t begin = 0;
    int64_t step = 1;
};

// A negative begin counts from the back; outside it is moved to the nearest element that a walk in
// the step's direction can start from.
int64_t resolve_begin(int64_t begin, int64_t step, int64_t extent) {
    if (begin < 0) begin += extent;
    return std::clamp<int64_t>(begin, 0, step > 0 ? extent : std::max<int64_t>(extent - 1, 0));
}

AxisMaps maps_of(const std::vector<Cut>& cuts, const Shape& counts) {
    AxisMaps maps(cuts.size());
    for (size_t axis = 0; axis < cuts.size(); ++axis) {
        for (int64_t i = 0; i < counts[static_cast<int>(axis)]; ++i)
            maps[axis].push_back(cuts[axis].begin + i * cuts[axis].step);
    }
    return maps;
}

bool bit(const std::vector<int64_t>& mask, size_t axis) {
    return axis < mask.size() && mask[axis] != 0;
}

}  // namespace

Result<void> run_op(const SliceParams&, Inputs inputs, Outputs outputs) {
    const Shape& shape = inputs[0].shape;
    FACET_ASSIGN(const auto starts, read_integers(inputs[1], "starts"));
    std::vector<int64_t> axes, steps;
    if (is_present(inputs, 3)) {
        FACET_ASSIGN(axes, read_integers(inputs[3], "axes"));
    } else {
        for (size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<int64_t>(i));
    }
    if (is_present(inputs, 4)) {
        FACET_ASSIGN(steps, read_integers(inputs[4], "steps"));
    } else {
        steps.assign(starts.size(), 1);
    }
    std::vector<Cut> cuts(shape.rank());
    for (size_t i = 0; i < starts.size(); ++i) {
        FACET_ASSIGN(const int axis, normalize_axis(axes[i], shape.rank()));
        cuts[axis] = {resolve_begin(starts[i], steps[i], shape[axis]), steps[i]};
    }
    copy_mapped(inputs[0], maps_of(cuts, outputs[0].shape), nullptr, outputs[0]);
    return {};
}

Result<void> run_op(const StridedSliceParams& params, Inputs inputs, Outputs outputs) {
    const Shape& shape = inputs[0].shape;
    FACET_ASSIGN(const auto begins, read_integers(inputs[1], "begin"));
    std::vector<int64_t> steps(begins.size(), 1);
    if (is_present(inputs, 3)) {
        FACET_ASSIGN(steps, read_integers(inputs[3], "strides"));
    }
    std::vector<Cut> cuts(shape.rank());
    Shape counts;
    int output_axis = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) {
        const auto index = static_cast<size_t>(axis);
        const bool shrinks = bit(params.shrink_axis_mask, index);
        counts.append(shrinks ? 1 : outputs[0].shape[output_axis++]);
        if (index >= begins.size()) continue;
        const int64_t step = shrinks ? 1 : steps[index];
        const int64_t first = step > 0 ? 0 : shape[axis] - 1;
        const bool ignored = bit(params.begin_mask, index);
        cuts[index] = {ignored ? first : resolve_begin(begins[index], step, shape[axis]), step};
    }
    copy_mapped(inputs[0], maps_of(cuts, counts), nullptr, outputs[0]);
    return {};
}

}  // namespace facet::reference
