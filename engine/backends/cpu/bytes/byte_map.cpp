// SPDX-License-Identifier: MIT
// A table of 256 bytes is four vectors, which two permutations look 64 bytes up in.
#include "engine/backends/cpu/bytes/byte_map.h"

#include "engine/backends/cpu/bytes/byte_intrinsics.h"

namespace facet::cpu {

namespace {

constexpr int64_t kTable = 256;

}  // namespace

void map_bytes_plain(const uint8_t* tables, int64_t channels, const uint8_t* x, uint8_t* y,
                     int64_t positions) {
    for (int64_t channel = 0; channel < channels; ++channel) {
        const uint8_t* table = tables + channel * kTable;
        for (int64_t i = channel; i < positions * channels; i += channels) y[i] = table[x[i]];
    }
}

#ifdef FACET_HAS_BYTE_KERNELS

namespace {

constexpr int64_t kVector = 64;

struct Table {
    __m512i quarters[4];
};

FACET_PERMUTES_INLINE Table load(const uint8_t* table) {
    return {{_mm512_loadu_si512(table), _mm512_loadu_si512(table + kVector),
             _mm512_loadu_si512(table + 2 * kVector), _mm512_loadu_si512(table + 3 * kVector)}};
}

FACET_PERMUTES_INLINE __m512i look_up(const Table& table, __m512i bytes) {
    const __m512i low = _mm512_permutex2var_epi8(table.quarters[0], bytes, table.quarters[1]);
    const __m512i high = _mm512_permutex2var_epi8(table.quarters[2], bytes, table.quarters[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(bytes), low, high);
}

// Bytes [0, count) of x, whole vectors but for the last.
template <int channels>
FACET_PERMUTES void map_vectors(const uint8_t* tables, const uint8_t* x, uint8_t* y,
                                int64_t count) {
    Table held[channels];
    uint64_t masks[channels] = {};
    for (int channel = 0; channel < channels; ++channel)
        held[channel] = load(tables + channel * kTable);
    for (int byte = 0; byte < kVector; ++byte) masks[byte % channels] |= uint64_t{1} << byte;
    int phase = 0;  // the channel of the vector's first byte
    for (int64_t i = 0; i < count; i += kVector) {
        const int64_t left = count - i;
        const __mmask64 used = left >= kVector ? ~uint64_t{0} : (uint64_t{1} << left) - 1;
        const __m512i bytes = _mm512_maskz_loadu_epi8(used, x + i);
        __m512i found = look_up(held[0], bytes);
#pragma GCC unroll 3
        for (int channel = 1; channel < channels; ++channel)
            found = _mm512_mask_blend_epi8(masks[(channel + channels - phase) % channels], found,
                                           look_up(held[channel], bytes));
        _mm512_mask_storeu_epi8(y + i, used, found);
        phase = static_cast<int>((phase + kVector) % channels);
    }
}

}  // namespace

void map_bytes(const uint8_t* tables, int64_t channels, const uint8_t* x, uint8_t* y,
               int64_t positions) {
    static const bool has_vectors = has_byte_permutations();
    if (has_vectors && channels == 1)
        map_vectors<1>(tables, x, y, positions);
    else if (has_vectors && channels == 3)
        map_vectors<3>(tables, x, y, positions * 3);
    else
        map_bytes_plain(tables, channels, x, y, positions);
}

#else

void map_bytes(const uint8_t* tables, int64_t channels, const uint8_t* x, uint8_t* y,
               int64_t positions) {
    map_bytes_plain(tables, channels, x, y, positions);
}

#endif

}  // namespace facet::cpu
