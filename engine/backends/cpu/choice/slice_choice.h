// SPDX-License-Identifier: MIT
// How many rows a thread takes at once, by measurement.
#pragma once

#include <functional>
#include <string>

#include "engine/backends/backend.h"
#include "engine/backends/cpu/program/program.h"
#include "engine/backends/cpu/program/row_schedule.h"

namespace facet::cpu {

// What is measured: a model's programs, by rows and threads.
struct Sliceable {
    const std::vector<Port>& inputs;
    const std::vector<Port>& outputs;
    int max_batch = 1, threads = 1;
    std::string key;  // tells models apart, in the cache of choices
    std::function<Result<std::shared_ptr<const Program>>(int rows, int threads)> program;
};

// A text that two graphs with other operations or shapes hardly share.
[[nodiscard]] std::string structure_key(const Graph& graph);

// Runs a few programs on zeros. The rows of a slice are remembered as choice_cache.h says; whether
// all threads together pay is asked of the machine as it is. May throw dnnl::error.
[[nodiscard]] Result<Slicing> choose_slicing(const Sliceable& model);

}  // namespace facet::cpu
