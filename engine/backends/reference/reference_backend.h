// SPDX-License-Identifier: MIT
// The reference backend: plain loops, one file per operation, the oracle of every test.
#pragma once

#include <span>
#include <vector>

#include "engine/backends/backend.h"

namespace facet {

[[nodiscard]] const Backend& reference_backend();

namespace reference {

// Runs one operation. `inputs[i].bytes` is null where an optional input is absent; outputs are
// allocated with the inferred type and shape and do not overlap inputs. Sums are kept in double, so
// that the oracle is closer to the truth than what it judges. Reentrant.
[[nodiscard]] Result<void> run(const OpParams& params, std::span<const TensorView> inputs,
                               std::span<const MutableTensorView> outputs);

// The Evaluator of passes.h: infers output shapes, allocates and runs.
[[nodiscard]] Result<std::vector<Tensor>> evaluate(const Node& node,
                                                   std::span<const Tensor> inputs);

}  // namespace reference
}  // namespace facet
