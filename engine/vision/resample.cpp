// SPDX-License-Identifier: MIT
// Weights applied to rows and to columns, many values at a time in 16 bits.
#include "engine/vision/resample.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "engine/base/multiversion.h"

namespace facet {
namespace {

constexpr int kWhole = 1 << 15;  // of a weight

// Of rows that are averaged in 16 bits at least: that 128 of them are. Rounding must not count.
constexpr float kLeastShare = 0.999f / 128;

constexpr size_t kBlock = 32;
constexpr int kRowsAtOnce = 128;  // 128 * 255 is below 2^15

// Calls kernel(start, count) for whole blocks and then for the last block once more, shifted to end
// where the row ends: nothing is read beyond it, and no remainder is done element by element.
template <typename Kernel>
[[gnu::always_inline]] inline void in_blocks(size_t count, Kernel kernel) {
    if (count < kBlock) {
        for (size_t i = 0; i < count; ++i) kernel(i, std::integral_constant<size_t, 1>());
        return;
    }
    for (size_t start = 0; start < count; start += kBlock)
        kernel(std::min(start, count - kBlock), std::integral_constant<size_t, kBlock>());
}

FACET_MULTIVERSION_WORDS
void blend_bytes(const uint8_t* __restrict upper, const uint8_t* __restrict lower, int16_t weight,
                 size_t bytes, Fixed* __restrict row) {
    in_blocks(bytes, [=](size_t start, auto count) {
        for (size_t i = start; i < start + count; ++i) {
            const int16_t base = static_cast<int16_t>(upper[i] << kFractionBits);
            const int16_t other = static_cast<int16_t>(lower[i] << kFractionBits);
            row[i] = static_cast<Fixed>(base + scaled(static_cast<int16_t>(other - base), weight));
        }
    });
}

using Words = uint16_t __attribute__((vector_size(32)));
using HalfWords = uint16_t __attribute__((vector_size(16)));
using Integers = int32_t __attribute__((vector_size(32)));
using Floats = float __attribute__((vector_size(32)));

// Of memory of any alignment and type.
template <typename Vector>
[[gnu::always_inline]] inline void load(const void* memory, Vector& vector) {
    Vector value;
    std::memcpy(&value, memory, sizeof(value));
    vector = value;
}
template <typename Vector>
[[gnu::always_inline]] inline void store(const Vector& vector, void* memory) {
    std::memcpy(memory, &vector, sizeof(vector));
}

// The words of `a` and `b` in turn, in each half of the vectors.
[[gnu::always_inline]] inline void zip(const Words& a, const Words& b, Words& low, Words& high) {
    low = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 8, 24, 9, 25, 10, 26, 11, 27);
    high =
        __builtin_shufflevector(a, b, 4, 20, 5, 21, 6, 22, 7, 23, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Of `count` columns of at most kRowsAtOnce rows; of none: zeros.
template <typename Count>
[[gnu::always_inline]] inline void sum_block(const uint8_t* rows, ptrdiff_t stride, int row_count,
                                             Count count, int16_t* __restrict sums) {
    if constexpr (count != kBlock) {
        std::fill_n(sums, count, int16_t{0});
        for (int row = 0; row < row_count; ++row, rows += stride)
            for (size_t i = 0; i < count; ++i) sums[i] = static_cast<int16_t>(sums[i] + rows[i]);
    } else {
        // As words, bytes lie side by side already, every other one in the upper half of a word.
        Words even{}, odd{}, low, high, bytes;
        for (int row = 0; row < row_count; ++row, rows += stride) {
            load(rows, bytes);
            even += bytes & 0xff;
            odd += bytes >> 8;
        }
        zip(even, odd, low, high);
        store(Words(__builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20,
                                            21, 22, 23)),
              sums);
        store(Words(__builtin_shufflevector(low, high, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27,
                                            28, 29, 30, 31)),
              sums + 16);
    }
}

FACET_MULTIVERSION_WORDS
void sum_rows(const uint8_t* rows, ptrdiff_t stride, int row_count, size_t bytes,
              int16_t* __restrict sums) {
    in_blocks(bytes, [=](size_t start, auto count) {
        sum_block(rows + start, stride, row_count, count, sums + start);
    });
}

constexpr int kByteShift = 7;  // of a byte that fills a word with a sign

// What the sum of whole rows and the two cut ones are multiplied by, and then their sum. All but
// the first are for scaled().
struct AverageFactors {
    int16_t whole, first, last, factor;
};

FACET_MULTIVERSION_WORDS
void average_block_rows(const uint8_t* first, const uint8_t* last, ptrdiff_t stride, int whole,
                        AverageFactors by, size_t bytes, Fixed* __restrict row) {
    in_blocks(bytes, [=](size_t start, auto count) {
        int16_t sums[count], heads[count], tails[count];
        sum_block(first + start + stride, stride, whole, count, sums);
        for (size_t i = 0; i < count; ++i)
            heads[i] = static_cast<int16_t>(first[start + i] << kByteShift);
        for (size_t i = 0; i < count; ++i)
            tails[i] = static_cast<int16_t>(last[start + i] << kByteShift);
        for (size_t i = 0; i < count; ++i) {
            const int16_t sum = static_cast<int16_t>(
                sums[i] * by.whole + scaled(heads[i], by.first) + scaled(tails[i], by.last));
            row[start + i] = scaled(sum, by.factor);
        }
    });
}

// For sums that fit: below 2^15 with the shift.
void average_few_rows(const uint8_t* first, const uint8_t* last, ptrdiff_t stride, int whole,
                      const AxisTaps& taps, int i, size_t bytes, Fixed* row) {
    AverageFactors by{};
    int shift = 0;
    while (shift < kFractionBits && taps.share[i] > kLeastShare * static_cast<float>(2 << shift))
        ++shift;
    by.whole = static_cast<int16_t>(1 << shift);
    // Samples come as byte << kByteShift and covers of 2^15, and byte << shift is wanted.
    const int surplus = kByteShift - shift, half = (1 << surplus) / 2;
    by.first = static_cast<int16_t>((taps.first_weight[i] + half) >> surplus);
    by.last = static_cast<int16_t>((taps.last_weight[i] + half) >> surplus);
    const float factor = taps.share[i] * static_cast<float>(kWhole << kFractionBits >> shift);
    by.factor = static_cast<int16_t>(std::min(factor + 0.5f, kWhole - 1.0f));
    average_block_rows(first, last, stride, whole, by, bytes, row);
}

void average_many_rows(const uint8_t* first, const uint8_t* last, ptrdiff_t stride, int whole,
                       const AxisTaps& taps, int i, size_t bytes, Fixed* row) {
    thread_local std::vector<int> sums;
    sums.assign(bytes, 0);
    for (int done = 0; done < whole; done += kRowsAtOnce) {
        sum_rows(first + (1 + done) * stride, stride, std::min(whole - done, kRowsAtOnce), bytes,
                 row);
        for (size_t k = 0; k < bytes; ++k) sums[k] += row[k];
    }
    const float factor = static_cast<float>(1 << kFractionBits) * taps.share[i];
    for (size_t k = 0; k < bytes; ++k) {
        const float ends =
            static_cast<float>(first[k] * taps.first_weight[i] + last[k] * taps.last_weight[i]) /
            kWhole;
        row[k] = static_cast<Fixed>((static_cast<float>(sums[k]) + ends) * factor + 0.5f);
    }
}

// The transpose of eight by eight elements in each half of the vectors.
[[gnu::always_inline]] inline void transpose_halves(Words (&v)[8]) {
    // Thrice: element k of vector i moves to where bits (i, k), read as one number, are turned by
    // one place.
    for (int round = 0; round < 3; ++round) {
        Words turned[8];
        for (int i = 0; i < 4; ++i) zip(v[i], v[i + 4], turned[2 * i], turned[2 * i + 1]);
        for (int i = 0; i < 8; ++i) v[i] = turned[i];
    }
}

[[gnu::always_inline]] inline void load_halves(const Fixed* low, const Fixed* high, Words& both) {
    HalfWords lower, upper;
    load(low, lower);
    load(high, upper);
    both =
        __builtin_shufflevector(lower, upper, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

[[gnu::always_inline]] inline void store_halves(const Words& both, Fixed* low, Fixed* high) {
    store(HalfWords(__builtin_shufflevector(both, both, 0, 1, 2, 3, 4, 5, 6, 7)), low);
    store(HalfWords(__builtin_shufflevector(both, both, 8, 9, 10, 11, 12, 13, 14, 15)), high);
}

FACET_MULTIVERSION_WORDS
void blend_columns(const Fixed* columns, ptrdiff_t apart_in, const AxisTaps& taps, Fixed* values,
                   ptrdiff_t apart_out) {
    for (int i = 0; i < taps.outputs; ++i, values += apart_out) {
        const Fixed* first = columns + taps.first[i] * apart_in;
        const Fixed* last = columns + taps.last[i] * apart_in;
        const int16_t weight = taps.last_weight[i];
        for (int lane = 0; lane < kLanes; ++lane)
            values[lane] = static_cast<Fixed>(
                first[lane] + scaled(static_cast<int16_t>(last[lane] - first[lane]), weight));
    }
}

// Words -> those at even and at odd places.
[[gnu::always_inline]] inline void split(const Words& words, Integers& even, Integers& odd) {
    using Pairs = uint32_t __attribute__((vector_size(32)));
    Pairs pairs;
    load(&words, pairs);
    even = reinterpret_cast<Integers>(pairs & 0xffff);
    odd = reinterpret_cast<Integers>(pairs >> 16);
}

// Four samples' sum still fits a word.
constexpr ptrdiff_t kColumnsAtOnce = 4;

FACET_MULTIVERSION_WORDS
void average_columns(const Fixed* columns, ptrdiff_t apart_in, const AxisTaps& taps, Fixed* values,
                     ptrdiff_t apart_out) {
    for (int i = 0; i < taps.outputs; ++i, values += apart_out) {
        const Fixed* first = columns + taps.first[i] * apart_in;
        const Fixed* last = columns + taps.last[i] * apart_in;
        const int16_t first_weight = taps.first_weight[i], last_weight = taps.last_weight[i];
        Fixed ends[kLanes];
        for (int lane = 0; lane < kLanes; ++lane)
            ends[lane] = static_cast<Fixed>(scaled(first[lane], first_weight) +
                                            scaled(last[lane], last_weight));
        Words some, sample_words;
        Integers even, odd;
        load(ends, some);
        split(some, even, odd);
        for (const Fixed* sample = first + apart_in; sample < last;) {
            some = Words{};
            for (int k = 0; k < kColumnsAtOnce && sample < last; ++k, sample += apart_in) {
                load(sample, sample_words);
                some += sample_words;
            }
            Integers some_even, some_odd;
            split(some, some_even, some_odd);
            even += some_even;
            odd += some_odd;
        }
        const float factor = taps.share[i];
        const Floats even_mean = __builtin_convertvector(even, Floats) * factor + 0.5f;
        const Floats odd_mean = __builtin_convertvector(odd, Floats) * factor + 0.5f;
        store(Integers(__builtin_convertvector(even_mean, Integers) |
                       __builtin_convertvector(odd_mean, Integers) << 16),
              values);
    }
}

}  // namespace

void resample_rows(const uint8_t* plane, ptrdiff_t stride, const AxisTaps& taps, int i,
                   size_t bytes, Fixed* row) {
    const uint8_t* first = plane + taps.first[i] * stride;
    const uint8_t* last = plane + taps.last[i] * stride;
    if (taps.interpolation == Interpolation::kLinear)
        return blend_bytes(first, last, taps.last_weight[i], bytes, row);
    const int whole = std::max(taps.last[i] - taps.first[i] - 1, 0);
    if (taps.share[i] > kLeastShare)
        return average_few_rows(first, last, stride, whole, taps, i, bytes, row);
    average_many_rows(first, last, stride, whole, taps, i, bytes, row);
}

FACET_MULTIVERSION_WORDS
void blend(const Fixed* __restrict upper, const Fixed* __restrict lower, int16_t weight,
           size_t count, Fixed* __restrict row) {
    for (size_t start = 0; start < count; start += kLanes)
        for (size_t i = start; i < start + kLanes; ++i)
            row[i] = static_cast<Fixed>(upper[i] +
                                        scaled(static_cast<int16_t>(lower[i] - upper[i]), weight));
}

FACET_MULTIVERSION_WORDS
void rows_to_columns(const Fixed* rows, size_t stride, size_t columns, Fixed* result) {
    for (size_t column = 0; column < columns; column += 8) {
        Words v[8];
#pragma GCC unroll 8
        for (size_t i = 0; i < 8; ++i)
            load_halves(rows + i * stride + column, rows + (i + 8) * stride + column, v[i]);
        transpose_halves(v);
#pragma GCC unroll 8
        for (size_t i = 0; i < 8; ++i) store(v[i], result + (column + i) * kLanes);
    }
}

FACET_MULTIVERSION_WORDS
void columns_to_rows(const Fixed* columns, size_t count, Fixed* rows, size_t stride) {
    for (size_t column = 0; column < count; column += 8) {
        Words v[8];
        for (size_t i = 0; i < 8; ++i) load(columns + (column + i) * kLanes, v[i]);
        transpose_halves(v);
#pragma GCC unroll 8
        for (size_t i = 0; i < 8; ++i)
            store_halves(v[i], rows + i * stride + column, rows + (i + 8) * stride + column);
    }
}

void resample_columns(const Fixed* columns, int origin, int step, const AxisTaps& taps,
                      Fixed* values, int apart) {
    columns += ptrdiff_t{origin} * kLanes;
    const ptrdiff_t apart_in = ptrdiff_t{step} * kLanes, apart_out = ptrdiff_t{apart} * kLanes;
    if (taps.interpolation == Interpolation::kLinear)
        return blend_columns(columns, apart_in, taps, values, apart_out);
    average_columns(columns, apart_in, taps, values, apart_out);
}

}  // namespace facet
