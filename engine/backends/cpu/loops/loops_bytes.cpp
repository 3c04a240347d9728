// SPDX-License-Identifier: MIT
// Tables, roundings, window maxima and joins of bytes.
#include "engine/backends/cpu/loops/loops_bytes.h"

#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/bytes/byte_map.h"

namespace facet::cpu {

namespace {

constexpr int64_t kTable = 256;
constexpr int64_t kStretch = 2048;  // positions: a piece of work for one thread
// See loops_arithmetic.cpp: rounds halves to even without an instruction old machines lack.
constexpr float kRounder = 12582912.0f;

// Compiled for several widths of vector registers; the loader picks.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define FACET_VECTOR_CLONES __attribute__((target_clones("default", "avx2", "arch=skylake-avx512")))
#else
#define FACET_VECTOR_CLONES
#endif

// `count` floats through one scale each.
FACET_VECTOR_CLONES void quantize_run(const float* x, uint8_t* y, int64_t count, const float* scale,
                                      const float* shift, float low, float high) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
        const float bounded = std::min(std::max(x[i] * scale[i] + shift[i], low), high);
        y[i] = static_cast<uint8_t>(static_cast<int32_t>((bounded + kRounder) - kRounder));
    }
}

constexpr int64_t kPlanes = 3;

// `count` positions of planes `step` apart, each plane through a scale of its own.
FACET_VECTOR_CLONES void quantize_planes(const float* x, int64_t step, uint8_t* y, int64_t count,
                                         const float* scale, const float* shift, float low,
                                         float high) {
    constexpr int64_t kTogether = 512;
    uint8_t bytes[kPlanes][kTogether];
    for (int64_t first = 0; first < count; first += kTogether) {
        const int64_t size = std::min(kTogether, count - first);
        for (int64_t plane = 0; plane < kPlanes; ++plane) {
            const float* from = x + plane * step + first;
            const float by = scale[plane], plus = shift[plane];
#pragma omp simd
            for (int64_t i = 0; i < size; ++i) {
                const float bounded = std::min(std::max(from[i] * by + plus, low), high);
                bytes[plane][i] =
                    static_cast<uint8_t>(static_cast<int32_t>((bounded + kRounder) - kRounder));
            }
        }
        uint8_t* to = y + first * kPlanes;
        for (int64_t i = 0; i < size; ++i, to += kPlanes)
            for (int64_t plane = 0; plane < kPlanes; ++plane) to[plane] = bytes[plane][i];
    }
}

template <typename Byte>
inline void dequantize_lanes(const Byte* x, float* y, int64_t count, const float* steps,
                             float zero_point) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = (static_cast<float>(x[i]) - zero_point) * steps[i];
}

FACET_VECTOR_CLONES void dequantize_run(const uint8_t* x, bool is_signed, float* y, int64_t count,
                                        const float* steps, float zero_point) {
    if (is_signed)
        dequantize_lanes(reinterpret_cast<const int8_t*>(x), y, count, steps, zero_point);
    else
        dequantize_lanes(x, y, count, steps, zero_point);
}

// The window's rows and columns that lie inside.
struct Inside {
    int64_t first = 0, last = 0;
};

Inside inside(int64_t at, int64_t stride, int64_t pad, int64_t kernel, int64_t dilation,
              int64_t extent) {
    const int64_t begin = at * stride - pad;
    Inside part{0, kernel};
    while (part.first < kernel && begin + part.first * dilation < 0) ++part.first;
    while (part.last > part.first && begin + (part.last - 1) * dilation >= extent) --part.last;
    return part;
}

// The pixels of one line in a window.
template <typename Byte>
struct LinePixels {
    const Byte* first = nullptr;
    int64_t step = 0, count = 0;
};

// The registers that every machine has, `blocks` of them kept over a whole window.
template <int blocks, typename Byte>
inline void max_blocks(const LinePixels<Byte>& pixels, Byte* maxima, int64_t first) {
    constexpr int kLanes = 16;
    typedef Byte Lanes __attribute__((vector_size(kLanes)));
    const auto load = [&](int64_t pixel, int block) {
        Lanes lanes;
        std::memcpy(&lanes, pixels.first + pixel * pixels.step + first + block * kLanes, kLanes);
        return lanes;
    };
    Lanes most[blocks];
    for (int block = 0; block < blocks; ++block) most[block] = load(0, block);
    for (int64_t pixel = 1; pixel < pixels.count; ++pixel) {
        for (int block = 0; block < blocks; ++block) {
            const Lanes next = load(pixel, block);
            most[block] = most[block] > next ? most[block] : next;
        }
    }
    for (int block = 0; block < blocks; ++block)
        std::memcpy(maxima + first + block * kLanes, &most[block], kLanes);
}

template <typename Byte>
inline void max_of(const LinePixels<Byte>& pixels, Byte* maxima, int64_t channels) {
    int64_t channel = 0;
    for (; channel + 64 <= channels; channel += 64) max_blocks<4>(pixels, maxima, channel);
    for (; channel + 32 <= channels; channel += 32) max_blocks<2>(pixels, maxima, channel);
    for (; channel + 16 <= channels; channel += 16) max_blocks<1>(pixels, maxima, channel);
    for (; channel < channels; ++channel) {
        Byte most = pixels.first[channel];
        for (int64_t pixel = 1; pixel < pixels.count; ++pixel)
            most = std::max(most, pixels.first[pixel * pixels.step + channel]);
        maxima[channel] = most;
    }
}

template <typename Byte>
inline void raise_lanes(const Byte* x, Byte* y, int64_t count) {
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) y[i] = std::max(y[i], x[i]);
}

FACET_VECTOR_CLONES void raise(const uint8_t* x, uint8_t* y, int64_t count) {
    raise_lanes(x, y, count);
}
FACET_VECTOR_CLONES void raise(const int8_t* x, int8_t* y, int64_t count) {
    raise_lanes(x, y, count);
}

// One row of results: the maxima of the lines `rows` of the window, then over its columns.
template <typename Byte>
inline void max_rows(const Byte* source, Byte* result, const ByteMaxLoop::Window& window,
                     int64_t channels, int64_t first_row, Inside rows, std::vector<Byte>& line) {
    const int64_t width = window.source[1], line_size = width * channels;
    for (int64_t i = rows.first; i < rows.last; ++i) {
        const Byte* next = source + (first_row + i * window.dilations[0]) * line_size;
        if (i == rows.first)
            std::copy_n(next, line_size, line.data());
        else
            raise(next, line.data(), line_size);
    }
    for (int64_t x = 0; x < window.result[1]; ++x) {
        const Inside columns = inside(x, window.strides[1], window.pads_begin[1], window.kernel[1],
                                      window.dilations[1], width);
        const int64_t first_column = x * window.strides[1] - window.pads_begin[1];
        const LinePixels<Byte> pixels{
            line.data() + (first_column + columns.first * window.dilations[1]) * channels,
            window.dilations[1] * channels, columns.last - columns.first};
        max_of(pixels, result + x * channels, channels);
    }
}

std::vector<float> per_channel(const std::vector<float>& factors, int64_t channels) {
    if (factors.size() == 1) return std::vector<float>(channels, factors[0]);
    return factors;
}

}  // namespace

ByteTableLoop::ByteTableLoop(BytePlane plane, std::vector<uint8_t> tables)
    : plane_(plane), tables_(std::move(tables)) {
    if (static_cast<int64_t>(tables_.size()) == kTable)
        plane_ = {plane.positions * plane.channels, 1};
}

void ByteTableLoop::run(const uint8_t* source, uint8_t* result) const {
    const int64_t channels = plane_.channels;
    const int64_t stretches = (plane_.positions + kStretch - 1) / kStretch;
#pragma omp parallel for schedule(static)
    for (int64_t stretch = 0; stretch < stretches; ++stretch) {
        const int64_t first = stretch * kStretch;
        const int64_t last = std::min(first + kStretch, plane_.positions);
        map_bytes(tables_.data(), channels, source + first * channels, result + first * channels,
                  last - first);
    }
}

QuantizeLoop::QuantizeLoop(const onednn::ChannelView& view, std::vector<float> scale,
                           std::vector<float> shift, float low, float high)
    : view_(view),
      scale_(per_channel(scale, view.channels)),
      shift_(per_channel(shift, view.channels)),
      low_(low),
      high_(high) {}

void QuantizeLoop::run_planes(const float* source, uint8_t* result) const {
    const int64_t stretches = (view_.inner + kStretch - 1) / kStretch;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < view_.outer; ++n) {
        for (int64_t stretch = 0; stretch < stretches; ++stretch) {
            const int64_t first = stretch * kStretch;
            const int64_t plane = n * view_.inner * kPlanes;
            quantize_planes(source + plane + first, view_.inner, result + plane + first * kPlanes,
                            std::min(kStretch, view_.inner - first), scale_.data(), shift_.data(),
                            low_, high_);
        }
    }
}

void QuantizeLoop::run(const float* source, uint8_t* result) const {
    if (view_.lanes == 1 && view_.channels == kPlanes) return run_planes(source, result);
    const auto [outer, blocks, inner, lanes, channels] = view_;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < outer; ++n) {
        for (int64_t p = 0; p < inner; ++p) {
            for (int64_t block = 0; block < blocks; ++block) {
                const int64_t channel = block * lanes;
                quantize_run(source + ((n * blocks + block) * inner + p) * lanes,
                             result + (n * inner + p) * channels + channel,
                             std::min(lanes, channels - channel), scale_.data() + channel,
                             shift_.data() + channel, low_, high_);
            }
        }
    }
}

DequantizeLoop::DequantizeLoop(BytePlane plane, bool is_signed, std::vector<float> steps,
                               int zero_point)
    : plane_(plane),
      is_signed_(is_signed),
      steps_(per_channel(steps, plane.channels)),
      zero_point_(static_cast<float>(zero_point)) {}

void DequantizeLoop::run(const uint8_t* source, float* result) const {
    const int64_t channels = plane_.channels;
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < plane_.positions; ++p)
        dequantize_run(source + p * channels, is_signed_, result + p * channels, channels,
                       steps_.data(), zero_point_);
}

ByteMaxLoop::ByteMaxLoop(int64_t rows, int64_t channels, const Window& window, bool is_signed)
    : rows_(rows), channels_(channels), window_(window), is_signed_(is_signed) {}

void ByteMaxLoop::run(const uint8_t* source, uint8_t* result) const {
    if (is_signed_)
        run_on(reinterpret_cast<const int8_t*>(source), reinterpret_cast<int8_t*>(result));
    else
        run_on(source, result);
}

template <typename Byte>
void ByteMaxLoop::run_on(const Byte* source, Byte* result) const {
    const int64_t source_plane = window_.source[0] * window_.source[1] * channels_;
    const int64_t height = window_.result[0], row_size = window_.result[1] * channels_;
#pragma omp parallel
    {
        std::vector<Byte> longest(window_.source[1] * channels_);
#pragma omp for schedule(static)
        for (int64_t line = 0; line < rows_ * height; ++line) {
            const int64_t y = line % height;
            const Inside rows = inside(y, window_.strides[0], window_.pads_begin[0],
                                       window_.kernel[0], window_.dilations[0], window_.source[0]);
            max_rows(source + line / height * source_plane, result + line * row_size, window_,
                     channels_, y * window_.strides[0] - window_.pads_begin[0], rows, longest);
        }
    }
}

ByteConcatLoop::ByteConcatLoop(int64_t positions, std::vector<Part> parts)
    : positions_(positions), parts_(std::move(parts)) {
    for (const Part& part : parts_) channels_ += part.channels;
}

void ByteConcatLoop::run(const void* const* sources, uint8_t* result) const {
#pragma omp parallel for schedule(static)
    for (int64_t p = 0; p < positions_; ++p) {
        uint8_t* y = result + p * channels_;
        for (size_t i = 0; i < parts_.size(); ++i) {
            const auto& [channels, table, in_place] = parts_[i];
            const uint8_t* x = static_cast<const uint8_t*>(sources[i]) + p * channels;
            if (in_place) {
                y += channels;
                continue;
            }
            if (table.empty())
                std::memcpy(y, x, channels);
            else
                for (int64_t c = 0; c < channels; ++c) y[c] = table[x[c]];
            y += channels;
        }
    }
}

}  // namespace facet::cpu
