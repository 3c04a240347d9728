// SPDX-License-Identifier: MIT
// Walks several tensors that broadcast to one output, in runs along the innermost axis.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/shape.h"

namespace facet::reference {

// One operand of a run: where it starts and whether it advances with the output (1) or stays (0).
struct RunOperand {
    int64_t offset = 0;
    int64_t step = 0;
};

// Strides of `operand` seen from the axes of `output` (numpy rules: aligned at the back), 0 where
// it is repeated. Precondition: it broadcasts to `output`.
[[nodiscard]] inline std::array<int64_t, Shape::kMaxRank> broadcast_strides(const Shape& operand,
                                                                            const Shape& output) {
    std::array<int64_t, Shape::kMaxRank> result{};
    const auto own = contiguous_strides(operand);
    const int shift = output.rank() - operand.rank();
    for (int axis = 0; axis < operand.rank(); ++axis)
        result[axis + shift] = operand[axis] == 1 ? 0 : own[axis];
    return result;
}

// Calls run(output_offset, operands, length) so that the runs tile the output in order; element i
// of a run reads operands[k].offset + i * operands[k].step of operand k. Neighbouring axes along
// which every operand either advances evenly or stays make one long run.
template <size_t Count, typename Run>
void for_each_run(const Shape& output, const std::array<Shape, Count>& shapes, Run&& run) {
    if (output.elements() == 0) return;
    std::array<std::array<int64_t, Shape::kMaxRank>, Count> strides;
    for (size_t k = 0; k < Count; ++k) strides[k] = broadcast_strides(shapes[k], output);

    int outer = output.rank();  // axes [outer, rank) are merged into the run
    int64_t length = 1;
    std::array<RunOperand, Count> operands;
    const auto fits = [&](int axis) {
        for (size_t k = 0; k < Count; ++k) {
            const bool first = length == 1;
            if (output[axis] == 1 || first) continue;
            if (strides[k][axis] != operands[k].step * length) return false;
        }
        return true;
    };
    while (outer > 0 && fits(outer - 1)) {
        --outer;
        if (length == 1)
            for (size_t k = 0; k < Count; ++k) operands[k].step = strides[k][outer] != 0;
        length *= output[outer];
    }

    std::array<int64_t, Shape::kMaxRank> position{};
    const int64_t end = output.elements();
    for (int64_t offset = 0; offset < end; offset += length) {
        run(offset, operands, length);
        for (int axis = outer - 1; axis >= 0; --axis) {
            const bool carries = ++position[axis] == output[axis];
            const int64_t moved = carries ? 1 - output[axis] : 1;
            for (size_t k = 0; k < Count; ++k) operands[k].offset += moved * strides[k][axis];
            if (!carries) break;
            position[axis] = 0;
        }
    }
}

}  // namespace facet::reference
