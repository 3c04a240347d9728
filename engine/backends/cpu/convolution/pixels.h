// SPDX-License-Identifier: MIT
// Dense convolutions of colour pixels, bytes or floats, with the maxima of windows over their
// results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/backends/cpu/convolution/channel_epilogue.h"
#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// Lines of pixels become floats as the windows reach them, and lines of results become maxima as
// soon as a window has them all: neither is ever held as a whole. The results are channels-last
// floats. Every sum runs in one order whatever the number of rows and threads, so a row's result
// does not depend on its batch. Immutable; run() is reentrant with scratch memory of its own.
class PixelConvolution {
  public:
    // The windows of one step over [height, width].
    struct Windows {
        int64_t height = 1, width = 1;  // of a window
        int64_t stride_down = 1, stride_across = 1;
        int64_t pad_top = 0, pad_left = 0;
        int64_t result_height = 0, result_width = 0;
    };
    // How a source lies: bytes [rows,h,w,kColours], or floats [rows,kColours,h,w].
    enum class Source { kBytes, kPlanes };
    struct Geometry {
        Source source = Source::kBytes;
        int64_t rows = 0, height = 0, width = 0;
        int64_t result_channels = 0;
        Windows filter;
        bool pooled = false;
        Windows pool;  // over the filter's result; of one position each where nothing is pooled
    };
    static constexpr int64_t kColours = 3;
    // What a number of each colour stands for: number * factor + offset. Beyond the borders are
    // zeros.
    struct Scale {
        std::array<float, kColours> factor{}, offset{};
    };
    struct Weights {
        const float* filter = nullptr;  // packed
        Scale scale;
        ChannelEpilogue epilogue;  // without a residual
    };

    // Has this processor the vectors the loops are written for?
    [[nodiscard]] static bool is_available();
    // Are these loops written for such strides, widths and channels?
    [[nodiscard]] static bool covers(const Geometry& geometry);
    // The number of result channels is a multiple of it.
    static constexpr int64_t kLanes = 16;

    // `threads` that share the work.
    PixelConvolution(const Geometry& geometry, int threads);

    // `weights` row-major [result_channels, kColours, height, width], into as many floats.
    static void pack(const Geometry& geometry, const float* weights, float* packed);
    [[nodiscard]] size_t scratch_bytes() const;
    // The share of one of at most `threads`, all with the same scratch memory. Packed weights and
    // scratch memory are aligned to 64 bytes.
    void run(const void* pixels, const Weights& weights, float* result, std::byte* scratch,
             Share share = {}) const;

  private:
    struct Run;

    Geometry geometry_;
    int64_t line_floats_;    // of the source, with what lies beyond its sides
    int64_t result_floats_;  // of a line of the filter's results
    int threads_;
};

}  // namespace facet::cpu
