// SPDX-License-Identifier: MIT
// What turns sums of products of bytes into what a layer stores.
#pragma once

#include <cstdint>
#include <vector>

namespace facet::cpu {

// Immutable once made. Every function computes each element in the same order with the same
// roundings (one multiplication and addition is one rounding), so all give the same bits.
struct ByteFinish {
    // One step on the float that a sum has become.
    struct Op {
        enum class Kind {
            kAffine,  // scale x + shift, by channel
            kClip,    // min(max(x, low), high)
            kRound,   // the nearest whole number, halves to even
            kSum,     // x + scale times the summand's byte
        };
        Kind kind = Kind::kAffine;
        std::vector<float> scale, shift;  // channels padded to whole pairs of panels
        float low = 0.0f, high = 0.0f;
    };
    enum class Stored { kU8, kI8, kF32 };

    // What each channel's sums are too large by, since sources below zero are raised to bytes.
    // Padded as scale is. Taken off as whole numbers: floats would round the large sums.
    std::vector<int32_t> excess;
    std::vector<Op> ops;  // the first is affine
    Stored stored = Stored::kU8;
    bool summand_is_signed = false;
    int64_t channels = 0;  // of the result, and of the summand's pixels
    int64_t pitch = 0;     // elements from one pixel of the result to the next

    [[nodiscard]] int64_t element_bytes() const { return stored == Stored::kF32 ? 4 : 1; }
    // The sums' affine function alone, within what converts to whole numbers, stands before bytes
    // are stored, none of them above `most`: rounding and limits may change places.
    bool is_affine = false;
    int most = 255;
    // Finds that out. `most_sum`: no sum is larger.
    void simplify(double most_sum);
};

// Positions whose sums and whose pixels of the result lie behind each other.
struct SumStretch {
    int32_t row = 0, count = 0;
    int64_t pixel = 0;
};

// Sums of some positions for one or two panels of channels.
struct SumBlock {
    static constexpr int64_t kRowSums = 32;  // from one position to the next
    const int32_t* sums = nullptr;           // [position][kRowSums]; aligned to 64 bytes
    const SumStretch* stretches = nullptr;
    int count = 0;  // of them
    int panels = 1;
    int64_t channel = 0;  // of the first sum
};

// `result` and `summand` are channels-last, pixel after pixel; they may be the same memory.
using FinishSums = void (*)(const ByteFinish&, const SumBlock&, void* result, const void* summand);

void finish_sums_plain(const ByteFinish& finish, const SumBlock& block, void* result,
                       const void* summand);
// Precondition: the processor has AVX-512 with bytes and words.
void finish_sums_avx512(const ByteFinish& finish, const SumBlock& block, void* result,
                        const void* summand);

}  // namespace facet::cpu
