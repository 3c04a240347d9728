// SPDX-License-Identifier: MIT
// Dense convolutions with few results and many weights, on channels-last floats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/backends/cpu/convolution/channel_epilogue.h"
#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// What the windows of all rows see is gathered, a line of a matrix for each result position, and
// multiplied with the weights: a batch reads them once, not once for each row. Every sum runs in
// one order whatever the number of rows and threads, so a row's result does not depend on its
// batch. Immutable; run() is reentrant with scratch memory of its own.
class GatheredConvolution {
  public:
    struct Geometry {
        int64_t rows = 0, height = 0, width = 0, channels = 0;  // of the source [rows,h,w,c]
        int64_t result_height = 0, result_width = 0, result_channels = 0;
        int64_t kernel_height = 1, kernel_width = 1, stride_down = 1, stride_across = 1;
        int64_t pad_top = 0, pad_left = 0;
        int64_t pitch =
            0;  // floats from a position of the result to the next; 0: as it has channels

        [[nodiscard]] int64_t positions() const { return rows * result_height * result_width; }
        [[nodiscard]] int64_t step() const { return pitch > 0 ? pitch : result_channels; }
        // Does each position of the result see that of the source alone?
        [[nodiscard]] bool is_pointwise() const {
            return kernel_height == 1 && kernel_width == 1 && result_height == height &&
                   result_width == width && pad_top == 0 && pad_left == 0;
        }
        [[nodiscard]] int64_t inner() const { return kernel_height * kernel_width * channels; }
    };

    // Has this processor the vectors the loops are written for?
    [[nodiscard]] static bool is_available();
    // The number of result channels is a multiple of it.
    static constexpr int64_t kLanes = 16;

    // `threads` that share the work.
    GatheredConvolution(const Geometry& geometry, int threads);

    // Every number of rows shares the packed weights, as many as there are weights.
    // `weights` row-major [result_channels, channels, kernel_height, kernel_width].
    static void pack(const Geometry& geometry, const float* weights, float* packed);
    [[nodiscard]] size_t scratch_bytes() const;
    // The share of one of at most `threads`, all with the same scratch memory. Packed weights and
    // scratch memory are aligned to 64 bytes.
    void run(const float* source, const float* packed, const ChannelEpilogue& epilogue,
             float* result, std::byte* scratch, Share share = {}) const;

  private:
    void gather(const float* source, int64_t position, float* line) const;

    Geometry geometry_;
    bool lies_gathered_;       // the source is the matrix
    bool by_channels_;         // threads share the result's channels, else its positions
    int64_t block_positions_;  // multiplied together, so that they stay in the cache
    int threads_;
};

}  // namespace facet::cpu
