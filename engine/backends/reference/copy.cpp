// SPDX-License-Identifier: MIT
// Reference operations that keep every element where it is: Reshape and its kin.
#include <cstring>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

Result<void> copy(Inputs inputs, Outputs outputs) {
    const size_t size = inputs[0].byte_size();
    if (size != outputs[0].byte_size())
        return Error{ErrorCode::kInvalidArgument,
                     "cannot see " + inputs[0].shape.text() + " as " + outputs[0].shape.text()};
    std::memcpy(outputs[0].bytes, inputs[0].bytes, size);
    return {};
}

}  // namespace

Result<void> run_op(const ReshapeParams&, Inputs inputs, Outputs outputs) {
    return copy(inputs, outputs);
}
Result<void> run_op(const SqueezeParams&, Inputs inputs, Outputs outputs) {
    return copy(inputs, outputs);
}
Result<void> run_op(const UnsqueezeParams&, Inputs inputs, Outputs outputs) {
    return copy(inputs, outputs);
}
Result<void> run_op(const FlattenParams&, Inputs inputs, Outputs outputs) {
    return copy(inputs, outputs);
}
Result<void> run_op(const IdentityParams&, Inputs inputs, Outputs outputs) {
    return copy(inputs, outputs);
}

}  // namespace facet::reference
