// SPDX-License-Identifier: MIT
// Dense 3x3 convolutions of stride 1 by Winograd's minimal filtering, on channels-last floats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/backends/cpu/convolution/channel_epilogue.h"
#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// The algorithm F(tile x tile, 3 x 3) of Lavin and Gray (Fast Algorithms for Convolutional Neural
// Networks, 2015), with transforms by Toom and Cook: (tile + 2)^2 multiplications where the
// definition takes 9 tile^2, at the price of rounding (a few 1e-6 of the largest result for tile
// 4). Every sum runs in one order whatever the number of rows and threads, so a row's result does
// not depend on its batch. Immutable; run() is reentrant with scratch memory of its own.
class WinogradConvolution {
  public:
    struct Geometry {
        int64_t rows = 0, height = 0, width = 0, channels = 0;  // of the source [rows,h,w,c]
        int64_t result_height = 0, result_width = 0, result_channels = 0;
        int64_t pad_top = 0, pad_left = 0;
        int64_t pitch =
            0;  // floats from a position of the result to the next; 0: as it has channels

        [[nodiscard]] int64_t step() const { return pitch > 0 ? pitch : result_channels; }
    };

    // Has this processor the vectors the loops are written for?
    [[nodiscard]] static bool is_available();
    // Both numbers of channels are multiples of it.
    static constexpr int64_t kLanes = 16;
    static constexpr int kTiles[] = {2, 3, 4};

    // `tile` is one of kTiles; `threads` that share the work.
    WinogradConvolution(const Geometry& geometry, int tile, int threads);

    // Depends on channels and tile alone: every number of rows shares the packed weights.
    [[nodiscard]] static size_t packed_bytes(int tile, int64_t channels, int64_t result_channels);
    // `weights` row-major [result_channels, channels, 3, 3].
    static void pack(int tile, int64_t channels, int64_t result_channels, const float* weights,
                     float* packed);
    [[nodiscard]] size_t scratch_bytes() const;
    // The share of one of at most `threads`, all with the same scratch memory. All memory is
    // aligned to 64 bytes.
    void run(const float* source, const float* packed, const ChannelEpilogue& epilogue,
             float* result, std::byte* scratch, Share share = {}) const;

  private:
    Geometry geometry_;
    int tile_;
    int64_t down_, across_;        // tiles per row of the batch
    int64_t block_tiles_;          // worked on together, so that they stay in the cache
    int64_t blocks_, parts_;       // of tiles; of output channels
    int64_t panels_per_part_ = 0;  // of kLanes channels
    int threads_;
};

}  // namespace facet::cpu
