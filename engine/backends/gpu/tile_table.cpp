// SPDX-License-Identifier: MIT
// A line per node: its index, then a tile per bucket; a line per note. The last line says "end".
#include "engine/backends/gpu/tile_table.h"

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <bit>
#include <fstream>
#include <sstream>

#include "engine/backends/gpu/gemm.h"
#include "engine/base/log.h"

namespace facet::gpu {

namespace {

constexpr const char* kNote = "note ";
constexpr const char* kEnd = "end";

// False where the line is not whole.
bool read_node(const std::string& line, size_t buckets, TileTable& table) {
    std::istringstream words(line);
    size_t node = 0;
    if (!(words >> node)) return false;
    std::vector<size_t> tiles;
    for (size_t tile = 0; words >> tile;) tiles.push_back(tile);
    const auto known = [](size_t tile) { return tile < gemm_tiles().size(); };
    if (tiles.size() != buckets || !std::ranges::all_of(tiles, known)) return false;
    table.by_node.emplace(node, std::move(tiles));
    return true;
}

}  // namespace

std::optional<size_t> TileTable::tile(size_t node, int rows) const {
    const auto found = by_node.find(node);
    if (found == by_node.end()) return {};
    const size_t bucket = tile_buckets(rows) - 1;
    return bucket < found->second.size() ? std::optional(found->second[bucket]) : std::nullopt;
}

size_t tile_buckets(int max_batch) {
    return static_cast<size_t>(std::bit_width(static_cast<unsigned>(max_batch)));
}

std::optional<TileTable> read_tiles(const std::filesystem::path& path, size_t buckets) {
    std::ifstream file(path);
    TileTable table;
    for (std::string line; std::getline(file, line);) {
        if (line == kEnd) return table;
        if (line.starts_with(kNote))
            table.notes.push_back(line.substr(std::char_traits<char>::length(kNote)));
        else if (!read_node(line, buckets, table))
            return {};
    }
    return {};
}

// Under another name first, so that nobody reads half a file.
void write_tiles(const std::filesystem::path& path, const TileTable& table) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    static std::atomic<unsigned> drafts = 0;
    const std::filesystem::path draft =
        path.string() + "." + std::to_string(getpid()) + "-" + std::to_string(drafts++);
    std::ofstream file(draft);
    for (const auto& [node, tiles] : table.by_node) {
        file << node;
        for (const size_t tile : tiles) file << ' ' << tile;
        file << '\n';
    }
    for (const std::string& note : table.notes) file << kNote << note << '\n';
    file << kEnd << '\n';
    file.close();
    if (file) std::filesystem::rename(draft, path, error);
    if (file && !error) return;
    log(LogLevel::kDebug, "tiles are not kept: cannot write " + path.string());
    std::filesystem::remove(draft, error);
}

}  // namespace facet::gpu
