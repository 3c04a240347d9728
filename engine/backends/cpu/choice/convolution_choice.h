// SPDX-License-Identifier: MIT
// Which algorithm runs each convolution: told by arithmetic where it is clear, else by measurement.
#pragma once

#include <vector>

#include "engine/backends/cpu/fusion/fusion.h"
#include "engine/base/precision.h"

namespace facet::cpu {

// Sets winograd_tile, producers and bf16 of every step of `plan`, whose `precision` is kBf16 where
// convolutions shall run on bfloat16 numbers: those that Winograd's algorithm serves stay floats,
// which is as fast and more exact, and so do depthwise ones. One choice serves every batch size, so
// that a row's result does not depend on its batch. Takes some tens of milliseconds at most;
// choices measured before are remembered in this process and on disk (choice_cache.h). May throw
// dnnl::error.
void choose_convolutions(const Graph& graph, int max_batch, Precision precision,
                         std::vector<PlannedStep>& plan);

}  // namespace facet::cpu
