// SPDX-License-Identifier: MIT
// What the steps of a program are, for people who look where the time goes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/gpu/program.h"

namespace facet::gpu {

// `seconds` are by the program's steps. Kernels of one planned step in a row are one profile;
// transfers are profiles of their own. `device` is the name of the one that runs the kernels.
[[nodiscard]] std::vector<StepProfile> profile_steps(const Program& program, const Graph& graph,
                                                     const std::string& device, int rows,
                                                     std::span<const double> seconds);

}  // namespace facet::gpu
