// SPDX-License-Identifier: MIT
// Sums of products of bytes: up to 32 positions against one or two panels of 16 output channels.
#pragma once

#include <cstdint>
#include <vector>

namespace facet::cpu {

// The generations of processors that the loops are written for. Sums are whole numbers: all give
// the same ones.
enum class ByteInstructions {
    kPlain,  // any
    kVnni,   // AVX-512 with VNNI
    kAmx,    // and tiles of bytes
};
// The best this processor has and the system lets the process use.
[[nodiscard]] ByteInstructions best_byte_instructions();

// How products run along the bytes of a position: pieces of equal length, one by one.
struct BytePieces {
    static constexpr int64_t kMost = 64;  // bytes
    std::vector<int64_t> offsets;         // of each piece from the position's first byte
    int64_t bytes = 0;                    // of a piece: a multiple of 4, kMost at most
};

// One or two tiles of positions.
struct PositionTiles {
    static constexpr int kRows = 16;
    const uint8_t* source[2] = {};  // of each tile's first position
    int64_t step = 0;               // bytes from one position to the next
    int tiles = 1;
    int rows = kRows;  // positions in a tile
};

constexpr int64_t kPanelChannels = 16;

// Right sides are panels [piece][bytes / 4][channel][4], `panel_bytes` apart. Sums go to `sums`
// [tile][kRows][32], the second panel's behind the first one's.
using MultiplyBytes = void (*)(const PositionTiles&, const BytePieces&, const int8_t* packed,
                               int64_t panel_bytes, int panels, int32_t* sums);

void multiply_bytes_plain(const PositionTiles& tiles, const BytePieces& pieces,
                          const int8_t* packed, int64_t panel_bytes, int panels, int32_t* sums);
void multiply_bytes_vnni(const PositionTiles& tiles, const BytePieces& pieces, const int8_t* packed,
                         int64_t panel_bytes, int panels, int32_t* sums);
// Precondition: TileScope of the same rows and bytes lives in this thread. The sums stay in tile
// registers, where they may be under way when this returns, until store_tile_sums(): other work in
// between costs no time.
void multiply_bytes_amx(const PositionTiles& tiles, const BytePieces& pieces, const int8_t* packed,
                        int64_t panel_bytes, int panels, int32_t* sums);
void store_tile_sums(int tiles, int panels, int32_t* sums);

// The calling thread's tile registers, shaped for one layer; none where `instructions` need none.
class TileScope {
  public:
    TileScope(ByteInstructions instructions, int rows, int64_t piece_bytes);
    ~TileScope();
    TileScope(const TileScope&) = delete;
    TileScope& operator=(const TileScope&) = delete;

  private:
    const bool active_;
};

}  // namespace facet::cpu
