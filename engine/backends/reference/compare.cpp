// SPDX-License-Identifier: MIT
// Reference comparisons and logic on two broadcast operands.
#include <vector>

#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

bool holds(CompareParams::Kind kind, auto a, auto b) {
    switch (kind) {
        case CompareParams::Kind::kEqual:
            return a == b;
        case CompareParams::Kind::kLess:
            return a < b;
        case CompareParams::Kind::kLessOrEqual:
            return a <= b;
        case CompareParams::Kind::kGreater:
            return a > b;
        case CompareParams::Kind::kGreaterOrEqual:
            return a >= b;
        case CompareParams::Kind::kAnd:
            return a != 0 && b != 0;
        case CompareParams::Kind::kOr:
            return a != 0 || b != 0;
        case CompareParams::Kind::kXor:
            return (a != 0) != (b != 0);
    }
    return false;
}

template <typename T>
Result<void> compare(CompareParams::Kind kind, Inputs inputs, Outputs outputs) {
    const T* a = inputs[0].as<T>().data();
    const T* b = inputs[1].as<T>().data();
    bool* y = outputs[0].as<bool>().data();
    const std::array<Shape, 2> shapes{inputs[0].shape, inputs[1].shape};
    for_each_run(outputs[0].shape, shapes,
                 [&](int64_t offset, const std::array<RunOperand, 2>& at, int64_t length) {
                     for (int64_t i = 0; i < length; ++i)
                         y[offset + i] = holds(kind, a[at[0].offset + i * at[0].step],
                                               b[at[1].offset + i * at[1].step]);
                 });
    return {};
}

}  // namespace

Result<void> run_op(const CompareParams& params, Inputs inputs, Outputs outputs) {
    switch (inputs[0].type) {
        case DataType::kF32:
            return compare<float>(params.kind, inputs, outputs);
        case DataType::kI32:
            return compare<int32_t>(params.kind, inputs, outputs);
        case DataType::kI64:
            return compare<int64_t>(params.kind, inputs, outputs);
        case DataType::kU8:
            return compare<uint8_t>(params.kind, inputs, outputs);
        case DataType::kI8:
            return compare<int8_t>(params.kind, inputs, outputs);
        case DataType::kBool:
            return compare<bool>(params.kind, inputs, outputs);
        case DataType::kF16:
            break;
    }
    return Error{ErrorCode::kInternal, "f16 was not widened"};
}

}  // namespace facet::reference
