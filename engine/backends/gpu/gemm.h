// SPDX-License-Identifier: MIT
// Tiles of kernels/conv_gemm.cl, and which of them serves which batch size.
#pragma once

#include <span>

#include "engine/backends/gpu/program_builder.h"

namespace facet::gpu {

// A work group computes tile_m pixels x tile_n channels with `slices` times lanes_m x lanes_n work
// items; each slice sums every slices-th tile along k. Invariants of the kernel: tile_m divides
// lanes_m x lanes_n, which divides kTileK * tile_m and kTileK * tile_n.
struct GemmTile {
    int64_t tile_m, tile_n, lanes_m, lanes_n, slices;

    [[nodiscard]] constexpr int64_t lanes() const { return lanes_m * lanes_n * slices; }
};
constexpr int64_t kTileK = 16;
[[nodiscard]] std::span<const GemmTile> gemm_tiles();

// Per row of the batch: m pixels; per group: n channels, k products each.
struct GemmSize {
    int64_t m = 1, n = 1, k = 1, groups = 1;
    int64_t padded_k = 1, padded_n = 1;  // as weights are packed for every tile
};
[[nodiscard]] GemmSize gemm_size(int64_t m, int64_t n, int64_t k, int64_t groups);

// The tile that is expected to be fastest for so many rows, as an index into gemm_tiles(): by a
// model that counts waiting, arithmetic, pixels and channels computed for nothing, and compute
// units that stand idle.
[[nodiscard]] size_t choose_tile(const GemmSize& size, int rows, const Target& target);
// Those that may well be: within half as much again of the best.
[[nodiscard]] std::vector<size_t> likely_tiles(const GemmSize& size, int rows,
                                               const Target& target);

// Adds a variant of `spec` for every tile that some batch size chooses; `spec` lacks only what
// depends on the tile. Returns the choice by rows, as indices into step.variants.
[[nodiscard]] std::vector<size_t> add_gemm_variants(ProgramBuilder& builder, const KernelSpec& spec,
                                                    const GemmSize& size,
                                                    const std::vector<BufferId>& arguments,
                                                    KernelStep& step);

}  // namespace facet::gpu
