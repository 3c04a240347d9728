// SPDX-License-Identifier: MIT
// The table of tiles and the estimate that picks from it.
#include "engine/backends/gpu/gemm.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace facet::gpu {

namespace {

using Kind = GemmTile::Kind;

constexpr std::array<GemmTile, 14> kTiles{{
    {128, 64, 16, 8, 1},
    {64, 64, 16, 8, 1},
    {128, 16, 64, 2, 1},
    {64, 16, 32, 2, 1},
    {32, 32, 16, 4, 1},
    {32, 32, 16, 4, 4},
    {32, 16, 16, 4, 4},
    {32, 16, 16, 4, 1},
    {128, 64, 64, 2, 1, Kind::kMatrix},
    {64, 64, 64, 2, 1, Kind::kMatrix},
    {128, 32, 128, 1, 1, Kind::kMatrix},
    {128, 16, 128, 1, 1, Kind::kMatrix},
    {32, 32, 64, 2, 1, Kind::kMatrix},
    {128, 32, 64, 4, 1, Kind::kWinograd},
}};
constexpr size_t kPlainTiles = 8;
constexpr int64_t kWidestTile = 64;

int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// Floats of local memory.
int64_t local_floats(const GemmTile& tile) {
    switch (tile.kind) {
        case Kind::kMatrix:
            return kMatrixTileK / 2 * (tile.tile_m + 8);
        case Kind::kWinograd:
            return 16 * (kWinogradChannels * (tile.tile_m / 4 + tile.tile_n) + 32);
        case Kind::kPlain:
            break;
    }
    return tile.slices * kTileK * (tile.tile_m + tile.tile_n) +
           (tile.slices - 1) * tile.tile_m * tile.tile_n;
}

bool fits(const GemmTile& tile, const Target& target) {
    return static_cast<size_t>(tile.lanes()) <= target.max_work_group &&
           local_floats(tile) * sizeof(float) <= target.local_memory;
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

}  // namespace

std::span<const GemmTile> gemm_tiles() {
    return kTiles;
}

size_t plain_tiles() {
    return kPlainTiles;
}

GemmSize gemm_size(int64_t m, int64_t n, int64_t k, int64_t groups) {
    return {
        m, n, k, groups, divide_up(k, kTileK) * kTileK, divide_up(n, kWidestTile) * kWidestTile};
}

bool GemmStep::takes(const GemmTile& tile, const Target& target) const {
    if (tile.kind == Kind::kMatrix &&
        (target.matrix_functions.empty() || target.storage != Storage::kF16))
        return false;
    if (tile.kind == Kind::kWinograd && (!winograd || filter.in_channels < kWinogradChannels))
        return false;
    return fits(tile, target);
}

size_t choose_tile(const GemmSize& size, int rows, const Target& target) {
    size_t best = 0;
    for (size_t i = 1; i < kPlainTiles; ++i)
        if (cycles(kTiles[i], size, rows, target) < cycles(kTiles[best], size, rows, target))
            best = i;
    return best;
}

std::vector<size_t> likely_tiles(const GemmSize& size, int rows, const Target& target) {
    constexpr double kNear = 1.5;
    const GemmTile& best = kTiles[choose_tile(size, rows, target)];
    std::vector<size_t> likely;
    for (size_t i = 0; i < kPlainTiles; ++i)
        if (fits(kTiles[i], target) &&
            cycles(kTiles[i], size, rows, target) <= kNear * cycles(best, size, rows, target))
            likely.push_back(i);
    return likely;
}

}  // namespace facet::gpu
