// SPDX-License-Identifier: MIT
// What of ONNX is no business of an engine that classifies and finds things in pictures, and why.
#pragma once

#include <string>
#include <vector>

namespace facet::testing {

// Why a case with these operators, which Facet refuses with `refusal`, need not pass; empty: there
// is no reason, and the refusal is a failure.
[[nodiscard]] std::string reason_out_of_scope(const std::vector<std::string>& operators,
                                              const std::string& refusal);

}  // namespace facet::testing
