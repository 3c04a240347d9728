// SPDX-License-Identifier: MIT
// Blocks of positions, gathered and multiplied with panels of the weights.
#include "engine/backends/cpu/convolution/gathered.h"

#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/convolution/kernels_avx512.h"

namespace facet::cpu {

namespace {

constexpr int64_t kBlockBytes = 512 << 10;  // of gathered lines: half an outer cache of 1 MiB
constexpr int64_t kGroup = 14;              // lines that one pass over the weights serves

}  // namespace

bool GatheredConvolution::is_available() {
    return has_avx512_kernels();
}

GatheredConvolution::GatheredConvolution(const Geometry& geometry, int threads)
    : geometry_(geometry), threads_(threads) {
    const Geometry& g = geometry_;
    const bool padless = g.pad_top == 0 && g.pad_left == 0;
    const bool whole = padless && g.result_height == 1 && g.result_width == 1 &&
                       g.kernel_height == g.height && g.kernel_width == g.width;
    lies_gathered_ = whole || g.is_pointwise();
    by_channels_ = g.positions() < 8 * kGroup * threads;
    const auto line_bytes = static_cast<int64_t>(g.inner() * sizeof(float));
    const int64_t fitting = std::max(kGroup, kBlockBytes / line_bytes / kGroup * kGroup);
    const int64_t shared = by_channels_ ? g.positions() : (g.positions() + threads - 1) / threads;
    const int64_t blocks = std::max<int64_t>(1, (shared + fitting - 1) / fitting);
    block_positions_ = (shared + blocks - 1) / blocks;
}

void GatheredConvolution::pack(const Geometry& geometry, const float* weights, float* packed) {
    const int64_t taps = geometry.kernel_height * geometry.kernel_width;
    const int64_t inner = geometry.inner();
    for (int64_t out = 0; out < geometry.result_channels; ++out)
        for (int64_t in = 0; in < geometry.channels; ++in)
            for (int64_t tap = 0; tap < taps; ++tap)
                packed[(out / kLanes * inner + tap * geometry.channels + in) * kLanes +
                       out % kLanes] = weights[(out * geometry.channels + in) * taps + tap];
}

size_t GatheredConvolution::scratch_bytes() const {
    if (lies_gathered_) return 0;
    const int64_t floats = (block_positions_ * geometry_.inner() + kLanes - 1) / kLanes * kLanes;
    return threads_ * floats * sizeof(float);
}

void GatheredConvolution::gather(const float* source, int64_t position, float* line) const {
    const Geometry& g = geometry_;
    const int64_t x = position % g.result_width;
    const int64_t y = position / g.result_width % g.result_height;
    const int64_t row = position / (g.result_width * g.result_height);
    const int64_t left = x * g.stride_across - g.pad_left;
    const int64_t begin = std::clamp<int64_t>(-left, 0, g.kernel_width);
    const int64_t end = std::clamp<int64_t>(g.width - left, begin, g.kernel_width);
    for (int64_t i = 0; i < g.kernel_height; ++i, line += g.kernel_width * g.channels) {
        const int64_t from = y * g.stride_down - g.pad_top + i;
        if (from < 0 || from >= g.height) {
            std::memset(line, 0, g.kernel_width * g.channels * sizeof(float));
            continue;
        }
        std::memset(line, 0, begin * g.channels * sizeof(float));
        std::memcpy(line + begin * g.channels,
                    source + ((row * g.height + from) * g.width + left + begin) * g.channels,
                    (end - begin) * g.channels * sizeof(float));
        std::memset(line + end * g.channels, 0,
                    (g.kernel_width - end) * g.channels * sizeof(float));
    }
}

void GatheredConvolution::run([[maybe_unused]] const float* source,
                              [[maybe_unused]] const float* packed,
                              [[maybe_unused]] const ChannelEpilogue& epilogue,
                              [[maybe_unused]] float* result, [[maybe_unused]] std::byte* scratch,
                              [[maybe_unused]] Share share) const {
#ifdef FACET_HAS_AVX512_KERNELS
    const int64_t inner = geometry_.inner(), panels = geometry_.result_channels / kLanes;
    const Share all;
    const Share channels = by_channels_ ? share : all, lines = by_channels_ ? all : share;
    const int64_t first_panel = channels.begin(panels), last_panel = channels.end(panels);
    const int64_t end = lines.end(geometry_.positions());
    auto* gathered = reinterpret_cast<float*>(scratch + share.index * (scratch_bytes() / threads_));
    const auto multiply = ending_of(&epilogue) == Ending::kBiasRelu
                              ? multiply_panels<Ending::kBiasRelu>
                              : multiply_panels<Ending::kAny>;
    for (int64_t first = lines.begin(geometry_.positions()); first < end;
         first += block_positions_) {
        const int64_t count = std::min(block_positions_, end - first);
        for (int64_t at = 0; at < count && !lies_gathered_; ++at)
            gather(source, first + at, gathered + at * inner);
        multiply(lies_gathered_ ? source + first * inner : gathered, count, inner, packed,
                 first_panel, last_panel, result + first * geometry_.step() + first_panel * kLanes,
                 geometry_.step(), &epilogue);
    }
#endif
}

}  // namespace facet::cpu
