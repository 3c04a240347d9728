// SPDX-License-Identifier: MIT
// The models that the engine and its peers run.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/graph/graph.h"

namespace facet::bench {

struct BenchModel {
    std::string name;
    std::string float_file;      // below $FACET_DATA
    std::string quantised_file;  // the same with int8 grids: below $FACET_DATA, or absolute
    bool detects = false;        // on photos; else it takes faces
    bool made_here = false;      // quantised_file comes from bench-accuracy
    int floats = 0;              // of made_here: as facet-quantize --floats
};
// `quantised`: the folder that bench-accuracy wrote to, or empty.
[[nodiscard]] std::vector<BenchModel> bench_models(const std::filesystem::path& quantised);

// Read, prepared, proved batchable, taking f32.
[[nodiscard]] Result<std::shared_ptr<const Graph>> load_graph(const std::string& file);

// The same, taking u8 pixels, as an element runs it.
[[nodiscard]] Result<std::shared_ptr<const Graph>> load_pixel_graph(const std::string& file);

// Multiplications and additions of the convolutions and matrix products for one row.
[[nodiscard]] double operations_of(const Graph& graph);

// `rows` rows of made-up pixels, 0..255, smooth enough to look like a picture to a net.
[[nodiscard]] Tensor made_up_rows(const Graph& graph, int rows);

}  // namespace facet::bench
