// SPDX-License-Identifier: MIT
// The table of tiles and the estimate that picks from it.
#include "engine/backends/gpu/gemm.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>

namespace facet::gpu {

namespace {

constexpr std::array<GemmTile, 8> kTiles{{
    {128, 64, 16, 8, 1},
    {64, 64, 16, 8, 1},
    {128, 16, 64, 2, 1},
    {64, 16, 32, 2, 1},
    {32, 32, 16, 4, 1},
    {32, 32, 16, 4, 4},
    {32, 16, 16, 4, 4},
    {32, 16, 16, 4, 1},
}};
constexpr int64_t kWidestTile = 64;

int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

bool fits(const GemmTile& tile, const Target& target) {
    const int64_t tiles = tile.slices * kTileK * (tile.tile_m + tile.tile_n);
    const int64_t partial_sums = (tile.slices - 1) * tile.tile_m * tile.tile_n;
    return static_cast<size_t>(tile.lanes()) <= target.max_work_group &&
           (tiles + partial_sums) * sizeof(float) <= target.local_memory;
}

// Cycles of a compute unit, by a plain model of one: work groups that are there together hide each
// other's waiting, until their arithmetic takes longer than the wait. Infinite for a tile that the
// device has no room for.
double cycles(const GemmTile& tile, const GemmSize& size, int rows, const Target& target) {
    constexpr double kArithmeticLanes = 128;  // multiply-adds per cycle
    constexpr double kWait = 500;             // for one tile's fetch and its barriers
    constexpr double kFetch = 12;             // multiply-adds that fetching an element stands for
    constexpr double kJoin = 100;             // to add up one more slice
    constexpr int64_t kLanesAtOnce = 1024;
    if (!fits(tile, target)) return INFINITY;
    const int64_t groups =
        divide_up(size.m * rows, tile.tile_m) * divide_up(size.n, tile.tile_n) * size.groups;
    const int64_t share = divide_up(groups, target.compute_units);
    const int64_t together = std::min(share, kLanesAtOnce / tile.lanes());
    const double rounds = static_cast<double>(divide_up(share, together)) *
                          static_cast<double>(divide_up(size.padded_k / kTileK, tile.slices));
    const auto products = static_cast<double>(tile.tile_m * tile.tile_n);
    const auto fetched = static_cast<double>(tile.tile_m + tile.tile_n);
    const double arithmetic = static_cast<double>(together * tile.slices * kTileK) *
                              (products + kFetch * fetched) / kArithmeticLanes;
    return rounds * std::max(kWait, arithmetic) + kJoin * static_cast<double>(tile.slices - 1);
}

Variant variant_of_tile(ProgramBuilder& builder, KernelSpec spec, const GemmSize& size,
                        const GemmTile& tile) {
    const std::pair<const char*, int64_t> numbers[] = {
        {"TILE_M", tile.tile_m},
        {"TILE_N", tile.tile_n},
        {"TILE_K", kTileK},
        {"LANES", tile.lanes_m * tile.lanes_n},
        {"LANES_M", tile.lanes_m},
        {"LANES_N", tile.lanes_n},
        {"WORK_M", tile.tile_m / tile.lanes_m},
        {"WORK_N", tile.tile_n / tile.lanes_n},
        {"LOAD_STEP", tile.lanes_m * tile.lanes_n / tile.tile_m},
        {"FILTER_LOADS", kTileK * tile.tile_n / (tile.lanes_m * tile.lanes_n)},
        {"SLICES", tile.slices},
        {"TILES_K", divide_up(size.padded_k / kTileK, tile.slices)},
        {"K", size.k},
        {"PADDED_K", size.padded_k},
        {"PADDED_N", size.padded_n},
        {"OUTSIDE", 1 << 28}};
    for (const auto& [name, value] : numbers) spec.define(name, value);
    spec.define("UNROLL", builder.target().is_gpu);
    const auto work = [size, tile](int rows) {
        const auto lanes = static_cast<size_t>(tile.lanes());
        const size_t m = divide_up(size.m * rows, tile.tile_m);
        const size_t n = divide_up(size.n, tile.tile_n);
        const auto groups = static_cast<size_t>(size.groups);
        return opencl::WorkSize{{m * lanes, n, groups}, {lanes, 1, 1}};
    };
    return {builder.kernel(spec), {}, work};
}

}  // namespace

std::span<const GemmTile> gemm_tiles() {
    return kTiles;
}

GemmSize gemm_size(int64_t m, int64_t n, int64_t k, int64_t groups) {
    return {
        m, n, k, groups, divide_up(k, kTileK) * kTileK, divide_up(n, kWidestTile) * kWidestTile};
}

size_t choose_tile(const GemmSize& size, int rows, const Target& target) {
    size_t best = 0;
    for (size_t i = 1; i < kTiles.size(); ++i)
        if (cycles(kTiles[i], size, rows, target) < cycles(kTiles[best], size, rows, target))
            best = i;
    return best;
}

std::vector<size_t> likely_tiles(const GemmSize& size, int rows, const Target& target) {
    constexpr double kNear = 1.5;
    const GemmTile& best = kTiles[choose_tile(size, rows, target)];
    std::vector<size_t> likely;
    for (size_t i = 0; i < kTiles.size(); ++i)
        if (fits(kTiles[i], target) &&
            cycles(kTiles[i], size, rows, target) <= kNear * cycles(best, size, rows, target))
            likely.push_back(i);
    return likely;
}

namespace {

size_t tile_for(const ProgramBuilder& builder, const GemmSize& size, int rows) {
    const Target& target = builder.target();
    if (target.candidates != nullptr && std::has_single_bit(static_cast<unsigned>(rows)))
        for (const size_t tile : likely_tiles(size, rows, target)) target.candidates->insert(tile);
    if (target.only_tile) return *target.only_tile;
    return target.tiles.tile(builder.current_node(), rows)
        .value_or(choose_tile(size, rows, target));
}

}  // namespace

std::vector<size_t> add_gemm_variants(ProgramBuilder& builder, const KernelSpec& spec,
                                      const GemmSize& size, const std::vector<BufferId>& arguments,
                                      KernelStep& step) {
    const int largest = step.batched ? builder.target().max_batch : 1;
    std::map<size_t, size_t> variant_of;  // by tile
    std::vector<size_t> choice(builder.target().max_batch + 1, 0);
    for (int rows = 1; rows <= largest; ++rows) {
        const size_t index = tile_for(builder, size, rows);
        const auto [entry, added] = variant_of.emplace(index, step.variants.size());
        if (added) step.variants.push_back(variant_of_tile(builder, spec, size, kTiles[index]));
        if (added) step.variants.back().arguments = arguments;
        choice[rows] = entry->second;
    }
    if (largest == 1) std::ranges::fill(choice, choice[1]);
    return choice;
}

}  // namespace facet::gpu
