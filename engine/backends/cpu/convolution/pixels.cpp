// SPDX-License-Identifier: MIT
// The loops for 512-bit vectors, and the lines that are kept while windows need them.
#include "engine/backends/cpu/convolution/pixels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/backends/cpu/convolution/pixel_kernels.h"

namespace facet::cpu {

namespace {

constexpr int64_t kLanes = PixelConvolution::kLanes;

int64_t panels_at_once(int64_t panels) {
    return panels == 3 ? 3 : std::min<int64_t>(panels, 2);
}

int64_t positions_of(int64_t panels) {
    return panels == 3 ? kByThree : panels == 2 ? kByTwo : kByOne;
}

int64_t rounded_up(int64_t floats) {
    return (floats + kLanes - 1) / kLanes * kLanes;
}

}  // namespace

bool PixelConvolution::is_available() {
    return has_avx512_kernels();
}

bool PixelConvolution::covers(const Geometry& geometry) {
    const auto reaches_in = [](const Windows& windows, int64_t height, int64_t width) {
        return windows.height <= kTallest && windows.result_height > 0 &&
               windows.result_width > 0 && windows.pad_top < windows.height &&
               windows.pad_left < windows.width &&
               (windows.result_height - 1) * windows.stride_down - windows.pad_top < height &&
               (windows.result_width - 1) * windows.stride_across - windows.pad_left < width;
    };
    const Windows& filter = geometry.filter;
    if (geometry.result_channels == 0 || geometry.result_channels % kLanes != 0 ||
        filter.stride_across < 1 || filter.stride_across > 2 ||
        !reaches_in(filter, geometry.height, geometry.width) ||
        (geometry.pooled && !reaches_in(geometry.pool, filter.result_height, filter.result_width)))
        return false;
    int64_t widest = 0;
    for (int64_t left = geometry.result_channels / kLanes; left > 0; left -= panels_at_once(left))
        widest = std::max(widest, positions_of(panels_at_once(left)));
    return filter.result_width >= widest;
}

PixelConvolution::PixelConvolution(const Geometry& geometry, int threads)
    : geometry_(geometry),
      line_floats_(rounded_up(
          kColours * std::max((geometry.filter.result_width - 1) * geometry.filter.stride_across +
                                  geometry.filter.width,
                              geometry.filter.pad_left + geometry.width))),
      result_floats_(geometry.filter.result_width * geometry.result_channels),
      threads_(threads) {}

void PixelConvolution::pack(const Geometry& geometry, const float* weights, float* packed) {
    const int64_t taps = geometry.filter.height * geometry.filter.width;
    for (int64_t out = 0; out < geometry.result_channels; ++out)
        for (int64_t in = 0; in < kColours; ++in)
            for (int64_t tap = 0; tap < taps; ++tap)
                packed[((out / kLanes * taps + tap) * kColours + in) * kLanes + out % kLanes] =
                    weights[(out * kColours + in) * taps + tap];
}

size_t PixelConvolution::scratch_bytes() const {
    const int64_t pool_lines = geometry_.pooled ? geometry_.pool.height : 0;
    const int64_t floats =
        (geometry_.filter.height + 1) * line_floats_ + pool_lines * result_floats_;
    return threads_ * floats * sizeof(float);
}

#ifdef FACET_HAS_AVX512_KERNELS

// What one thread keeps while it goes down a row. Invariants: source lines below `next_source_` and
// filtered lines below `next_filtered_` are in the ring's places as long as a window needs them.
struct PixelConvolution::Run {
    const Geometry& g;
    const Weights& weights;
    const void* pixels;
    const int64_t line_floats, result_floats;
    float *zeros, *sources, *filtered;
    Ending ending;
    float factors[kPattern] = {}, offsets[kPattern] = {};
    int64_t row = -1;
    int64_t next_source = 0, next_filtered = 0;

    void begin_row(int64_t next) {
        row = next;
        next_source = next_filtered = std::numeric_limits<int64_t>::min();
    }
    void convert(int64_t y, float* floats) const {
        if (g.source == Source::kBytes) {
            const int64_t bytes = g.width * kColours;
            convert_bytes(static_cast<const uint8_t*>(pixels) + (row * g.height + y) * bytes, bytes,
                          factors, offsets, floats);
        } else {
            const int64_t plane = g.height * g.width;
            weave_planes(static_cast<const float*>(pixels) + row * kColours * plane + y * g.width,
                         plane, g.width, factors, offsets, floats);
        }
    }
    // The source lines that a filtered line needs, where its windows begin.
    void find_lines(int64_t y, const float** lines) {
        const int64_t first = y * g.filter.stride_down - g.filter.pad_top;
        const int64_t end = std::min(first + g.filter.height, g.height);
        const int64_t left = g.filter.pad_left * kColours;
        for (int64_t from = std::max({next_source, first, int64_t{0}}); from < end; ++from)
            convert(from, sources + from % g.filter.height * line_floats + left);
        next_source = std::max(next_source, end);
        for (int64_t i = 0; i < g.filter.height; ++i) {
            const int64_t from = first + i;
            lines[i] = from < 0 || from >= g.height
                           ? zeros
                           : sources + from % g.filter.height * line_floats;
        }
    }
    void filter(int64_t y, float* result) {
        FilterLine line{};
        find_lines(y, line.lines);
        line.height = g.filter.height;
        line.taps = g.filter.width * kColours;
        line.inner = line.height * line.taps;
        line.epilogue = &weights.epilogue;
        line.width = g.filter.result_width;
        line.channels = g.result_channels;
        const int64_t panels = g.result_channels / kLanes;
        for (int64_t panel = 0; panel < panels;) {
            const int64_t taken = panels_at_once(panels - panel);
            line.weights = weights.filter + panel * line.inner * kLanes;
            line.channel = panel * kLanes;
            line.result = result + line.channel;
            filter_loop(taken, g.filter.stride_across, ending)(line);
            panel += taken;
        }
    }
    void pool(int64_t y, float* result) {
        const int64_t first = y * g.pool.stride_down - g.pool.pad_top;
        const int64_t begin = std::max<int64_t>(first, 0);
        const int64_t end = std::min(first + g.pool.height, g.filter.result_height);
        const float* lines[kTallest] = {};
        for (int64_t from = begin; from < end; ++from) {
            float* line = filtered + from % g.pool.height * result_floats;
            if (from >= next_filtered) filter(from, line);
            lines[from - begin] = line;
        }
        next_filtered = std::max(next_filtered, end);
        pool_line(lines, end - begin, g.pool, g.filter.result_width, g.result_channels, result);
    }
};

#endif  // FACET_HAS_AVX512_KERNELS

void PixelConvolution::run([[maybe_unused]] const void* pixels,
                           [[maybe_unused]] const Weights& weights, [[maybe_unused]] float* result,
                           [[maybe_unused]] std::byte* scratch,
                           [[maybe_unused]] Share share) const {
#ifdef FACET_HAS_AVX512_KERNELS
    const Geometry& g = geometry_;
    auto* own = reinterpret_cast<float*>(scratch + share.index * (scratch_bytes() / threads_));
    // The sides of lines stay zero.
    std::memset(own, 0, (g.filter.height + 1) * line_floats_ * sizeof(float));
    float* sources = own + line_floats_;
    Run run{.g = g,
            .weights = weights,
            .pixels = pixels,
            .line_floats = line_floats_,
            .result_floats = result_floats_,
            .zeros = own,
            .sources = sources,
            .filtered = sources + g.filter.height * line_floats_,
            .ending = ending_of(&weights.epilogue)};
    for (int64_t at = 0; at < kPattern; ++at) {
        run.factors[at] = weights.scale.factor[at % kColours];
        run.offsets[at] = weights.scale.offset[at % kColours];
    }
    const Windows& last = g.pooled ? g.pool : g.filter;
    const int64_t line = last.result_width * g.result_channels;
    const int64_t lines = g.rows * last.result_height;
    for (int64_t at = share.begin(lines); at < share.end(lines); ++at) {
        if (run.row != at / last.result_height) run.begin_row(at / last.result_height);
        const int64_t y = at % last.result_height;
        if (g.pooled)
            run.pool(y, result + at * line);
        else
            run.filter(y, result + at * line);
    }
#endif
}

}  // namespace facet::cpu
