// SPDX-License-Identifier: MIT
// Tiles of kernels/conv_gemm.cl, conv_matrix.cl and conv_winograd.cl, and which of them serves
// which batch size.
#pragma once

#include <span>

#include "engine/backends/gpu/program_builder.h"

namespace facet::gpu {

// A work group computes tile_m pixels x tile_n channels.
// kPlain: with `slices` times lanes_m x lanes_n work items; each slice sums every slices-th tile
// along k. Invariants: tile_m divides lanes_m x lanes_n, which divides kTileK * tile_m and kTileK *
// tile_n.
// kMatrix: with warps of 32 work items, lanes_m / 32 of them along the pixels and lanes_n along the
// channels, on the device's matrix unit.
// kWinograd: tile_m / 4 patches of 2x2 pixels.
struct GemmTile {
    enum class Kind { kPlain, kMatrix, kWinograd };
    int64_t tile_m, tile_n, lanes_m, lanes_n, slices;
    Kind kind = Kind::kPlain;

    [[nodiscard]] constexpr int64_t lanes() const { return lanes_m * lanes_n * slices; }
};
constexpr int64_t kTileK = 16;
constexpr int64_t kMatrixTileK = 32;
constexpr int64_t kWinogradChannels = 8;  // summed up at a time
// Plain ones first.
[[nodiscard]] std::span<const GemmTile> gemm_tiles();
[[nodiscard]] size_t plain_tiles();
// The plain tile that is quickest to build, for devices where speed hardly matters.
constexpr size_t kQuickTile = 7;

// Per row of the batch: m pixels; per group: n channels, k products each.
struct GemmSize {
    int64_t m = 1, n = 1, k = 1, groups = 1;
    int64_t padded_k = 1, padded_n = 1;  // as weights are packed for every plain tile
};
[[nodiscard]] GemmSize gemm_size(int64_t m, int64_t n, int64_t k, int64_t groups);

// Weights as [group * n][input channel of the group][place of the window].
struct GemmFilter {
    std::span<const float> values;
    int64_t in_channels = 1, places = 1;

    // Product k = place * in_channels + channel of output `row`.
    [[nodiscard]] float at(int64_t row, int64_t k) const {
        return values[(row * in_channels + k % in_channels) * places + k / in_channels];
    }
};

// A convolution or matrix product that any tile may compute.
struct GemmStep {
    KernelSpec spec;  // lacks the file and what depends on the tile
    GemmSize size;
    GemmFilter filter;
    Extent2 out{1, 1};      // height and width
    bool winograd = false;  // a 3x3 window that moves by single pixels over neighbouring ones
    BufferId y = 0, x = 0;
    std::vector<BufferId> chain;  // arguments of what follows

    // Why a tile of this kind cannot serve is of no interest: another one does.
    [[nodiscard]] bool takes(const GemmTile& tile, const Target& target) const;
};

// The plain tile that is expected to be fastest for so many rows, as an index into gemm_tiles(): by
// a model that counts waiting, arithmetic, pixels and channels computed for nothing, and compute
// units that stand idle.
[[nodiscard]] size_t choose_tile(const GemmSize& size, int rows, const Target& target);
// Those that may well be: within half as much again of the best.
[[nodiscard]] std::vector<size_t> likely_tiles(const GemmSize& size, int rows,
                                               const Target& target);

// Adds a variant for every tile that some batch size chooses. Only what was measured, or asked for
// by target().only_tile, chooses other than plain tiles. Returns the choice by rows, as indices
// into step.variants.
[[nodiscard]] std::vector<size_t> add_gemm_variants(ProgramBuilder& builder, const GemmStep& gemm,
                                                    KernelStep& step);

// Weights as kernels of that kind want them, padded with zeros.
[[nodiscard]] std::vector<float> pack_filter(GemmTile::Kind kind, const GemmSize& size,
                                             const GemmFilter& filter);

}  // namespace facet::gpu
