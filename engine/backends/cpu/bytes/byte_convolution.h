// SPDX-License-Identifier: MIT
// Dense convolutions of bytes, channels last, by sums of products of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/backends/cpu/bytes/byte_finish.h"
#include "engine/backends/cpu/bytes/byte_products.h"
#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// Positions lie in runs: lines of memory along which a tile's positions are one step apart. A run
// is an image (stride 1: where a line of results ends, a few positions are computed for nothing), a
// line of results, or all positions of the batch, gathered. Sums are whole numbers and each is
// finished on its own, so a row's result depends neither on its batch nor on the instructions.
// Immutable; run() is reentrant with scratch memory of its own.
class ByteConvolution {
  public:
    struct Geometry {
        int64_t rows = 0, height = 0, width = 0, channels = 0;  // of the source [rows,h,w,c]
        int64_t result_height = 0, result_width = 0, result_channels = 0;
        std::array<int64_t, 2> kernel{1, 1}, strides{1, 1}, dilations{1, 1};
        int64_t pad_top = 0, pad_left = 0;
        bool is_signed = false;  // read as unsigned bytes 128 above
        int zero_point = 0;      // of the bytes as they are: what margins hold
    };
    struct Memory {
        const uint8_t* source = nullptr;
        const int8_t* packed = nullptr;  // aligned to 64 bytes
        const void* summand = nullptr;   // null: none
        void* result = nullptr;
        std::byte* scratch = nullptr;  // aligned to 64 bytes
    };

    ByteConvolution(const Geometry& geometry, int threads, ByteInstructions instructions);

    // Of Geometry with any number of rows, for any instructions.
    [[nodiscard]] static size_t packed_bytes(const Geometry& geometry);
    // Tells apart two layouts of one layer's weights.
    [[nodiscard]] static int packing_kind(const Geometry& geometry);
    // `weights` row-major [result_channels, channels, kernel...].
    static void pack(const Geometry& geometry, const int8_t* weights, int8_t* packed);
    // What the sums hold beside the products that count: times the sum of a channel's weights.
    [[nodiscard]] static int offset_of(const Geometry& geometry) {
        return geometry.zero_point + (geometry.is_signed ? 128 : 0);
    }
    [[nodiscard]] size_t scratch_bytes() const;
    // Must all shares have prepared before one runs? Each is that of one of at most `threads`.
    [[nodiscard]] bool prepares() const { return copies_; }
    void prepare(const Memory& memory, Share share = {}) const;
    void run(const Memory& memory, const ByteFinish& finish, Share share = {}) const;

  private:
    enum class Runs { kImages, kLines, kGathered };
    struct Worker;

    void lay_out(Runs runs);
    [[nodiscard]] double cost() const;
    [[nodiscard]] int64_t copy_bytes() const;
    [[nodiscard]] int64_t thread_bytes() const;
    void copy_line(const uint8_t* source, uint8_t* copy, int64_t line) const;
    void gather(const uint8_t* source, int64_t first, uint8_t* gathered) const;
    int place_tile(const Worker& worker, int64_t tile, int slot, PositionTiles& tiles,
                   SumStretch* stretches, int count) const;

    Geometry geometry_;
    int threads_;
    ByteInstructions instructions_;
    bool copies_ = false;               // the source with its margins, before it is read
    int64_t height_ = 0, width_ = 0;    // of what is read
    int64_t taps_ = 0, tap_bytes_ = 0;  // stretches of a position's bytes that lie together
    std::vector<int64_t> tap_offsets_;
    BytePieces pieces_;  // of a position where it lies, or gathered
    Runs runs_ = Runs::kImages;
    int64_t run_count_ = 0, run_length_ = 0;  // positions
    int64_t line_ = 0, line_pixels_ = 0;      // of a run: positions, and how many are results
    int64_t step_ = 0;                        // bytes from one position to the next
    int64_t tiles_per_run_ = 0, tiles_ = 0, panels_ = 0, parts_ = 1;
    int tile_rows_ = 0;
};

}  // namespace facet::cpu
