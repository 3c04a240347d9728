// SPDX-License-Identifier: MIT
// Sums of products on 512-bit vectors: four bytes of a position against sixteen channels at once.
#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "engine/backends/cpu/bytes/byte_intrinsics.h"
#include "engine/backends/cpu/bytes/byte_products.h"

namespace facet::cpu {

#ifdef FACET_HAS_BYTE_KERNELS

namespace {

constexpr int kMostRows = 8;  // whose sums for two panels registers hold, beside the factors
constexpr int64_t kRowSums = 2 * kPanelChannels;

// `rows` positions against `panels` panels.
template <int rows, int panels>
FACET_BYTES void multiply_rows(const uint8_t* source, int64_t step, const BytePieces& pieces,
                               const int8_t* packed, int64_t panel_bytes, int32_t* sums) {
    __m512i totals[rows][panels];
#pragma GCC unroll 8
    for (int row = 0; row < rows; ++row)
#pragma GCC unroll 2
        for (int panel = 0; panel < panels; ++panel) totals[row][panel] = _mm512_setzero_si512();
    for (const int64_t offset : pieces.offsets) {
        for (int64_t i = 0; i < pieces.bytes; i += 4, packed += 64) {
            __m512i factors[panels];
#pragma GCC unroll 2
            for (int panel = 0; panel < panels; ++panel)
                factors[panel] = _mm512_load_si512(packed + panel * panel_bytes);
#pragma GCC unroll 8
            for (int row = 0; row < rows; ++row) {
                int32_t four = 0;
                std::memcpy(&four, source + row * step + offset + i, sizeof four);
                const __m512i bytes = _mm512_set1_epi32(four);
#pragma GCC unroll 2
                for (int panel = 0; panel < panels; ++panel)
                    totals[row][panel] =
                        _mm512_dpbusd_epi32(totals[row][panel], bytes, factors[panel]);
            }
        }
    }
#pragma GCC unroll 8
    for (int row = 0; row < rows; ++row)
#pragma GCC unroll 2
        for (int panel = 0; panel < panels; ++panel)
            _mm512_store_si512(sums + row * kRowSums + panel * kPanelChannels, totals[row][panel]);
}

using MultiplyRows = void (*)(const uint8_t*, int64_t, const BytePieces&, const int8_t*, int64_t,
                              int32_t*);

template <int panels, int... rows>
constexpr std::array<MultiplyRows, sizeof...(rows)> all_rows(std::integer_sequence<int, rows...>) {
    return {multiply_rows<rows + 1, panels>...};
}

}  // namespace

void multiply_bytes_vnni(const PositionTiles& tiles, const BytePieces& pieces, const int8_t* packed,
                         int64_t panel_bytes, int panels, int32_t* sums) {
    static constexpr auto kByOne = all_rows<1>(std::make_integer_sequence<int, kMostRows>());
    static constexpr auto kByTwo = all_rows<2>(std::make_integer_sequence<int, kMostRows>());
    const auto& by_rows = panels == 2 ? kByTwo : kByOne;
    const int groups = (tiles.rows + kMostRows - 1) / kMostRows;
    for (int tile = 0; tile < tiles.tiles; ++tile) {
        int row = 0;
        for (int group = 0; group < groups; ++group) {
            const int rows = (tiles.rows - row + groups - group - 1) / (groups - group);
            by_rows[rows - 1](tiles.source[tile] + row * tiles.step, tiles.step, pieces, packed,
                              panel_bytes, sums + (tile * PositionTiles::kRows + row) * kRowSums);
            row += rows;
        }
    }
}

#else

void multiply_bytes_vnni(const PositionTiles& tiles, const BytePieces& pieces, const int8_t* packed,
                         int64_t panel_bytes, int panels, int32_t* sums) {
    multiply_bytes_plain(tiles, pieces, packed, panel_bytes, panels, sums);
}

#endif

}  // namespace facet::cpu
