// SPDX-License-Identifier: MIT
// Reference repetition: Tile by whole copies, Expand of axes of extent 1.
#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

// Output axis i reads input axis i modulo its extent; axes are aligned at the back.
void repeat(TensorView input, const MutableTensorView& output) {
    Shape widened;
    for (int i = input.shape.rank(); i < output.shape.rank(); ++i) widened.append(1);
    for (const int64_t extent : input.shape.extents()) widened.append(extent);
    input.shape = widened;
    AxisMaps maps(output.shape.rank());
    for (int axis = 0; axis < output.shape.rank(); ++axis)
        for (int64_t i = 0; i < output.shape[axis]; ++i) maps[axis].push_back(i % widened[axis]);
    copy_mapped(input, maps, nullptr, output);
}

}  // namespace

Result<void> run_op(const ExpandParams&, Inputs inputs, Outputs outputs) {
    if (outputs[0].shape.elements() > 0) repeat(inputs[0], outputs[0]);
    return {};
}

Result<void> run_op(const TileParams&, Inputs inputs, Outputs outputs) {
    if (outputs[0].shape.elements() > 0) repeat(inputs[0], outputs[0]);
    return {};
}

}  // namespace facet::reference
