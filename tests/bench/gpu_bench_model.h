// SPDX-License-Identifier: MIT
// The models of tests/bench/gpu: prepared graphs that take u8 pixels, what a row of them costs, and
// the same graph written out for another framework.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/graph/graph.h"
#include "engine/graph/passes.h"

namespace facet::bench {

struct BenchModel {
    std::string name;
    std::shared_ptr<const Graph> graph;  // prepared; one input u8 [1,H,W,C]
    double flop = 0;                     // multiplications and additions of a row
    // What a row moves if every node reads its inputs and writes its outputs once, and what a batch
    // reads of weights beside.
    double row_bytes = 0, weight_bytes = 0;
};

[[nodiscard]] Result<BenchModel> load_bench_model(const std::filesystem::path& file,
                                                  const ImageInput& image);

// graph.json and weights.bin in `directory`, for gpu_torch.py.
[[nodiscard]] Result<void> write_graph(const Graph& graph, const std::filesystem::path& directory);

}  // namespace facet::bench
