// SPDX-License-Identifier: MIT
// Packing of the filters, the division of the work, and the loops for 512-bit vectors.
#include "engine/backends/cpu/convolution/winograd.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "engine/backends/cpu/convolution/kernels_avx512.h"
#include "engine/backends/cpu/convolution/winograd_matrices.h"

namespace facet::cpu {

namespace {

constexpr int64_t kLanes = WinogradConvolution::kLanes;
constexpr int64_t kBlockBytes = 400 << 10;  // of both transformed sides: less than any L2 cache
constexpr int64_t kPad = 16;  // floats between the planes of a block, against cache set conflicts

constexpr int points_of(int tile) {
    return tile + 2;
}

int64_t round_up(int64_t value, int64_t step) {
    return (value + step - 1) / step * step;
}

#ifdef FACET_HAS_AVX512_KERNELS

// What the loops share for one block of tiles.
struct Block {
    const WinogradConvolution::Geometry* geometry;
    const ChannelEpilogue* epilogue;
    int64_t down, across;            // tiles per row
    int64_t first, count;            // tiles
    int64_t panel_begin, panel_end;  // of output channels
    const float* source;
    const float* packed;
    float* result;
    float* left;         // [points^2][count][channels], planes left_plane apart
    float* products;     // [points^2][count][channels of the panels], planes product_plane apart
    const float* zeros;  // one pixel of them
    int64_t left_plane, product_plane;
};

struct TilePlace {
    int64_t row, top, left;  // of the tile's first result
};

inline TilePlace place_of(const Block& block, int64_t index, int tile) {
    const int64_t in_row = index % (block.down * block.across);
    return {index / (block.down * block.across), in_row / block.across * tile,
            in_row % block.across * tile};
}

// sum of coefficient k times value k, without those that are zero.
template <int m, int row, bool of_source, int step>
FACET_AVX512_INLINE __m512 combine(const __m512* values) {
    constexpr WinogradMatrices<m> matrices;
    __m512 sum = _mm512_setzero_ps();
    bool first = true;
#pragma GCC unroll 8
    for (int k = 0; k < WinogradMatrices<m>::kPoints; ++k) {
        const double exact = of_source ? matrices.source[row][k] : matrices.result[row % m][k];
        if (exact == 0) continue;
        const auto factor = static_cast<float>(exact);
        const __m512 value = values[k * step];
        if (first)
            sum = factor == 1 ? value : _mm512_mul_ps(_mm512_set1_ps(factor), value);
        else if (factor == 1)
            sum = _mm512_add_ps(sum, value);
        else if (factor == -1)
            sum = _mm512_sub_ps(sum, value);
        else
            sum = _mm512_fmadd_ps(_mm512_set1_ps(factor), value, sum);
        first = false;
    }
    return sum;
}

template <int m, bool of_source, int step, int... rows>
FACET_AVX512_INLINE void combine_all(const __m512* values, __m512* sums,
                                     std::integer_sequence<int, rows...>) {
    ((sums[rows * step] = combine<m, rows, of_source, step>(values)), ...);
}

// Transforms the block's tiles of the source.
template <int m>
FACET_AVX512 void transform_source(const Block& block) {
    constexpr int p = WinogradMatrices<m>::kPoints;
    const auto& geometry = *block.geometry;
    const int64_t channels = geometry.channels;
    for (int64_t tile = 0; tile < block.count; ++tile) {
        const TilePlace place = place_of(block, block.first + tile, m);
        const float* pixels[p * p];
        const float* row_start =
            block.source + place.row * geometry.height * geometry.width * channels;
        for (int y = 0; y < p; ++y) {
            const int64_t source_y = place.top + y - geometry.pad_top;
            for (int x = 0; x < p; ++x) {
                const int64_t source_x = place.left + x - geometry.pad_left;
                const bool inside = source_y >= 0 && source_y < geometry.height && source_x >= 0 &&
                                    source_x < geometry.width;
                pixels[y * p + x] =
                    inside ? row_start + (source_y * geometry.width + source_x) * channels
                           : block.zeros;
            }
        }
        float* to = block.left + tile * channels;
        for (int64_t channel = 0; channel < channels; channel += kLanes) {
            __m512 values[p * p], half[p * p];
#pragma GCC unroll 36
            for (int at = 0; at < p * p; ++at) values[at] = _mm512_loadu_ps(pixels[at] + channel);
#pragma GCC unroll 8
            for (int x = 0; x < p; ++x)
                combine_all<m, true, p>(values + x, half + x, std::make_integer_sequence<int, p>());
#pragma GCC unroll 8
            for (int y = 0; y < p; ++y)
                combine_all<m, true, 1>(half + y * p, values + y * p,
                                        std::make_integer_sequence<int, p>());
#pragma GCC unroll 36
            for (int at = 0; at < p * p; ++at)
                _mm512_storeu_ps(to + at * block.left_plane + channel, values[at]);
        }
    }
}

// Transforms the products back and stores the results.
template <int m>
FACET_AVX512 void transform_result(const Block& block) {
    constexpr int p = WinogradMatrices<m>::kPoints;
    const auto& geometry = *block.geometry;
    const int64_t begin = block.panel_begin * kLanes, end = block.panel_end * kLanes;
    for (int64_t tile = 0; tile < block.count; ++tile) {
        const TilePlace place = place_of(block, block.first + tile, m);
        const int64_t rows = std::min<int64_t>(m, geometry.result_height - place.top);
        const int64_t columns = std::min<int64_t>(m, geometry.result_width - place.left);
        float* to = block.result +
                    ((place.row * geometry.result_height + place.top) * geometry.result_width +
                     place.left) *
                        geometry.step();
        const float* from = block.products + tile * (end - begin);
        for (int64_t channel = begin; channel < end; channel += kLanes) {
            __m512 values[p * p], half[m * p], results[m * m];
#pragma GCC unroll 36
            for (int at = 0; at < p * p; ++at)
                values[at] = _mm512_loadu_ps(from + at * block.product_plane + channel - begin);
#pragma GCC unroll 8
            for (int x = 0; x < p; ++x)
                combine_all<m, false, p>(values + x, half + x,
                                         std::make_integer_sequence<int, m>());
            const __m512 bias = start<Ending::kAny>(block.epilogue, channel);
#pragma GCC unroll 4
            for (int y = 0; y < m; ++y)
                combine_all<m, false, 1>(half + y * p, results + y * m,
                                         std::make_integer_sequence<int, m>());
            for (int64_t y = 0; y < rows; ++y)
                for (int64_t x = 0; x < columns; ++x) {
                    float* at = to + (y * geometry.result_width + x) * geometry.step() + channel;
                    store<Ending::kAny>(at, _mm512_add_ps(results[y * m + x], bias), block.epilogue,
                                        channel);
                }
        }
    }
}

template <int m>
void run_block(const Block& block) {
    constexpr int p = WinogradMatrices<m>::kPoints;
    transform_source<m>(block);
    const int64_t matrix = block.geometry->channels * block.geometry->result_channels;
    for (int at = 0; at < p * p; ++at)
        multiply_panels<Ending::kNone>(block.left + at * block.left_plane, block.count,
                                       block.geometry->channels, block.packed + at * matrix,
                                       block.panel_begin, block.panel_end,
                                       block.products + at * block.product_plane,
                                       (block.panel_end - block.panel_begin) * kLanes, nullptr);
    transform_result<m>(block);
}

#endif  // FACET_HAS_AVX512_KERNELS

template <int m>
void pack_tiles(int64_t channels, int64_t result_channels, const float* weights, float* packed) {
    constexpr WinogradMatrices<m> matrices;
    constexpr int p = WinogradMatrices<m>::kPoints;
    constexpr int filter = WinogradMatrices<m>::kFilter;
    const int64_t matrix = channels * result_channels;
    for (int64_t out = 0; out < result_channels; ++out) {
        for (int64_t in = 0; in < channels; ++in) {
            const float* g = weights + (out * channels + in) * filter * filter;
            double half[p][filter];
            for (int i = 0; i < p; ++i)
                for (int x = 0; x < filter; ++x)
                    half[i][x] = matrices.filter[i][0] * g[x] +
                                 matrices.filter[i][1] * g[filter + x] +
                                 matrices.filter[i][2] * g[2 * filter + x];
            float* to = packed + (out / kLanes * channels + in) * kLanes + out % kLanes;
            for (int i = 0; i < p; ++i)
                for (int j = 0; j < p; ++j)
                    to[(i * p + j) * matrix] = static_cast<float>(
                        half[i][0] * matrices.filter[j][0] + half[i][1] * matrices.filter[j][1] +
                        half[i][2] * matrices.filter[j][2]);
        }
    }
}

}  // namespace

bool WinogradConvolution::is_available() {
    return has_avx512_kernels();
}

WinogradConvolution::WinogradConvolution(const Geometry& geometry, int tile, int threads)
    : geometry_(geometry),
      tile_(tile),
      down_((geometry.result_height + tile - 1) / tile),
      across_((geometry.result_width + tile - 1) / tile),
      threads_(threads) {
    const int64_t points = points_of(tile) * points_of(tile);
    const int64_t tiles = geometry.rows * down_ * across_;
    const int64_t panels = geometry.result_channels / kLanes;
    const int64_t bytes = points * (geometry.channels + geometry.result_channels) * sizeof(float);
    constexpr int64_t kGroup = 14;  // rows that one pass over the weights serves
    // Few tiles are shared out by output channels: each thread then reads its part of the weights.
    parts_ = tiles < kGroup * threads ? std::min<int64_t>(threads, panels) : 1;
    panels_per_part_ = (panels + parts_ - 1) / parts_;
    const int64_t cached = std::max(kGroup, kBlockBytes / bytes / kGroup * kGroup);
    const int64_t shared = parts_ > 1 ? tiles : (tiles + threads - 1) / threads;
    const int64_t passes = (shared + cached - 1) / cached;
    block_tiles_ = (shared + passes - 1) / passes;
    blocks_ = (tiles + block_tiles_ - 1) / block_tiles_;
}

size_t WinogradConvolution::packed_bytes(int tile, int64_t channels, int64_t result_channels) {
    return points_of(tile) * points_of(tile) * channels * result_channels * sizeof(float);
}

void WinogradConvolution::pack(int tile, int64_t channels, int64_t result_channels,
                               const float* weights, float* packed) {
    const auto packer = tile == 2 ? pack_tiles<2> : tile == 3 ? pack_tiles<3> : pack_tiles<4>;
    packer(channels, result_channels, weights, packed);
}

size_t WinogradConvolution::scratch_bytes() const {
    const int64_t points = points_of(tile_) * points_of(tile_);
    const int64_t left = round_up(block_tiles_ * geometry_.channels, kLanes) + kPad;
    const int64_t products = block_tiles_ * panels_per_part_ * kLanes + kPad;
    return threads_ * (geometry_.channels + points * (left + products)) * sizeof(float);
}

void WinogradConvolution::run([[maybe_unused]] const float* source,
                              [[maybe_unused]] const float* packed,
                              [[maybe_unused]] const ChannelEpilogue& epilogue,
                              [[maybe_unused]] float* result, [[maybe_unused]] std::byte* scratch,
                              [[maybe_unused]] Share share) const {
#ifdef FACET_HAS_AVX512_KERNELS
    const int64_t points = points_of(tile_) * points_of(tile_);
    const int64_t left_plane = block_tiles_ * geometry_.channels + kPad;
    const int64_t product_plane = block_tiles_ * panels_per_part_ * kLanes + kPad;
    auto* zeros = reinterpret_cast<float*>(scratch) + share.index * geometry_.channels;
    std::memset(zeros, 0, geometry_.channels * sizeof(float));
    float* left = reinterpret_cast<float*>(scratch) + threads_ * geometry_.channels +
                  share.index * points * (left_plane + product_plane);
    const int64_t tiles = geometry_.rows * down_ * across_;
    const int64_t panels = geometry_.result_channels / kLanes;
    const auto runner = tile_ == 2 ? run_block<2> : tile_ == 3 ? run_block<3> : run_block<4>;
    const int64_t items = blocks_ * parts_;
    for (int64_t item = share.begin(items); item < share.end(items); ++item) {
        const int64_t part = item % parts_;
        const int64_t first = item / parts_ * block_tiles_;
        runner({&geometry_, &epilogue, down_, across_, first, std::min(block_tiles_, tiles - first),
                part * panels_per_part_, std::min(panels, (part + 1) * panels_per_part_), source,
                packed, result, left, left + points * left_plane, zeros, left_plane,
                product_plane});
    }
#endif
}

}  // namespace facet::cpu
