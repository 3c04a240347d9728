// SPDX-License-Identifier: MIT
// A depthwise 3x3 convolution and the 1x1 convolution of its result, strip by strip of the image.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/backends/cpu/convolution/channel_epilogue.h"
#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// What lies between the two never leaves the innermost cache. Channels-last floats. Every sum runs
// in one order whatever the number of rows and threads, so a row's result does not depend on its
// batch. Immutable; run() is reentrant with scratch memory of its own.
class SeparableConvolution {
  public:
    struct Geometry {
        int64_t rows = 0, height = 0, width = 0, channels = 0;  // of the source [rows,h,w,c]
        int64_t result_height = 0, result_width = 0, result_channels = 0;
        int64_t stride = 1;  // 1 or 2, of the depthwise one
        int64_t pad_top = 0, pad_left = 0;
    };
    // Weights and epilogues of the two.
    struct Weights {
        const float* depthwise = nullptr;                        // packed
        const float* pointwise = nullptr;                        // packed
        ChannelEpilogue depthwise_epilogue, pointwise_epilogue;  // the first without a residual
    };

    // Has this processor the vectors the loops are written for?
    [[nodiscard]] static bool is_available();
    // Both numbers of channels are multiples of it.
    static constexpr int64_t kLanes = 16;

    // `threads` that share the work.
    SeparableConvolution(const Geometry& geometry, int threads);

    // Row-major [channels, 1, 3, 3] and [result_channels, channels, 1, 1] into as many floats.
    static void pack_depthwise(int64_t channels, const float* weights, float* packed);
    static void pack_pointwise(int64_t channels, int64_t result_channels, const float* weights,
                               float* packed);
    [[nodiscard]] size_t scratch_bytes() const;
    // The share of one of at most `threads`, all with the same scratch memory. Packed weights and
    // scratch memory are aligned to 64 bytes.
    void run(const float* source, const Weights& weights, float* result, std::byte* scratch,
             Share share = {}) const;

  private:
    Geometry geometry_;
    int64_t strip_rows_;  // of the result, worked on together
    int threads_;
};

}  // namespace facet::cpu
