// SPDX-License-Identifier: MIT
// Reference choice between two operands, element by element.
#include <cstdint>

#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

// Elements are moved as bits of their size.
template <typename T>
Result<void> select(Inputs inputs, Outputs outputs) {
    const bool* condition = inputs[0].as<bool>().data();
    const T* a = static_cast<const T*>(inputs[1].bytes);
    const T* b = static_cast<const T*>(inputs[2].bytes);
    T* y = static_cast<T*>(outputs[0].bytes);
    const std::array<Shape, 3> shapes{inputs[0].shape, inputs[1].shape, inputs[2].shape};
    for_each_run(outputs[0].shape, shapes,
                 [&](int64_t offset, const std::array<RunOperand, 3>& at, int64_t length) {
                     for (int64_t i = 0; i < length; ++i)
                         y[offset + i] = condition[at[0].offset + i * at[0].step]
                                             ? a[at[1].offset + i * at[1].step]
                                             : b[at[2].offset + i * at[2].step];
                 });
    return {};
}

}  // namespace

Result<void> run_op(const SelectParams&, Inputs inputs, Outputs outputs) {
    switch (size_of(outputs[0].type)) {
        case 1:
            return select<uint8_t>(inputs, outputs);
        case 2:
            return select<uint16_t>(inputs, outputs);
        case 4:
            return select<uint32_t>(inputs, outputs);
        default:
            return select<uint64_t>(inputs, outputs);
    }
}

}  // namespace facet::reference
