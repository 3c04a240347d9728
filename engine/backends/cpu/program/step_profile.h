// SPDX-License-Identifier: MIT
// What the steps of a program are, for people who look where the time goes.
#pragma once

#include <span>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/cpu/fusion/fusion.h"
#include "engine/backends/cpu/program/program.h"

namespace facet::cpu {

// `program` was built from `graph` and `plan` for `rows`; `seconds` are by its steps. Steps that
// compute one node in a row are one profile; reorders between layouts are profiles of their own.
[[nodiscard]] std::vector<StepProfile> profile_steps(const Program& program, const Graph& graph,
                                                     const std::vector<PlannedStep>& plan, int rows,
                                                     std::span<const double> seconds);

}  // namespace facet::cpu
