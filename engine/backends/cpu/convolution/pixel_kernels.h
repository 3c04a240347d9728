// SPDX-License-Identifier: MIT
// One line of a convolution of pixels, of their conversion to floats, and of maxima; for
// pixels.cpp.
#pragma once

#include "engine/backends/cpu/convolution/kernels_avx512.h"
#include "engine/backends/cpu/convolution/pixels.h"

namespace facet::cpu {

// Positions worked on together, by panels of channels: as many as 32 registers hold.
constexpr int kByOne = 16, kByTwo = 14, kByThree = 9;
constexpr int64_t kTallest = 16;  // lines of a window, of a filter or a pool
// Bytes after which colours and vectors both begin.
constexpr int64_t kPattern = PixelConvolution::kColours * kVectorLanes;

#ifdef FACET_HAS_AVX512_KERNELS

// Internal linkage, as in kernels_avx512.h.
namespace {

constexpr int64_t kColours = PixelConvolution::kColours;

// What one pass over a line of results reads and writes.
struct FilterLine {
    const float* lines[kTallest];  // of the source, where the first window begins
    int64_t height, taps;          // of the window: its lines, and floats of each
    const float* weights;          // of the panels
    int64_t inner;                 // floats of a window
    const ChannelEpilogue* epilogue;
    int64_t channel, width, channels;  // of the result
    float* result;                     // at the channel
};

template <int positions, int panels, int step, Ending ending>
FACET_AVX512_INLINE void filter_tile(const FilterLine& line, int64_t x) {
    __m512 sums[positions][panels];
#pragma GCC unroll 16
    for (int at = 0; at < positions; ++at)
#pragma GCC unroll 3
        for (int panel = 0; panel < panels; ++panel)
            sums[at][panel] = start<ending>(line.epilogue, line.channel + panel * kVectorLanes);
    const float* weights = line.weights;
    for (int64_t i = 0; i < line.height; ++i) {
        const float* left = line.lines[i] + x * step;
        for (int64_t k = 0; k < line.taps; ++k, ++left, weights += kVectorLanes) {
            // Neighbouring windows share floats; a compiler that knew would keep them for the next
            // rounds in registers that it does not have.
            __asm__("" : "+r"(left));
            __m512 factors[panels];
#pragma GCC unroll 3
            for (int panel = 0; panel < panels; ++panel)
                factors[panel] = _mm512_load_ps(weights + panel * line.inner * kVectorLanes);
#pragma GCC unroll 16
            for (int at = 0; at < positions; ++at) {
                const __m512 value = _mm512_set1_ps(left[at * step]);
#pragma GCC unroll 3
                for (int panel = 0; panel < panels; ++panel)
                    sums[at][panel] = _mm512_fmadd_ps(value, factors[panel], sums[at][panel]);
            }
        }
    }
    float* to = line.result + x * line.channels;
#pragma GCC unroll 16
    for (int at = 0; at < positions; ++at)
#pragma GCC unroll 3
        for (int panel = 0; panel < panels; ++panel)
            store<ending>(to + at * line.channels + panel * kVectorLanes, sums[at][panel],
                          line.epilogue, line.channel + panel * kVectorLanes);
}

// The last tile begins where it ends with the line: what it shares with the one before is the same.
template <int positions, int panels, int step, Ending ending>
FACET_AVX512 void filter_line(const FilterLine& line) {
    const int64_t last = line.width - positions;
    for (int64_t x = 0; x < last; x += positions)
        filter_tile<positions, panels, step, ending>(line, x);
    filter_tile<positions, panels, step, ending>(line, last);
}

using FilterLoop = void (*)(const FilterLine&);

template <int positions, int panels>
FilterLoop filter_loop_for(int64_t stride, Ending ending) {
    if (ending == Ending::kBiasRelu)
        return stride == 1 ? filter_line<positions, panels, kColours, Ending::kBiasRelu>
                           : filter_line<positions, panels, 2 * kColours, Ending::kBiasRelu>;
    return stride == 1 ? filter_line<positions, panels, kColours, Ending::kAny>
                       : filter_line<positions, panels, 2 * kColours, Ending::kAny>;
}

FilterLoop filter_loop(int64_t panels, int64_t stride, Ending ending) {
    if (panels == 3) return filter_loop_for<kByThree, 3>(stride, ending);
    if (panels == 2) return filter_loop_for<kByTwo, 2>(stride, ending);
    return filter_loop_for<kByOne, 1>(stride, ending);
}

// Bytes that stand for floats; `factors` and `offsets` of kPattern of them.
FACET_AVX512 inline void convert_bytes(const uint8_t* bytes, int64_t count, const float* factors,
                                       const float* offsets, float* floats) {
    __m512 factor[kColours], offset[kColours];
#pragma GCC unroll 3
    for (int part = 0; part < kColours; ++part) {
        factor[part] = _mm512_loadu_ps(factors + part * kVectorLanes);
        offset[part] = _mm512_loadu_ps(offsets + part * kVectorLanes);
    }
    int64_t at = 0;
    for (; at + kPattern <= count; at += kPattern) {
#pragma GCC unroll 3
        for (int part = 0; part < kColours; ++part) {
            const int64_t from = at + part * kVectorLanes;
            const __m128i taken = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + from));
            const __m512 value = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(taken));
            _mm512_storeu_ps(floats + from, _mm512_fmadd_ps(value, factor[part], offset[part]));
        }
    }
    for (; at < count; ++at)
        floats[at] = __builtin_fmaf(static_cast<float>(bytes[at]), factors[at % kPattern],
                                    offsets[at % kPattern]);
}

// Of three vectors of one colour each, the places that make vectors of pixels: of the first two
// colours, then of those and the third.
struct ColourPlaces {
    int32_t two[kColours][kVectorLanes], three[kColours][kVectorLanes];
};

constexpr ColourPlaces colour_places() {
    ColourPlaces places{};
    for (int at = 0; at < kPattern; ++at) {
        const int part = at / kVectorLanes, lane = at % kVectorLanes;
        const int colour = at % kColours, pixel = at / kColours;
        places.two[part][lane] = colour == 1 ? kVectorLanes + pixel : pixel;
        places.three[part][lane] = colour == 2 ? kVectorLanes + pixel : lane;
    }
    return places;
}

// `width` pixels whose colours lie `plane` floats apart; factors and offsets as above.
FACET_AVX512 inline void weave_planes(const float* first, int64_t plane, int64_t width,
                                      const float* factors, const float* offsets, float* floats) {
    static constexpr ColourPlaces kPlaces = colour_places();
    int64_t at = 0;
    for (; at + kVectorLanes <= width; at += kVectorLanes) {
        __m512 colours[kColours];
#pragma GCC unroll 3
        for (int colour = 0; colour < kColours; ++colour)
            colours[colour] =
                _mm512_fmadd_ps(_mm512_loadu_ps(first + colour * plane + at),
                                _mm512_set1_ps(factors[colour]), _mm512_set1_ps(offsets[colour]));
#pragma GCC unroll 3
        for (int part = 0; part < kColours; ++part) {
            const __m512 two = _mm512_permutex2var_ps(
                colours[0], _mm512_loadu_si512(kPlaces.two[part]), colours[1]);
            _mm512_storeu_ps(
                floats + at * kColours + part * kVectorLanes,
                _mm512_permutex2var_ps(two, _mm512_loadu_si512(kPlaces.three[part]), colours[2]));
        }
    }
    for (; at < width; ++at)
        for (int64_t colour = 0; colour < kColours; ++colour)
            floats[at * kColours + colour] =
                __builtin_fmaf(first[colour * plane + at], factors[colour], offsets[colour]);
}

// The maximum of each channel over positions [begin, end) of `count` lines.
FACET_AVX512_INLINE void pool_window(const float* const* lines, int64_t count, int64_t begin,
                                     int64_t end, int64_t channels, float* result) {
    for (int64_t channel = 0; channel < channels; channel += kVectorLanes) {
        __m512 most = _mm512_loadu_ps(lines[0] + begin * channels + channel);
        for (int64_t line = 0; line < count; ++line)
            for (int64_t x = begin; x < end; ++x)
                most = _mm512_max_ps(_mm512_loadu_ps(lines[line] + x * channels + channel), most);
        _mm512_storeu_ps(result + channel, most);
    }
}

// The same over a square, of as many lines as positions.
template <int side>
FACET_AVX512_INLINE void pool_square(const float* const* lines, int64_t begin, int64_t channels,
                                     float* result) {
    for (int64_t channel = 0; channel < channels; channel += kVectorLanes) {
        __m512 most[side];
#pragma GCC unroll 3
        for (int line = 0; line < side; ++line) {
            const float* from = lines[line] + begin * channels + channel;
            most[line] = _mm512_loadu_ps(from);
#pragma GCC unroll 3
            for (int x = 1; x < side; ++x)
                most[line] = _mm512_max_ps(_mm512_loadu_ps(from + x * channels), most[line]);
        }
#pragma GCC unroll 3
        for (int line = 1; line < side; ++line) most[0] = _mm512_max_ps(most[line], most[0]);
        _mm512_storeu_ps(result + channel, most[0]);
    }
}

FACET_AVX512 void pool_line(const float* const* lines, int64_t count,
                            const PixelConvolution::Windows& pool, int64_t width, int64_t channels,
                            float* result) {
    for (int64_t x = 0; x < pool.result_width; ++x, result += channels) {
        const int64_t left = x * pool.stride_across - pool.pad_left;
        const int64_t begin = std::max<int64_t>(left, 0), end = std::min(left + pool.width, width);
        if (count == 2 && end - begin == 2)
            pool_square<2>(lines, begin, channels, result);
        else if (count == 3 && end - begin == 3)
            pool_square<3>(lines, begin, channels, result);
        else
            pool_window(lines, count, begin, end, channels, result);
    }
}

}  // namespace

#endif  // FACET_HAS_AVX512_KERNELS

}  // namespace facet::cpu
