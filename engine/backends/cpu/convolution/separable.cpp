// SPDX-License-Identifier: MIT
// The loops for 512-bit vectors, and the strips.
#include "engine/backends/cpu/convolution/separable.h"

#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/convolution/kernels_avx512.h"

namespace facet::cpu {

namespace {

constexpr int64_t kLanes = SeparableConvolution::kLanes;
constexpr int kFilter = 3;
constexpr int64_t kStripPixels = 28;  // at least: two groups of rows of the matrix product

#ifdef FACET_HAS_AVX512_KERNELS

// One row of the depthwise result for one vector of channels.
struct DepthwiseRow {
    const float* lines[kFilter];  // of the source, at the vector's channels
    int64_t channels, width, result_width, pad_left;
    const float* weights;  // [9][kLanes]
    const ChannelEpilogue* epilogue;
    int64_t channel;
    float* result;
};

// A pixel whose window may reach beyond the sides.
template <int stride, Ending ending>
FACET_AVX512_INLINE void edge_pixel(const DepthwiseRow& row, int64_t x) {
    __m512 sum = start<ending>(row.epilogue, row.channel);
    for (int i = 0; i < kFilter; ++i) {
        for (int j = 0; j < kFilter; ++j) {
            const int64_t from = x * stride + j - row.pad_left;
            if (from < 0 || from >= row.width) continue;
            sum = _mm512_fmadd_ps(_mm512_loadu_ps(row.lines[i] + from * row.channels),
                                  _mm512_load_ps(row.weights + (i * kFilter + j) * kLanes), sum);
        }
    }
    store<ending>(row.result + x * row.channels, sum, row.epilogue, row.channel);
}

// `count` neighbours whose windows lie inside.
template <int stride, Ending ending, int count>
FACET_AVX512_INLINE void inner_pixels(const DepthwiseRow& row, int64_t x, const __m512* weights,
                                      __m512 bias) {
    constexpr int columns = (count - 1) * stride + kFilter;
    __m512 sums[count];
#pragma GCC unroll 8
    for (int at = 0; at < count; ++at) sums[at] = bias;
#pragma GCC unroll 3
    for (int i = 0; i < kFilter; ++i) {
        const float* line = row.lines[i] + (x * stride - row.pad_left) * row.channels;
        __m512 values[columns];
#pragma GCC unroll 16
        for (int at = 0; at < columns; ++at) values[at] = _mm512_loadu_ps(line + at * row.channels);
#pragma GCC unroll 3
        for (int j = 0; j < kFilter; ++j)
#pragma GCC unroll 8
            for (int at = 0; at < count; ++at)
                sums[at] =
                    _mm512_fmadd_ps(values[at * stride + j], weights[i * kFilter + j], sums[at]);
    }
#pragma GCC unroll 8
    for (int at = 0; at < count; ++at)
        store<ending>(row.result + (x + at) * row.channels, sums[at], row.epilogue, row.channel);
}

template <int stride, Ending ending>
FACET_AVX512 void depthwise_row(const DepthwiseRow& row) {
    __m512 weights[kFilter * kFilter];
#pragma GCC unroll 9
    for (int at = 0; at < kFilter * kFilter; ++at)
        weights[at] = _mm512_load_ps(row.weights + at * kLanes);
    const __m512 bias = start<ending>(row.epilogue, row.channel);
    const int64_t begin = std::min((row.pad_left + stride - 1) / stride, row.result_width);
    const int64_t end = row.width < kFilter
                            ? begin
                            : std::clamp((row.width - kFilter + row.pad_left) / stride + 1, begin,
                                         row.result_width);
    int64_t x = 0;
    for (; x < begin; ++x) edge_pixel<stride, ending>(row, x);
    for (; x + 4 <= end; x += 4) inner_pixels<stride, ending, 4>(row, x, weights, bias);
    for (; x < end; ++x) inner_pixels<stride, ending, 1>(row, x, weights, bias);
    for (; x < row.result_width; ++x) edge_pixel<stride, ending>(row, x);
}

using DepthwiseLoop = void (*)(const DepthwiseRow&);

DepthwiseLoop depthwise_loop(int64_t stride, Ending ending) {
    if (ending == Ending::kBiasRelu)
        return stride == 1 ? depthwise_row<1, Ending::kBiasRelu>
                           : depthwise_row<2, Ending::kBiasRelu>;
    return stride == 1 ? depthwise_row<1, Ending::kAny> : depthwise_row<2, Ending::kAny>;
}

#endif  // FACET_HAS_AVX512_KERNELS

}  // namespace

bool SeparableConvolution::is_available() {
    return has_avx512_kernels();
}

SeparableConvolution::SeparableConvolution(const Geometry& geometry, int threads)
    : geometry_(geometry),
      strip_rows_(std::clamp<int64_t>(
          (kStripPixels + geometry.result_width - 1) / std::max<int64_t>(1, geometry.result_width),
          1, std::max<int64_t>(1, geometry.result_height))),
      threads_(threads) {}

void SeparableConvolution::pack_depthwise(int64_t channels, const float* weights, float* packed) {
    constexpr int64_t taps = kFilter * kFilter;
    for (int64_t channel = 0; channel < channels; ++channel)
        for (int64_t tap = 0; tap < taps; ++tap)
            packed[(channel / kLanes * taps + tap) * kLanes + channel % kLanes] =
                weights[channel * taps + tap];
}

void SeparableConvolution::pack_pointwise(int64_t channels, int64_t result_channels,
                                          const float* weights, float* packed) {
    for (int64_t out = 0; out < result_channels; ++out)
        for (int64_t in = 0; in < channels; ++in)
            packed[(out / kLanes * channels + in) * kLanes + out % kLanes] =
                weights[out * channels + in];
}

size_t SeparableConvolution::scratch_bytes() const {
    const int64_t zeros = geometry_.width * geometry_.channels;
    const int64_t strip = strip_rows_ * geometry_.result_width * geometry_.channels;
    return threads_ * (zeros + strip) * sizeof(float);
}

void SeparableConvolution::run([[maybe_unused]] const float* source,
                               [[maybe_unused]] const Weights& weights,
                               [[maybe_unused]] float* result, [[maybe_unused]] std::byte* scratch,
                               [[maybe_unused]] Share share) const {
#ifdef FACET_HAS_AVX512_KERNELS
    const Geometry& g = geometry_;
    const int64_t line = g.width * g.channels;
    const int64_t strip_floats = strip_rows_ * g.result_width * g.channels;
    auto* zeros = reinterpret_cast<float*>(scratch) + share.index * (line + strip_floats);
    std::memset(zeros, 0, line * sizeof(float));
    float* own = zeros + line;
    const int64_t strips_per_row = (g.result_height + strip_rows_ - 1) / strip_rows_;
    const int64_t strips = g.rows * strips_per_row;
    const DepthwiseLoop spread = depthwise_loop(g.stride, ending_of(&weights.depthwise_epilogue));
    const auto multiply = ending_of(&weights.pointwise_epilogue) == Ending::kBiasRelu
                              ? multiply_panels<Ending::kBiasRelu>
                              : multiply_panels<Ending::kAny>;
    for (int64_t strip = share.begin(strips); strip < share.end(strips); ++strip) {
        const int64_t row = strip / strips_per_row;
        const int64_t first = strip % strips_per_row * strip_rows_;
        const int64_t last = std::min(first + strip_rows_, g.result_height);
        for (int64_t y = first; y < last; ++y) {
            for (int64_t channel = 0; channel < g.channels; channel += kLanes) {
                DepthwiseRow depthwise{{},
                                       g.channels,
                                       g.width,
                                       g.result_width,
                                       g.pad_left,
                                       weights.depthwise + channel * kFilter * kFilter,
                                       &weights.depthwise_epilogue,
                                       channel,
                                       own + (y - first) * g.result_width * g.channels + channel};
                for (int i = 0; i < kFilter; ++i) {
                    const int64_t from = y * g.stride + i - g.pad_top;
                    depthwise.lines[i] =
                        (from < 0 || from >= g.height ? zeros
                                                      : source + (row * g.height + from) * line) +
                        channel;
                }
                spread(depthwise);
            }
        }
        float* to = result + (row * g.result_height + first) * g.result_width * g.result_channels;
        multiply(own, (last - first) * g.result_width, g.channels, weights.pointwise, 0,
                 g.result_channels / kLanes, to, g.result_channels, &weights.pointwise_epilogue);
    }
#endif
}

}  // namespace facet::cpu
