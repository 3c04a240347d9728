// SPDX-License-Identifier: MIT
// The innermost loops on 512-bit vectors that Facet's convolutions share; for their .cpp files.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "engine/backends/cpu/convolution/channel_epilogue.h"

#if defined(__x86_64__) && defined(__GNUC__)
// GCC's own header starts from registers it leaves undefined (its bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#define FACET_HAS_AVX512_KERNELS 1
#define FACET_AVX512 __attribute__((target("avx512f,fma")))
#define FACET_AVX512_INLINE __attribute__((target("avx512f,fma"), always_inline)) inline
#endif

namespace facet::cpu {

[[nodiscard]] inline bool has_avx512_kernels() {
#ifdef FACET_HAS_AVX512_KERNELS
    return __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}

constexpr int64_t kVectorLanes = 16;

#ifdef FACET_HAS_AVX512_KERNELS

// Internal linkage: each file compiles its own.
namespace {

// How much of an epilogue a loop is compiled for: the common one costs two instructions.
enum class Ending { kNone, kBiasRelu, kAny };

inline Ending ending_of(const ChannelEpilogue* epilogue) {
    if (!epilogue) return Ending::kNone;
    const bool relu =
        epilogue->activation == ChannelEpilogue::Activation::kLeakyRelu && epilogue->slope == 0;
    return relu && epilogue->bias && !epilogue->adds_residual ? Ending::kBiasRelu : Ending::kAny;
}

// What sums of channels [channel, channel + 16) start from.
template <Ending ending>
FACET_AVX512_INLINE __m512 start(const ChannelEpilogue* epilogue, int64_t channel) {
    if (ending == Ending::kNone || (ending == Ending::kAny && !epilogue->bias))
        return _mm512_setzero_ps();
    return _mm512_loadu_ps(epilogue->bias + channel);
}

FACET_AVX512_INLINE __m512 activate(__m512 sum, const ChannelEpilogue& epilogue, int64_t channel) {
    using Activation = ChannelEpilogue::Activation;
    if (epilogue.activation == Activation::kLeakyRelu ||
        epilogue.activation == Activation::kPRelu) {
        const __m512 slope = epilogue.activation == Activation::kPRelu
                                 ? _mm512_loadu_ps(epilogue.slopes + channel)
                                 : _mm512_set1_ps(epilogue.slope);
        const __mmask16 negative = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LT_OQ);
        return _mm512_mask_mul_ps(sum, negative, sum, slope);
    }
    if (epilogue.activation == Activation::kClip)
        return _mm512_min_ps(_mm512_max_ps(sum, _mm512_set1_ps(epilogue.low)),
                             _mm512_set1_ps(epilogue.high));
    return sum;
}

// Stores a sum, which holds the bias already.
template <Ending ending>
FACET_AVX512_INLINE void store(float* at, __m512 sum, const ChannelEpilogue* epilogue,
                               int64_t channel) {
    if (ending == Ending::kBiasRelu) {
        // In this order a NaN stays one.
        sum = _mm512_max_ps(_mm512_setzero_ps(), sum);
    } else if (ending == Ending::kAny) {
        if (epilogue->adds_residual) sum = _mm512_add_ps(sum, _mm512_loadu_ps(at));
        sum = activate(sum, *epilogue, channel);
    }
    _mm512_storeu_ps(at, sum);
}

// `rows` rows of the left side [rows, inner] against `panels` panels of the right one, each
// [inner, 16]; stored `step` apart, after the epilogue of channels from `channel` on if there is
// one.
template <int rows, int panels, Ending ending>
FACET_AVX512 void multiply_tile(const float* left, int64_t inner, const float* right,
                                float* products, int64_t step, const ChannelEpilogue* epilogue,
                                int64_t channel) {
    __m512 sums[rows][panels];
#pragma GCC unroll 16
    for (int row = 0; row < rows; ++row)
#pragma GCC unroll 4
        for (int panel = 0; panel < panels; ++panel)
            sums[row][panel] = start<ending>(epilogue, channel + panel * kVectorLanes);
    for (int64_t k = 0; k < inner; ++k) {
        __m512 factors[panels];
#pragma GCC unroll 4
        for (int panel = 0; panel < panels; ++panel)
            factors[panel] = _mm512_load_ps(right + (panel * inner + k) * kVectorLanes);
#pragma GCC unroll 16
        for (int row = 0; row < rows; ++row) {
            const __m512 value = _mm512_set1_ps(left[row * inner + k]);
#pragma GCC unroll 4
            for (int panel = 0; panel < panels; ++panel)
                sums[row][panel] = _mm512_fmadd_ps(value, factors[panel], sums[row][panel]);
        }
    }
#pragma GCC unroll 16
    for (int row = 0; row < rows; ++row) {
#pragma GCC unroll 4
        for (int panel = 0; panel < panels; ++panel) {
            store<ending>(products + row * step + panel * kVectorLanes, sums[row][panel], epilogue,
                          channel + panel * kVectorLanes);
        }
    }
}

using MultiplyTile = void (*)(const float*, int64_t, const float*, float*, int64_t,
                              const ChannelEpilogue*, int64_t);

// By panels and rows, as many as 32 registers hold with the factors.
constexpr int kFewRows = 6, kManyRows = 14;

template <int panels, Ending ending, int... rows>
constexpr std::array<MultiplyTile, sizeof...(rows)> multiply_tiles(
    std::integer_sequence<int, rows...>) {
    return {multiply_tile<rows + 1, panels, ending>...};
}

template <Ending ending>
MultiplyTile multiply_tile_for(int64_t rows, int panels) {
    static constexpr auto kByFour =
        multiply_tiles<4, ending>(std::make_integer_sequence<int, kFewRows>());
    static constexpr auto kByTwo =
        multiply_tiles<2, ending>(std::make_integer_sequence<int, kManyRows>());
    static constexpr auto kByOne =
        multiply_tiles<1, ending>(std::make_integer_sequence<int, kManyRows>());
    if (panels == 4) return kByFour[rows - 1];
    return panels == 2 ? kByTwo[rows - 1] : kByOne[rows - 1];
}

// A matrix product: `count` rows of `left` against panels [panel_begin, panel_end) of `right`,
// stored from `products` on. Every sum runs over `inner` in order, whatever `count` is.
template <Ending ending>
void multiply_panels(const float* left, int64_t count, int64_t inner, const float* right,
                     int64_t panel_begin, int64_t panel_end, float* products, int64_t step,
                     const ChannelEpilogue* epilogue) {
    const bool few = count <= kFewRows;
    // Rows in near equal groups, so that none is left with one or two.
    const int64_t most = few ? kFewRows : kManyRows;
    const int64_t groups = (count + most - 1) / most;
    for (int64_t panel = panel_begin; panel < panel_end;) {
        const int64_t left_over = panel_end - panel;
        const int taken = few && left_over >= 4 ? 4 : left_over >= 2 ? 2 : 1;
        const float* from = right + panel * inner * kVectorLanes;
        float* to = products + (panel - panel_begin) * kVectorLanes;
        int64_t row = 0;
        for (int64_t group = 0; group < groups; ++group) {
            const int64_t rows = (count - row + groups - group - 1) / (groups - group);
            const MultiplyTile kernel = multiply_tile_for<ending>(rows, taken);
            kernel(left + row * inner, inner, from, to + row * step, step, epilogue,
                   panel * kVectorLanes);
            row += rows;
        }
        panel += taken;
    }
}

}  // namespace

#endif  // FACET_HAS_AVX512_KERNELS

}  // namespace facet::cpu
