// SPDX-License-Identifier: MIT
// Sums of products on tile registers: sixteen positions against sixteen channels at once.
#include "engine/backends/cpu/bytes/byte_intrinsics.h"
#include "engine/backends/cpu/bytes/byte_products.h"

namespace facet::cpu {

#ifdef FACET_HAS_BYTE_KERNELS

namespace {

constexpr int64_t kPanelRow = 64;  // bytes of four for each channel
constexpr int64_t kSumsStep = 2 * kPanelChannels * sizeof(int32_t);  // bytes
constexpr int64_t kTileSums = PositionTiles::kRows * 2 * kPanelChannels;

// Registers 0 to 3 hold sums, 4 and 5 positions, 6 and 7 panels.
struct alignas(64) TileShapes {
    uint8_t palette = 1, start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
};
static_assert(sizeof(TileShapes) == 64);

FACET_TILES void load_shapes(int rows, int64_t piece_bytes) {
    TileShapes shapes;
    const auto set = [&](int tile, int tile_rows, int64_t row_bytes) {
        shapes.rows[tile] = static_cast<uint8_t>(tile_rows);
        shapes.row_bytes[tile] = static_cast<uint16_t>(row_bytes);
    };
    for (int tile = 0; tile < 4; ++tile) set(tile, rows, kPanelRow);
    for (int tile = 4; tile < 6; ++tile) set(tile, rows, piece_bytes);
    for (int tile = 6; tile < 8; ++tile) set(tile, static_cast<int>(piece_bytes / 4), kPanelRow);
    // GCC 12 believes that the instruction reads the first eight bytes only.
    __asm__ volatile("" : : "r"(&shapes) : "memory");
    _tile_loadconfig(&shapes);
}

FACET_TILES void release_tiles() {
    _tile_release();
}

template <int tiles, int panels>
FACET_TILES void multiply(const PositionTiles& left, const BytePieces& pieces, const int8_t* packed,
                          int64_t panel_bytes) {
    _tile_zero(0);
    if (panels == 2) _tile_zero(1);
    if (tiles == 2) _tile_zero(2);
    if (tiles == 2 && panels == 2) _tile_zero(3);
    for (const int64_t offset : pieces.offsets) {
        _tile_loadd(4, left.source[0] + offset, left.step);
        _tile_loadd(6, packed, kPanelRow);
        _tile_dpbusd(0, 4, 6);
        if (panels == 2) {
            _tile_loadd(7, packed + panel_bytes, kPanelRow);
            _tile_dpbusd(1, 4, 7);
        }
        if (tiles == 2) {
            _tile_loadd(5, left.source[1] + offset, left.step);
            _tile_dpbusd(2, 5, 6);
            if (panels == 2) _tile_dpbusd(3, 5, 7);
        }
        packed += pieces.bytes / 4 * kPanelRow;
    }
}

FACET_TILES void store_tiles(int tiles, int panels, int32_t* sums) {
    _tile_stored(0, sums, kSumsStep);
    if (panels == 2) _tile_stored(1, sums + kPanelChannels, kSumsStep);
    if (tiles == 2) _tile_stored(2, sums + kTileSums, kSumsStep);
    if (tiles == 2 && panels == 2) _tile_stored(3, sums + kTileSums + kPanelChannels, kSumsStep);
}

}  // namespace

void store_tile_sums(int tiles, int panels, int32_t* sums) {
    store_tiles(tiles, panels, sums);
}

void multiply_bytes_amx(const PositionTiles& tiles, const BytePieces& pieces, const int8_t* packed,
                        int64_t panel_bytes, int panels, int32_t*) {
    if (tiles.tiles == 2 && panels == 2)
        multiply<2, 2>(tiles, pieces, packed, panel_bytes);
    else if (tiles.tiles == 2)
        multiply<2, 1>(tiles, pieces, packed, panel_bytes);
    else if (panels == 2)
        multiply<1, 2>(tiles, pieces, packed, panel_bytes);
    else
        multiply<1, 1>(tiles, pieces, packed, panel_bytes);
}

TileScope::TileScope(ByteInstructions instructions, int rows, int64_t piece_bytes)
    : active_(instructions == ByteInstructions::kAmx) {
    if (active_) load_shapes(rows, piece_bytes);
}

TileScope::~TileScope() {
    if (active_) release_tiles();
}

#else

void multiply_bytes_amx(const PositionTiles& tiles, const BytePieces& pieces, const int8_t* packed,
                        int64_t panel_bytes, int panels, int32_t* sums) {
    multiply_bytes_plain(tiles, pieces, packed, panel_bytes, panels, sums);
}

void store_tile_sums(int, int, int32_t*) {}

TileScope::TileScope(ByteInstructions, int, int64_t) : active_(false) {}

TileScope::~TileScope() = default;

#endif

}  // namespace facet::cpu
