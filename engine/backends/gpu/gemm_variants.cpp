// SPDX-License-Identifier: MIT
// One kernel per tile that some batch size wants, with the weights in that kernel's order.
#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "engine/backends/gpu/gemm.h"

namespace facet::gpu {

namespace {

using Kind = GemmTile::Kind;
using Numbers = std::vector<std::pair<const char*, int64_t>>;

int64_t divide_up(int64_t a, int64_t b) {
    return (a + b - 1) / b;
}

// Work groups of `lanes` along `m`; one per tile of channels and per group of the convolution.
std::function<opencl::WorkSize(int rows)> work_of(const GemmTile& tile, const GemmSize& size,
                                                  int64_t per_row, int64_t tile_m) {
    return [tile, size, per_row, tile_m](int rows) {
        const auto lanes = static_cast<size_t>(tile.lanes());
        const size_t m = divide_up(per_row * rows, tile_m);
        const size_t n = divide_up(size.n, tile.tile_n);
        const auto groups = static_cast<size_t>(size.groups);
        return opencl::WorkSize{{m * lanes, n, groups}, {lanes, 1, 1}};
    };
}

Numbers plain_numbers(const GemmTile& tile, const GemmSize& size) {
    return {{"TILE_M", tile.tile_m},
            {"TILE_N", tile.tile_n},
            {"TILE_K", kTileK},
            {"LANES", tile.lanes_m * tile.lanes_n},
            {"LANES_M", tile.lanes_m},
            {"WORK_M", tile.tile_m / tile.lanes_m},
            {"WORK_N", tile.tile_n / tile.lanes_n},
            {"LOAD_STEP", tile.lanes_m * tile.lanes_n / tile.tile_m},
            {"FILTER_LOADS", kTileK * tile.tile_n / (tile.lanes_m * tile.lanes_n)},
            {"SLICES", tile.slices},
            {"TILES_K", divide_up(size.padded_k / kTileK, tile.slices)},
            {"PADDED_K", size.padded_k},
            {"PADDED_N", size.padded_n}};
}

Numbers matrix_numbers(const GemmTile& tile, const GemmSize& size) {
    const int64_t warps_m = tile.lanes_m / 32;
    const int64_t tiles_k = divide_up(size.k, kMatrixTileK);
    return {{"TILE_M", tile.tile_m},
            {"TILE_N", tile.tile_n},
            {"TILE_K", kMatrixTileK},
            {"LANES", tile.lanes()},
            {"WARPS_M", warps_m},
            {"BLOCKS_M", tile.tile_m / (8 * warps_m)},
            {"BLOCKS_N", tile.tile_n / (16 * tile.lanes_n)},
            {"LOAD_STEP", tile.lanes() / tile.tile_m},
            {"TILES_K", tiles_k},
            {"STEPS_OF_K", tiles_k * kMatrixTileK / 16},
            {"BLOCKS_OF_CHANNELS", size.padded_n / 16}};
}

int64_t patches_of(const GemmStep& gemm) {
    return divide_up(gemm.out[0], 2) * divide_up(gemm.out[1], 2);
}

Numbers winograd_numbers(const GemmTile& tile, const GemmStep& gemm) {
    const int64_t channels = divide_up(gemm.filter.in_channels, kWinogradChannels);
    return {{"TILE_T", tile.tile_m / 4},
            {"TILE_N", tile.tile_n},
            {"TILE_C", kWinogradChannels},
            {"WORK_T", 8},
            {"WORK_N", 8},
            {"PASSES", 2},
            {"LANES", tile.lanes()},
            {"OUT_H", gemm.out[0]},
            {"PATCHES_W", divide_up(gemm.out[1], 2)},
            {"ITEM_PATCHES", patches_of(gemm)},
            {"PADDED_C", channels * kWinogradChannels},
            {"PADDED_N", gemm.size.padded_n}};
}

Variant variant_of_tile(ProgramBuilder& builder, const GemmStep& gemm, const GemmTile& tile) {
    constexpr int64_t kOutside = 1 << 28;  // further than any window reaches
    KernelSpec spec = gemm.spec;
    const GemmSize& size = gemm.size;
    Numbers numbers;
    switch (tile.kind) {
        case Kind::kPlain:
            spec.file = "conv_gemm";
            numbers = plain_numbers(tile, size);
            break;
        case Kind::kMatrix:
            spec.file = "conv_matrix";
            spec.functions.insert(spec.functions.begin(), builder.target().matrix_functions);
            numbers = matrix_numbers(tile, size);
            break;
        case Kind::kWinograd:
            spec.file = "conv_winograd";
            numbers = winograd_numbers(tile, gemm);
            break;
    }
    for (const auto& [name, value] : numbers) spec.define(name, value);
    spec.define("K", size.k);
    spec.define("OUTSIDE", kOutside);
    spec.define("UNROLL", builder.target().is_gpu);
    const bool patches = tile.kind == Kind::kWinograd;
    return {builder.kernel(spec),
            {},
            work_of(tile, size, patches ? patches_of(gemm) : size.m,
                    patches ? tile.tile_m / 4 : tile.tile_m)};
}

void collect_candidates(std::set<size_t>& candidates, const GemmStep& gemm, int rows,
                        const Target& target) {
    if (!std::has_single_bit(static_cast<unsigned>(rows))) return;
    for (const size_t tile : likely_tiles(gemm.size, rows, target)) candidates.insert(tile);
    for (size_t tile = plain_tiles(); tile < gemm_tiles().size(); ++tile)
        if (gemm.takes(gemm_tiles()[tile], target)) candidates.insert(tile);
}

size_t tile_for(const ProgramBuilder& builder, const GemmStep& gemm, int rows) {
    const Target& target = builder.target();
    if (target.candidates != nullptr) collect_candidates(*target.candidates, gemm, rows, target);
    const std::optional<size_t> wanted =
        target.only_tile ? target.only_tile : target.tiles.tile(builder.current_node(), rows);
    if (wanted && gemm.takes(gemm_tiles()[*wanted], target)) return *wanted;
    return choose_tile(gemm.size, rows, target);
}

// Weights packed once for each kind of kernel.
class Filters {
  public:
    Filters(ProgramBuilder& builder, const GemmStep& gemm) : builder_(builder), gemm_(gemm) {}
    BufferId of(Kind kind) {
        const auto known = packed_.find(kind);
        if (known != packed_.end()) return known->second;
        const std::vector<float> values = pack_filter(kind, gemm_.size, gemm_.filter);
        const Storage storage = builder_.target().storage;
        return packed_.emplace(kind, builder_.constant(values, storage)).first->second;
    }

  private:
    ProgramBuilder& builder_;
    const GemmStep& gemm_;
    std::map<Kind, BufferId> packed_;
};

}  // namespace

std::vector<size_t> add_gemm_variants(ProgramBuilder& builder, const GemmStep& gemm,
                                      KernelStep& step) {
    const int largest = step.batched ? builder.target().max_batch : 1;
    Filters filters(builder, gemm);
    std::map<size_t, size_t> variant_of;  // by tile
    std::vector<size_t> choice(builder.target().max_batch + 1, 0);
    for (int rows = 1; rows <= largest; ++rows) {
        const size_t index = tile_for(builder, gemm, rows);
        const auto [entry, added] = variant_of.emplace(index, step.variants.size());
        choice[rows] = entry->second;
        if (!added) continue;
        const GemmTile& tile = gemm_tiles()[index];
        Variant variant = variant_of_tile(builder, gemm, tile);
        variant.arguments = {gemm.y, gemm.x, filters.of(tile.kind)};
        variant.arguments.insert(variant.arguments.end(), gemm.chain.begin(), gemm.chain.end());
        variant.tile = index;
        step.variants.push_back(std::move(variant));
    }
    if (largest == 1) std::ranges::fill(choice, choice[1]);
    return choice;
}

}  // namespace facet::gpu
