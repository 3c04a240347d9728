// SPDX-License-Identifier: MIT
// Slopes per channel, softmax over a few neighbours, and joining pieces side by side.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/backends/cpu/loops/loops.h"
#include "engine/backends/cpu/loops/vector_clones.h"

namespace facet::cpu {

namespace {

constexpr int64_t kStretch = 4096;  // elements: a piece of work for one thread

FACET_VECTOR_CLONES void slope_alike(const float* x, float* y, int64_t count, float slope) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = x[i] < 0 ? x[i] * slope : x[i];
}

FACET_VECTOR_CLONES void slope_through(const float* x, float* y, int64_t positions, int64_t lanes,
                                       const float* slopes) {
    for (int64_t position = 0; position < positions; ++position) {
        const float* from = x + position * lanes;
        float* to = y + position * lanes;
#pragma omp simd
        for (int64_t i = 0; i < lanes; ++i) to[i] = from[i] < 0 ? from[i] * slopes[i] : from[i];
    }
}

// e^x for x <= 0, to two units in the last place: 2^n times a polynomial on |r| <= ln(2) / 2
// (Cephes' expf). Below the smallest normal number it is zero.
inline float exponential(float x) {
    constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    const float bounded = std::max(x, -87.0f);
    const float n = (bounded * 1.44269504088896341f + kRounder) - kRounder;
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    const float value = (p * r * r + r) + 1.0f;
    const auto power = std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
    return x < -87.0f ? 0.0f : value * power;
}

constexpr int64_t kBlock = 64;  // rows at once, each a lane
using Lanes = std::array<float, kBlock>;

// Softmax of `count` rows of `width` neighbours; `count` <= kBlock.
FACET_VECTOR_CLONES void soften(const float* x, float* y, int64_t count, int64_t width) {
    std::array<Lanes, SoftmaxLoop::kWidest> columns;
    Lanes largest, sum;
    largest.fill(-std::numeric_limits<float>::infinity());
    sum.fill(0);
    for (int64_t column = 0; column < width; ++column) {
        float* values = columns[column].data();
        for (int64_t i = 0; i < count; ++i) values[i] = x[i * width + column];
#pragma omp simd
        for (int64_t i = 0; i < kBlock; ++i) largest[i] = std::max(largest[i], values[i]);
    }
    for (int64_t column = 0; column < width; ++column) {
        float* values = columns[column].data();
#pragma omp simd
        for (int64_t i = 0; i < kBlock; ++i) {
            values[i] = exponential(values[i] - largest[i]);
            sum[i] += values[i];
        }
    }
    for (int64_t column = 0; column < width; ++column) {
        float* values = columns[column].data();
#pragma omp simd
        for (int64_t i = 0; i < kBlock; ++i) values[i] /= sum[i];
        for (int64_t i = 0; i < count; ++i) y[i * width + column] = values[i];
    }
}

// Copies `count` pieces of `size` bytes whose starts are `from_step` and `to_step` bytes apart. A
// size known to the compiler is a few instructions; any other is a call.
template <size_t size>
void copy_pieces(const std::byte* from, size_t from_step, std::byte* to, size_t to_step,
                 int64_t count) {
    for (int64_t i = 0; i < count; ++i) std::memcpy(to + i * to_step, from + i * from_step, size);
}

}  // namespace

void copy_strided(const void* source, size_t source_step, void* result, size_t result_step,
                  size_t size, int64_t count) {
    const auto* from = static_cast<const std::byte*>(source);
    auto* to = static_cast<std::byte*>(result);
    if (size == 4) return copy_pieces<4>(from, source_step, to, result_step, count);
    if (size == 8) return copy_pieces<8>(from, source_step, to, result_step, count);
    if (size == 16) return copy_pieces<16>(from, source_step, to, result_step, count);
    if (size == 32) return copy_pieces<32>(from, source_step, to, result_step, count);
    if (size == 64) return copy_pieces<64>(from, source_step, to, result_step, count);
    if (size == 128) return copy_pieces<128>(from, source_step, to, result_step, count);
    for (int64_t i = 0; i < count; ++i)
        std::memcpy(to + i * result_step, from + i * source_step, size);
}

SlopeLoop::SlopeLoop(const onednn::ChannelView& view, std::span<const float> slopes) : view_(view) {
    // Lanes of padding hold zeros, which any slope leaves alone.
    slopes_.assign(slopes.begin(), slopes.end());
    slopes_.resize(slopes.size() == 1 ? 1 : view.blocks * view.lanes, 0.0f);
}

void SlopeLoop::run(const float* source, float* result, Share share) const {
    const bool uniform = slopes_.size() == 1;
    const bool through_lanes = !uniform && view_.lanes > 1;
    const int64_t total = view_.outer * view_.blocks * view_.inner * view_.lanes;
    const int64_t stretch = uniform ? kStretch : view_.inner * view_.lanes;
    const int64_t stretches = (total + stretch - 1) / stretch;
    for (int64_t i = share.begin(stretches); i < share.end(stretches); ++i) {
        const int64_t offset = i * stretch;
        const float* slopes = slopes_.data() + (uniform ? 0 : i % view_.blocks * view_.lanes);
        if (through_lanes)
            slope_through(source + offset, result + offset, view_.inner, view_.lanes, slopes);
        else
            slope_alike(source + offset, result + offset, std::min(stretch, total - offset),
                        *slopes);
    }
}

void SoftmaxLoop::run(const float* source, float* result, Share share) const {
    const int64_t blocks = (rows_ + kBlock - 1) / kBlock;
    for (int64_t block = share.begin(blocks); block < share.end(blocks); ++block) {
        const int64_t first = block * kBlock;
        soften(source + first * width_, result + first * width_, std::min(kBlock, rows_ - first),
               width_);
    }
}

JoinLoop::JoinLoop(int64_t groups, std::vector<size_t> piece_bytes)
    : groups_(groups), piece_bytes_(std::move(piece_bytes)) {
    for (const size_t bytes : piece_bytes_) group_bytes_ += bytes;
}

void JoinLoop::run(std::span<void* const> sources, void* result, Share share) const {
    const int64_t first = share.begin(groups_), count = share.end(groups_) - first;
    auto* to = static_cast<std::byte*>(result) + first * group_bytes_;
    for (size_t piece = 0; piece < piece_bytes_.size(); ++piece) {
        const size_t bytes = piece_bytes_[piece];
        const auto* from = static_cast<const std::byte*>(sources[piece]) + first * bytes;
        copy_strided(from, bytes, to, group_bytes_, bytes, count);
        to += piece_bytes_[piece];
    }
}

}  // namespace facet::cpu
