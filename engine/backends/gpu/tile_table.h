// SPDX-License-Identifier: MIT
// Which tile each GEMM of a graph runs with, as measured, and its file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace facet::gpu {

// Indices into gemm_tiles().
struct TileTable {
    std::map<size_t, std::vector<size_t>> by_node;  // of the graph; for 1, 2, 4, ... rows
    std::vector<std::string> notes;                 // what was refused, and why; one line each

    // Nothing where the node was not measured.
    [[nodiscard]] std::optional<size_t> tile(size_t node, int rows) const;
};

// 1, 2, 4, ... rows up to max_batch.
[[nodiscard]] size_t tile_buckets(int max_batch);

// Nothing where the file is missing or not whole.
[[nodiscard]] std::optional<TileTable> read_tiles(const std::filesystem::path& path,
                                                  size_t buckets);
// Where it cannot be written it is not kept. Any number of processes may write at once.
void write_tiles(const std::filesystem::path& path, const TileTable& table);

}  // namespace facet::gpu
