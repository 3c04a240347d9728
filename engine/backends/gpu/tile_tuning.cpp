// SPDX-License-Identifier: MIT
// Runs the graph with one tile everywhere, then with the next, and keeps each node's fastest.
#include "engine/backends/gpu/tile_tuning.h"

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/gpu_model.h"
#include "engine/backends/gpu/program_builder.h"
#include "engine/base/log.h"

namespace facet::gpu {

namespace {

constexpr int kRuns = 4;  // the first warms up

int buckets_for(int max_batch) {
    return std::bit_width(static_cast<unsigned>(max_batch));
}

// FNV-1a: the same on every machine.
uint64_t hash_of(const std::string& text) {
    uint64_t hash = 14695981039346656037u;
    for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
    return hash;
}

std::filesystem::path file_for(const opencl::DeviceInfo& device, const Program& program,
                               const CompileOptions& options) {
    std::ostringstream name;
    name << "tiles-" << std::hex
         << hash_of(device.name + "\n" + device.version + "\n" + device.driver + "\n" +
                    std::to_string(options.max_batch) + "\n" + std::to_string(gemm_tiles().size()) +
                    "\n" + program.source.text());
    return name.str();
}

// A line per node: its index, then a tile per bucket. Nothing where a line is not whole.
std::optional<TileTable> read(const std::filesystem::path& path, int buckets) {
    std::ifstream file(path);
    if (!file) return {};
    TileTable table;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        size_t node = 0;
        if (!(words >> node)) return {};
        std::vector<size_t> tiles;
        for (size_t tile = 0; words >> tile;) tiles.push_back(tile);
        const bool whole =
            tiles.size() == static_cast<size_t>(buckets) &&
            std::ranges::all_of(tiles, [](size_t tile) { return tile < gemm_tiles().size(); });
        if (!whole) return {};
        table.by_node.emplace(node, std::move(tiles));
    }
    return table;
}

// Under another name first, so that nobody reads half a file.
void write(const std::filesystem::path& path, const TileTable& table) {
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
    file.close();
    if (file) std::filesystem::rename(draft, path, error);
    if (file && !error) return;
    log(LogLevel::kDebug, "tiles are not kept: cannot write " + path.string());
    std::filesystem::remove(draft, error);
}

// Seconds of each step's kernels, by name; the fastest of several runs.
Result<std::map<std::string, double>> measure(InferRequest& request, int rows) {
    std::map<std::string, double> seconds;
    for (int run = 0; run < kRuns; ++run) {
        FACET_ASSIGN(const auto steps, request.profile(rows));
        for (const StepProfile& step : steps) {
            if (step.implementation.find("conv_gemm") == std::string::npos) continue;
            const auto [entry, added] = seconds.emplace(step.name, step.seconds);
            entry->second =
                run <= 1 && !added ? step.seconds : std::min(entry->second, step.seconds);
        }
    }
    return seconds;
}

struct Best {
    std::vector<size_t> tiles;
    std::vector<double> seconds;
};

Result<TileTable> measure_all(const opencl::DeviceInfo& device, const std::string& name,
                              const std::shared_ptr<const Graph>& graph,
                              const CompileOptions& options, const std::set<size_t>& candidates) {
    const auto buckets = static_cast<size_t>(buckets_for(options.max_batch));
    std::map<std::string, Best> best;
    for (const size_t tile : candidates) {
        FACET_ASSIGN(const auto model,
                     GpuModel::compile_with(device, name, graph, options, {tile, {}}));
        FACET_ASSIGN(const auto request, model->create_request());
        for (size_t bucket = 0; bucket < buckets; ++bucket) {
            FACET_ASSIGN(const auto measured, measure(*request, 1 << bucket));
            for (const auto& [step, seconds] : measured) {
                Best& known = best[step];
                known.tiles.resize(buckets, tile);
                known.seconds.resize(buckets, INFINITY);
                if (seconds >= known.seconds[bucket]) continue;
                known.seconds[bucket] = seconds;
                known.tiles[bucket] = tile;
            }
        }
    }
    TileTable table;
    for (size_t node = 0; node < graph->nodes.size(); ++node) {
        const auto found = best.find(graph->nodes[node].name);
        if (found != best.end()) table.by_node.emplace(node, found->second.tiles);
    }
    return table;
}

}  // namespace

std::optional<size_t> TileTable::tile(size_t node, int rows) const {
    const auto found = by_node.find(node);
    if (found == by_node.end()) return {};
    const auto bucket = static_cast<size_t>(buckets_for(rows) - 1);
    return bucket < found->second.size() ? std::optional(found->second[bucket]) : std::nullopt;
}

Result<TileTable> tuned_tiles(const opencl::DeviceInfo& device, const std::string& name,
                              const std::shared_ptr<const Graph>& graph,
                              const CompileOptions& options,
                              const std::filesystem::path& directory) {
    std::set<size_t> candidates;
    Target target = GpuModel::target_of(device, options);
    target.candidates = &candidates;
    ProgramBuilder builder(*graph, target);
    FACET_ASSIGN(const auto program, builder.build());
    if (candidates.empty()) return TileTable{};
    const std::filesystem::path path = directory / file_for(device, *program, options);
    if (!directory.empty())
        if (auto kept = read(path, buckets_for(options.max_batch))) return *std::move(kept);
    FACET_ASSIGN(auto table, measure_all(device, name, graph, options, candidates));
    if (!directory.empty()) write(path, table);
    return table;
}

}  // namespace facet::gpu
