// SPDX-License-Identifier: MIT
// Shuffles of AVX2, and plain loops for processors without it.
#include "engine/vision/shuffle.h"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define FACET_HAS_SHUFFLES 1
#define FACET_AVX2 __attribute__((target("avx2")))
#endif

namespace facet {
namespace {

bool has_shuffles() {
#ifdef FACET_HAS_SHUFFLES
    static const bool has = __builtin_cpu_supports("avx2");
    return has;
#else
    return false;
#endif
}

#ifdef FACET_HAS_SHUFFLES

FACET_AVX2 inline __m256i load_two(const uint8_t* low, const uint8_t* high) {
    return _mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(low))),
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(high)), 1);
}

FACET_AVX2 inline __m256i load(const void* bytes) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

// What RowStretch has planned.
struct Windows {
    const int* starts;
    const uint8_t *low, *high;
    const int16_t* weights;
    size_t outputs;
};

template <bool kWide>
FACET_AVX2 void stretch(const uint8_t* row, Windows plan, Fixed* values) {
    constexpr int kOne = 1 << kFractionBits;
    // Factors of the two bytes of a pair, the first in the lower one.
    const __m256i base = _mm256_set1_epi16(kOne);
    const __m256i slope = _mm256_set1_epi16(kOne << 8 | (256 - kOne));
    for (size_t i = 0; i < plan.outputs; i += 16, plan.starts += 2) {
        const uint8_t *left = row + plan.starts[0], *right = row + plan.starts[1];
        __m256i pairs = _mm256_shuffle_epi8(load_two(left, right), load(plan.low + 2 * i));
        if constexpr (kWide)
            pairs = _mm256_or_si256(pairs, _mm256_shuffle_epi8(load_two(left + 16, right + 16),
                                                               load(plan.high + 2 * i)));
        const __m256i first = _mm256_maddubs_epi16(pairs, base);
        const __m256i rise = _mm256_maddubs_epi16(pairs, slope);
        const __m256i value =
            _mm256_add_epi16(first, _mm256_mulhrs_epi16(rise, load(plan.weights + i)));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + i), value);
    }
}

// Where byte k of each of three vectors of interleaved bytes comes from among sixteen of `channel`.
struct Spread {
    alignas(16) uint8_t from[3][3][16];  // [vector][channel][k]
};

constexpr Spread make_spread() {
    Spread spread{};
    for (int byte = 0; byte < 48; ++byte)
        for (int channel = 0; channel < 3; ++channel)
            spread.from[byte / 16][channel][byte % 16] =
                byte % 3 == channel ? static_cast<uint8_t>(byte / 3) : 0x80;
    return spread;
}
constexpr Spread kSpread = make_spread();

// Precondition: count >= 32.
FACET_AVX2 void interleave_shuffled(const uint8_t* const (&channels)[3], size_t count,
                                    uint8_t* pixels) {
    __m256i from[3][3];
    for (int vector = 0; vector < 3; ++vector)
        for (int channel = 0; channel < 3; ++channel)
            from[vector][channel] = _mm256_broadcastsi128_si256(
                _mm_load_si128(reinterpret_cast<const __m128i*>(kSpread.from[vector][channel])));
    for (size_t start = 0; start < count; start += 32) {
        const size_t i = std::min(start, count - 32);
        const __m256i a = load(channels[0] + i), b = load(channels[1] + i),
                      c = load(channels[2] + i);
        auto* target = reinterpret_cast<__m128i*>(pixels + 3 * i);
        for (int vector = 0; vector < 3; ++vector) {
            const __m256i bytes =
                _mm256_or_si256(_mm256_or_si256(_mm256_shuffle_epi8(a, from[vector][0]),
                                                _mm256_shuffle_epi8(b, from[vector][1])),
                                _mm256_shuffle_epi8(c, from[vector][2]));
            _mm_storeu_si128(target + vector, _mm256_castsi256_si128(bytes));
            _mm_storeu_si128(target + 3 + vector, _mm256_extracti128_si256(bytes, 1));
        }
    }
}

#endif

// Every `apart`th output: the bytes of its taps and the weight.
void spread_taps(const AxisTaps& taps, int offset, int step, int apart, int* __restrict first,
                 int* __restrict last, int16_t* __restrict weights) {
    const int count = taps.outputs;
    const int *from = taps.first.data(), *to = taps.last.data();
    const int16_t* weight = taps.last_weight.data();
    for (int i = 0; i < count; ++i) {
        first[i * apart] = offset + from[i] * step;
        last[i * apart] = offset + to[i] * step;
        weights[i * apart] = weight[i];
    }
}

}  // namespace

void RowStretch::plan(const AxisTaps& taps, int channels, const std::array<int, 3>& offsets,
                      int step, int bytes) {
    const size_t outputs = static_cast<size_t>(taps.outputs) * channels;
    const size_t padded = (outputs + kGroup - 1) / kGroup * kGroup;
    bytes_ = bytes;
    first_.resize(padded);
    last_.resize(padded);
    weights_.resize(padded);
    int *first = first_.data(), *last = last_.data();
    int16_t* weights = weights_.data();
    for (int channel = 0; channel < channels; ++channel)
        spread_taps(taps, offsets[channel], step, channels, first + channel, last + channel,
                    weights + channel);
    std::fill(first + outputs, first + padded, first[outputs - 1]);
    std::fill(last + outputs, last + padded, last[outputs - 1]);
    std::fill(weights + outputs, weights + padded, weights[outputs - 1]);
    reach_ = has_shuffles() ? plan_windows() : 0;
}

// Bytes of a window, or 0 when some window would need more than two vectors.
int RowStretch::plan_windows() {
    starts_.resize(first_.size() / kHalf);
    int widest = 0;
    for (size_t half = 0; half < starts_.size(); ++half) {
        const int *first = first_.data() + half * kHalf, *last = last_.data() + half * kHalf;
        int begin = first[0], end = last[0];
        for (int o = 1; o < kHalf; ++o) {
            begin = std::min(begin, first[o]);
            end = std::max(end, last[o]);
        }
        starts_[half] = begin;
        widest = std::max(widest, end + 1 - begin);
    }
    if (widest > 32) return 0;
    const int reach = widest <= 16 ? 16 : 32;
    for (int& start : starts_) start = std::max(std::min(start, bytes_ - reach), 0);
    // A shuffle gives 0 for an index whose highest bit is set, and looks at its lowest four else.
    low_.resize(2 * first_.size());
    plan_shuffles(0x70, low_.data());
    if (reach == 16) return reach;
    high_.resize(2 * first_.size());
    plan_shuffles(-16, high_.data());
    return reach;
}

void RowStretch::plan_shuffles(int bias, uint8_t* shuffles) const {
    const int *first = first_.data(), *last = last_.data();
    for (const int start : starts_) {
        uint8_t pairs[2 * kHalf];
        for (int o = 0; o < kHalf; ++o) {
            pairs[2 * o] = static_cast<uint8_t>(first[o] - start + bias);
            pairs[2 * o + 1] = static_cast<uint8_t>(last[o] - start + bias);
        }
        std::memcpy(shuffles, pairs, sizeof(pairs));
        first += kHalf;
        last += kHalf;
        shuffles += sizeof(pairs);
    }
}

void RowStretch::apply(const uint8_t* row, Fixed* values) const {
    if (reach_ == 0) return apply_plain(row, values);
#ifdef FACET_HAS_SHUFFLES
    uint8_t short_row[32] = {};
    if (bytes_ < reach_) {
        std::memcpy(short_row, row, bytes_);
        row = short_row;
    }
    const Windows windows{starts_.data(), low_.data(), high_.data(), weights_.data(),
                          weights_.size()};
    if (reach_ == 16) return stretch<false>(row, windows, values);
    stretch<true>(row, windows, values);
#endif
}

void RowStretch::apply_plain(const uint8_t* row, Fixed* values) const {
    for (size_t o = 0; o < weights_.size(); ++o) {
        const int first = row[first_[o]] << kFractionBits, last = row[last_[o]] << kFractionBits;
        values[o] =
            static_cast<Fixed>(first + scaled(static_cast<int16_t>(last - first), weights_[o]));
    }
}

void interleave(const uint8_t* first, const uint8_t* second, const uint8_t* third, size_t count,
                uint8_t* pixels) {
#ifdef FACET_HAS_SHUFFLES
    if (count >= 32 && has_shuffles())
        return interleave_shuffled({first, second, third}, count, pixels);
#endif
    interleave_plain(first, second, third, count, pixels);
}

void interleave_plain(const uint8_t* first, const uint8_t* second, const uint8_t* third,
                      size_t count, uint8_t* pixels) {
    for (size_t i = 0; i < count; ++i) {
        pixels[3 * i] = first[i];
        pixels[3 * i + 1] = second[i];
        pixels[3 * i + 2] = third[i];
    }
}

}  // namespace facet
