// SPDX-License-Identifier: MIT
// Sixteen channels at a time on 512-bit vectors.
#include <algorithm>

#include "engine/backends/cpu/bytes/byte_finish.h"
#include "engine/backends/cpu/bytes/byte_intrinsics.h"

namespace facet::cpu {

#ifdef FACET_HAS_BYTE_KERNELS

namespace {

using Kind = ByteFinish::Op::Kind;
using Stored = ByteFinish::Stored;

constexpr int64_t kLanes = 16;
constexpr int kTogether = 4;

__mmask64 first_lanes(int64_t count) {
    return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << std::max<int64_t>(count, 0)) - 1;
}

FACET_BYTES_INLINE __m512 floats_of(const int32_t* sums, __m512i excess) {
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_load_si512(sums), excess));
}

// The affine function of a panel's channels.
struct Affine {
    __m512i excess;
    __m512 scale, shift;
};

FACET_BYTES_INLINE Affine affine_of(const ByteFinish& finish, int64_t channel) {
    return {_mm512_loadu_si512(finish.excess.data() + channel),
            _mm512_loadu_ps(finish.ops[0].scale.data() + channel),
            _mm512_loadu_ps(finish.ops[0].shift.data() + channel)};
}

// The nearest whole numbers of scale x + shift.
FACET_BYTES_INLINE __m512i rounded(const int32_t* sums, const Affine& affine) {
    return _mm512_cvtps_epi32(
        _mm512_fmadd_ps(floats_of(sums, affine.excess), affine.scale, affine.shift));
}

template <Stored stored>
FACET_BYTES_INLINE __m512i packed(__m512i first, __m512i second, __m512i third, __m512i fourth,
                                  __m512i most) {
    const __m512i low = _mm512_packs_epi32(first, second);
    const __m512i high = _mm512_packs_epi32(third, fourth);
    const __m512i lanes = stored == Stored::kU8
                              ? _mm512_min_epu8(_mm512_packus_epi16(low, high), most)
                              : _mm512_min_epi8(_mm512_packs_epi16(low, high), most);
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, lanes);
}

// Both panels of two positions are one vector of bytes.
template <Stored stored>
FACET_BYTES void finish_two_panels(const ByteFinish& finish, const SumBlock& block,
                                   uint8_t* result) {
    const Affine left = affine_of(finish, block.channel);
    const Affine right = affine_of(finish, block.channel + kLanes);
    const __m512i most = _mm512_set1_epi8(static_cast<char>(finish.most));
    const auto mask = static_cast<__mmask32>(first_lanes(finish.channels - block.channel));
    const int64_t pitch = finish.pitch;
    for (int stretch = 0; stretch < block.count; ++stretch) {
        const auto [row, count, pixel] = block.stretches[stretch];
        const int32_t* sums = block.sums + row * SumBlock::kRowSums;
        uint8_t* to = result + block.channel + pixel * pitch;
        for (int i = 0; i < count; i += 2, sums += 2 * SumBlock::kRowSums, to += 2 * pitch) {
            const int32_t* second = sums + (i + 1 < count ? SumBlock::kRowSums : 0);
            const __m512i bytes =
                packed<stored>(rounded(sums, left), rounded(sums + kLanes, right),
                               rounded(second, left), rounded(second + kLanes, right), most);
            _mm256_mask_storeu_epi8(to, mask, _mm512_castsi512_si256(bytes));
            if (i + 1 < count)
                _mm256_mask_storeu_epi8(to + pitch, mask, _mm512_extracti64x4_epi64(bytes, 1));
        }
    }
}

// One panel of four positions is one vector of bytes.
template <Stored stored>
FACET_BYTES void finish_one_panel(const ByteFinish& finish, const SumBlock& block,
                                  uint8_t* result) {
    const Affine affine = affine_of(finish, block.channel);
    const __m512i most = _mm512_set1_epi8(static_cast<char>(finish.most));
    const auto mask = static_cast<__mmask16>(first_lanes(finish.channels - block.channel));
    const int64_t pitch = finish.pitch;
    for (int stretch = 0; stretch < block.count; ++stretch) {
        const auto [row, count, pixel] = block.stretches[stretch];
        const int32_t* sums = block.sums + row * SumBlock::kRowSums;
        uint8_t* to = result + block.channel + pixel * pitch;
        for (int i = 0; i < count; i += kTogether) {
            int at[kTogether];
            __m512i numbers[kTogether];
            for (int k = 0; k < kTogether; ++k) {
                at[k] = std::min(i + k, count - 1);
                numbers[k] = rounded(sums + at[k] * SumBlock::kRowSums, affine);
            }
            const __m512i bytes =
                packed<stored>(numbers[0], numbers[1], numbers[2], numbers[3], most);
            _mm_mask_storeu_epi8(to + at[0] * pitch, mask, _mm512_castsi512_si128(bytes));
            _mm_mask_storeu_epi8(to + at[1] * pitch, mask, _mm512_extracti32x4_epi32(bytes, 1));
            _mm_mask_storeu_epi8(to + at[2] * pitch, mask, _mm512_extracti32x4_epi32(bytes, 2));
            _mm_mask_storeu_epi8(to + at[3] * pitch, mask, _mm512_extracti32x4_epi32(bytes, 3));
        }
    }
}

FACET_BYTES_INLINE __m512 summand_of(const ByteFinish& finish, const void* summand, int64_t at,
                                     __mmask16 mask) {
    const __m128i bytes = _mm_maskz_loadu_epi8(mask, static_cast<const uint8_t*>(summand) + at);
    return _mm512_cvtepi32_ps(finish.summand_is_signed ? _mm512_cvtepi8_epi32(bytes)
                                                       : _mm512_cvtepu8_epi32(bytes));
}

FACET_BYTES_INLINE void store(const ByteFinish& finish, void* result, int64_t at, __mmask16 mask,
                              __m512 x) {
    if (finish.stored == Stored::kF32) {
        _mm512_mask_storeu_ps(static_cast<float*>(result) + at, mask, x);
        return;
    }
    const bool is_signed = finish.stored == Stored::kI8;
    const __m512 low = _mm512_set1_ps(is_signed ? -128.0f : 0.0f);
    const __m512 high = _mm512_set1_ps(is_signed ? 127.0f : 255.0f);
    const __m512i numbers = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(x, low), high));
    _mm_mask_storeu_epi8(static_cast<uint8_t*>(result) + at, mask, _mm512_cvtepi32_epi8(numbers));
}

FACET_BYTES_INLINE void apply(const ByteFinish& finish, const ByteFinish::Op& op, int64_t channel,
                              __mmask16 mask, const int64_t* pixels, const void* summand,
                              __m512* values) {
    if (op.kind == Kind::kAffine) {
        const __m512 scale = _mm512_loadu_ps(op.scale.data() + channel);
        const __m512 shift = _mm512_loadu_ps(op.shift.data() + channel);
        for (int i = 0; i < kTogether; ++i) values[i] = _mm512_fmadd_ps(values[i], scale, shift);
    } else if (op.kind == Kind::kClip) {
        const __m512 low = _mm512_set1_ps(op.low), high = _mm512_set1_ps(op.high);
        for (int i = 0; i < kTogether; ++i)
            values[i] = _mm512_min_ps(_mm512_max_ps(values[i], low), high);
    } else if (op.kind == Kind::kRound) {
        for (int i = 0; i < kTogether; ++i)
            values[i] = _mm512_roundscale_ps(values[i], _MM_FROUND_TO_NEAREST_INT);
    } else {
        const __m512 scale = _mm512_loadu_ps(op.scale.data() + channel);
        for (int i = 0; i < kTogether; ++i)
            values[i] = _mm512_fmadd_ps(
                summand_of(finish, summand, pixels[i] * finish.channels + channel, mask), scale,
                values[i]);
    }
}

// Four positions at a time, so that choosing the operation costs little.
FACET_BYTES void finish_stretch(const ByteFinish& finish, const SumStretch& stretch,
                                const int32_t* sums, int64_t channel, void* result,
                                const void* summand) {
    const auto mask = static_cast<__mmask16>(first_lanes(finish.channels - channel));
    const __m512i excess = _mm512_loadu_si512(finish.excess.data() + channel);
    for (int first = 0; first < stretch.count; first += kTogether) {
        const int count = std::min(kTogether, stretch.count - first);
        __m512 values[kTogether] = {};
        int64_t pixels[kTogether] = {};
        for (int i = 0; i < kTogether; ++i) {
            const int row = first + std::min(i, count - 1);
            pixels[i] = stretch.pixel + row;
            values[i] = floats_of(sums + (stretch.row + row) * SumBlock::kRowSums, excess);
        }
        for (const ByteFinish::Op& op : finish.ops)
            apply(finish, op, channel, mask, pixels, summand, values);
        for (int i = 0; i < count; ++i)
            store(finish, result, pixels[i] * finish.pitch + channel, mask, values[i]);
    }
}

void finish_any(const ByteFinish& finish, const SumBlock& block, void* result,
                const void* summand) {
    for (int panel = 0; panel < block.panels; ++panel)
        for (int stretch = 0; stretch < block.count; ++stretch)
            finish_stretch(finish, block.stretches[stretch], block.sums + panel * kLanes,
                           block.channel + panel * kLanes, result, summand);
}

template <Stored stored>
void finish_affine(const ByteFinish& finish, const SumBlock& block, void* result) {
    if (block.panels == 2)
        finish_two_panels<stored>(finish, block, static_cast<uint8_t*>(result));
    else
        finish_one_panel<stored>(finish, block, static_cast<uint8_t*>(result));
}

}  // namespace

void finish_sums_avx512(const ByteFinish& finish, const SumBlock& block, void* result,
                        const void* summand) {
    if (block.count == 0) return;
    if (!finish.is_affine)
        finish_any(finish, block, result, summand);
    else if (finish.stored == Stored::kU8)
        finish_affine<Stored::kU8>(finish, block, result);
    else
        finish_affine<Stored::kI8>(finish, block, result);
}

#else

void finish_sums_avx512(const ByteFinish& finish, const SumBlock& block, void* result,
                        const void* summand) {
    finish_sums_plain(finish, block, result, summand);
}

#endif

}  // namespace facet::cpu
