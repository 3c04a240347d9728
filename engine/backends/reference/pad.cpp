// SPDX-License-Identifier: MIT
// Reference padding.
#include <algorithm>
#include <string>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

int64_t source_index(PadParams::Mode mode, int64_t index, int64_t extent) {
    if (index >= 0 && index < extent) return index;
    switch (mode) {
        case PadParams::Mode::kConstant:
            return kFill;
        case PadParams::Mode::kEdge:
            return std::clamp<int64_t>(index, 0, extent - 1);
        case PadParams::Mode::kSymmetric: {
            const int64_t period = 2 * extent;
            const int64_t phase = ((index % period) + period) % period;
            return phase < extent ? phase : period - 1 - phase;
        }
        case PadParams::Mode::kReflect: {
            // Mirrored at both ends without repeating them: period 2 (extent - 1).
            if (extent == 1) return 0;
            const int64_t period = 2 * (extent - 1);
            const int64_t phase = ((index % period) + period) % period;
            return phase < extent ? phase : period - phase;
        }
    }
    return kFill;
}

}  // namespace

Result<void> run_op(const PadParams& params, Inputs inputs, Outputs outputs) {
    const Shape& shape = inputs[0].shape;
    FACET_ASSIGN(const auto pads, read_integers(inputs[1], "pads"));
    const uint64_t zero = 0;
    const void* fill = &zero;
    if (is_present(inputs, 2)) {
        if (inputs[2].type != inputs[0].type)
            return Error{ErrorCode::kUnsupported,
                         "value of type " + std::string(to_string(inputs[2].type)) +
                             " for an input of type " + std::string(to_string(inputs[0].type))};
        fill = inputs[2].bytes;
    }
    AxisMaps maps(shape.rank());
    for (int axis = 0; axis < shape.rank(); ++axis) {
        for (int64_t i = 0; i < outputs[0].shape[axis]; ++i)
            maps[axis].push_back(source_index(params.mode, i - pads[axis], shape[axis]));
    }
    copy_mapped(inputs[0], maps, fill, outputs[0]);
    return {};
}

}  // namespace facet::reference
