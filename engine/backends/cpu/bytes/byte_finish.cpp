// SPDX-License-Identifier: MIT
// One element at a time, on any processor.
#include "engine/backends/cpu/bytes/byte_finish.h"

#include <algorithm>
#include <cmath>

namespace facet::cpu {

namespace {

using Kind = ByteFinish::Op::Kind;

float apply(const ByteFinish::Op& op, float x, int64_t channel, float summand) {
    switch (op.kind) {
        case Kind::kAffine:
            return std::fma(x, op.scale[channel], op.shift[channel]);
        case Kind::kClip:
            return std::min(std::max(x, op.low), op.high);
        case Kind::kRound:
            return std::nearbyint(x);
        case Kind::kSum:
            return std::fma(summand, op.scale[channel], x);
    }
    return x;
}

void store(const ByteFinish& finish, void* result, int64_t at, float x) {
    if (finish.stored == ByteFinish::Stored::kU8)
        static_cast<uint8_t*>(result)[at] =
            static_cast<uint8_t>(std::nearbyint(std::clamp(x, 0.0f, 255.0f)));
    else if (finish.stored == ByteFinish::Stored::kI8)
        static_cast<int8_t*>(result)[at] =
            static_cast<int8_t>(std::nearbyint(std::clamp(x, -128.0f, 127.0f)));
    else
        static_cast<float*>(result)[at] = x;
}

void finish_position(const ByteFinish& finish, const int32_t* sums, int64_t first, int64_t last,
                     int64_t pixel, void* result, const void* summand) {
    for (int64_t channel = first; channel < last; ++channel) {
        const int64_t beside = pixel * finish.channels + channel;
        float addend = 0;
        if (summand)
            addend = finish.summand_is_signed
                         ? static_cast<float>(static_cast<const int8_t*>(summand)[beside])
                         : static_cast<float>(static_cast<const uint8_t*>(summand)[beside]);
        auto x = static_cast<float>(sums[channel - first] - finish.excess[channel]);
        for (const ByteFinish::Op& op : finish.ops) x = apply(op, x, channel, addend);
        store(finish, result, pixel * finish.pitch + channel, x);
    }
}

}  // namespace

void ByteFinish::simplify(double most_sum) {
    const double least_byte = stored == Stored::kI8 ? -128 : 0;
    most = stored == Stored::kI8 ? 127 : 255;
    is_affine = false;
    if (stored == Stored::kF32 || ops.size() > 2) return;
    if (ops.size() == 2) {
        const Op& limits = ops[1];
        if (limits.kind != Kind::kClip || limits.low > least_byte || limits.high < least_byte)
            return;
        if (limits.high < most) most = static_cast<int>(std::nearbyint(limits.high));
    }
    constexpr double kMostWhole = 1 << 30;
    for (size_t channel = 0; channel < ops[0].scale.size(); ++channel)
        if (!(std::abs(double{ops[0].scale[channel]}) * most_sum +
                  std::abs(double{ops[0].shift[channel]}) <
              kMostWhole))
            return;
    is_affine = true;
}

void finish_sums_plain(const ByteFinish& finish, const SumBlock& block, void* result,
                       const void* summand) {
    const int64_t last = std::min(finish.channels, block.channel + block.panels * 16);
    for (int i = 0; i < block.count; ++i)
        for (int row = 0; row < block.stretches[i].count; ++row)
            finish_position(finish,
                            block.sums + (block.stretches[i].row + row) * SumBlock::kRowSums,
                            block.channel, last, block.stretches[i].pixel + row, result, summand);
}

}  // namespace facet::cpu
