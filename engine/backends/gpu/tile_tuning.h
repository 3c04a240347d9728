// SPDX-License-Identifier: MIT
// Which tile a GEMM runs with, measured on the device once and remembered on disk.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/backends/backend.h"
#include "engine/backends/gpu/opencl_api.h"

namespace facet::gpu {

// Indices into gemm_tiles().
struct TileTable {
    std::map<size_t, std::vector<size_t>> by_node;  // of the graph; for 1, 2, 4, ... rows

    // Nothing where the node was not measured.
    [[nodiscard]] std::optional<size_t> tile(size_t node, int rows) const;
};

// The fastest tiles for this graph: from `directory`, where a run on an equal device with an equal
// driver left them, else measured and left there; an empty path keeps nothing. Only tiles that the
// model of choose_tile() takes for nearly the best are tried, so that measuring takes seconds; the
// longest of it is building their kernels. Thread-safe.
[[nodiscard]] Result<TileTable> tuned_tiles(const opencl::DeviceInfo& device,
                                            const std::string& name,
                                            const std::shared_ptr<const Graph>& graph,
                                            const CompileOptions& options,
                                            const std::filesystem::path& directory);

}  // namespace facet::gpu
