// SPDX-License-Identifier: MIT
// Packing of the filters, the division of the work, and the loops for 512-bit vectors.
#include "engine/backends/cpu/winograd.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "engine/backends/cpu/winograd_matrices.h"

#if defined(__x86_64__) && defined(__GNUC__)
// GCC's own header starts from registers it leaves undefined (its bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#define FACET_WINOGRAD 1
#define FACET_AVX512 __attribute__((target("avx512f,fma")))
#define FACET_AVX512_INLINE __attribute__((target("avx512f,fma"), always_inline)) inline
#endif

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

#ifdef FACET_WINOGRAD

// What the loops share for one block of tiles.
struct Block {
    const WinogradConvolution::Geometry* geometry;
    const WinogradEpilogue* epilogue;
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

FACET_AVX512_INLINE __m512 finish(__m512 sum, const WinogradEpilogue& epilogue, const float* at,
                                  int64_t channel) {
    using Activation = WinogradEpilogue::Activation;
    if (epilogue.adds_residual) sum = _mm512_add_ps(sum, _mm512_loadu_ps(at));
    if (epilogue.activation == Activation::kLeakyRelu ||
        epilogue.activation == Activation::kPRelu) {
        const __m512 slope = epilogue.activation == Activation::kPRelu
                                 ? _mm512_loadu_ps(epilogue.slopes + channel)
                                 : _mm512_set1_ps(epilogue.slope);
        const __mmask16 negative = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_LT_OQ);
        sum = _mm512_mask_mul_ps(sum, negative, sum, slope);
    } else if (epilogue.activation == Activation::kClip) {
        sum = _mm512_min_ps(_mm512_max_ps(sum, _mm512_set1_ps(epilogue.low)),
                            _mm512_set1_ps(epilogue.high));
    }
    return sum;
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
                        geometry.result_channels;
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
            const __m512 bias = block.epilogue->bias
                                    ? _mm512_loadu_ps(block.epilogue->bias + channel)
                                    : _mm512_setzero_ps();
#pragma GCC unroll 4
            for (int y = 0; y < m; ++y)
                combine_all<m, false, 1>(half + y * p, results + y * m,
                                         std::make_integer_sequence<int, m>());
            for (int64_t y = 0; y < rows; ++y)
                for (int64_t x = 0; x < columns; ++x) {
                    float* at =
                        to + (y * geometry.result_width + x) * geometry.result_channels + channel;
                    const __m512 sum = _mm512_add_ps(results[y * m + x], bias);
                    _mm512_storeu_ps(at, finish(sum, *block.epilogue, at, channel));
                }
        }
    }
}

// `rows` rows of the left side against `panels` panels of the right one.
template <int rows, int panels>
FACET_AVX512 void multiply_tile(const float* left, int64_t inner, const float* right,
                                float* products, int64_t product_step) {
    __m512 sums[rows][panels];
#pragma GCC unroll 16
    for (int row = 0; row < rows; ++row)
#pragma GCC unroll 4
        for (int panel = 0; panel < panels; ++panel) sums[row][panel] = _mm512_setzero_ps();
    for (int64_t k = 0; k < inner; ++k) {
        __m512 factors[panels];
#pragma GCC unroll 4
        for (int panel = 0; panel < panels; ++panel)
            factors[panel] = _mm512_load_ps(right + (panel * inner + k) * kLanes);
#pragma GCC unroll 16
        for (int row = 0; row < rows; ++row) {
            const __m512 value = _mm512_set1_ps(left[row * inner + k]);
#pragma GCC unroll 4
            for (int panel = 0; panel < panels; ++panel)
                sums[row][panel] = _mm512_fmadd_ps(value, factors[panel], sums[row][panel]);
        }
    }
#pragma GCC unroll 16
    for (int row = 0; row < rows; ++row)
#pragma GCC unroll 4
        for (int panel = 0; panel < panels; ++panel)
            _mm512_storeu_ps(products + row * product_step + panel * kLanes, sums[row][panel]);
}

using Multiply = void (*)(const float*, int64_t, const float*, float*, int64_t);

template <int panels, int... rows>
constexpr std::array<Multiply, sizeof...(rows)> multiplies(std::integer_sequence<int, rows...>) {
    return {multiply_tile<rows + 1, panels>...};
}

// By panels and rows, as many as 32 registers hold with the factors.
constexpr int kFewRows = 6, kManyRows = 14;
constexpr auto kByFour = multiplies<4>(std::make_integer_sequence<int, kFewRows>());
constexpr auto kByTwo = multiplies<2>(std::make_integer_sequence<int, kManyRows>());
constexpr auto kByOne = multiplies<1>(std::make_integer_sequence<int, kManyRows>());

// One matrix product: the block's tiles against the panels, at one point.
void multiply(const Block& block, const float* left, const float* right, float* products) {
    const int64_t inner = block.geometry->channels;
    const int64_t step = (block.panel_end - block.panel_begin) * kLanes;
    const bool few = block.count <= kFewRows;
    // Rows in near equal groups, so that none is left with one or two.
    const int64_t most = few ? kFewRows : kManyRows;
    const int64_t groups = (block.count + most - 1) / most;
    for (int64_t panel = block.panel_begin; panel < block.panel_end;) {
        const int64_t left_over = block.panel_end - panel;
        const int taken = few && left_over >= 4 ? 4 : left_over >= 2 ? 2 : 1;
        const auto& kernels = taken == 2 ? kByTwo : kByOne;
        const float* from = right + panel * inner * kLanes;
        float* to = products + (panel - block.panel_begin) * kLanes;
        int64_t row = 0;
        for (int64_t group = 0; group < groups; ++group) {
            const int64_t rows = (block.count - row + groups - group - 1) / (groups - group);
            const Multiply kernel = taken == 4 ? kByFour[rows - 1] : kernels[rows - 1];
            kernel(left + row * inner, inner, from, to + row * step, step);
            row += rows;
        }
        panel += taken;
    }
}

template <int m>
void run_block(const Block& block) {
    constexpr int p = WinogradMatrices<m>::kPoints;
    transform_source<m>(block);
    const int64_t matrix = block.geometry->channels * block.geometry->result_channels;
    for (int at = 0; at < p * p; ++at)
        multiply(block, block.left + at * block.left_plane, block.packed + at * matrix,
                 block.products + at * block.product_plane);
    transform_result<m>(block);
}

#endif  // FACET_WINOGRAD

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
#ifdef FACET_WINOGRAD
    return __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
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
    return (geometry_.channels + threads_ * points * (left + products)) * sizeof(float);
}

void WinogradConvolution::run([[maybe_unused]] const float* source,
                              [[maybe_unused]] const float* packed,
                              [[maybe_unused]] const WinogradEpilogue& epilogue,
                              [[maybe_unused]] float* result,
                              [[maybe_unused]] std::byte* scratch) const {
#ifdef FACET_WINOGRAD
    const int64_t points = points_of(tile_) * points_of(tile_);
    const int64_t left_plane = block_tiles_ * geometry_.channels + kPad;
    const int64_t product_plane = block_tiles_ * panels_per_part_ * kLanes + kPad;
    auto* zeros = reinterpret_cast<float*>(scratch);
    std::memset(zeros, 0, geometry_.channels * sizeof(float));
    float* shares = zeros + geometry_.channels;
    const int64_t tiles = geometry_.rows * down_ * across_;
    const int64_t panels = geometry_.result_channels / kLanes;
    const auto runner = tile_ == 2 ? run_block<2> : tile_ == 3 ? run_block<3> : run_block<4>;
    const int64_t items = blocks_ * parts_;
    const auto run_item = [&](int64_t item, int64_t share) {
        const int64_t part = item % parts_;
        const int64_t first = item / parts_ * block_tiles_;
        float* left = shares + share * points * (left_plane + product_plane);
        runner({&geometry_, &epilogue, down_, across_, first, std::min(block_tiles_, tiles - first),
                part * panels_per_part_, std::min(panels, (part + 1) * panels_per_part_), source,
                packed, result, left, left + points * left_plane, zeros, left_plane,
                product_plane});
    };
    if (threads_ == 1 || items == 1) {
        for (int64_t item = 0; item < items; ++item) run_item(item, 0);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(threads_)
    for (int64_t item = 0; item < items; ++item) run_item(item, omp_get_thread_num());
#endif
}

}  // namespace facet::cpu
