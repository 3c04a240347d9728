// SPDX-License-Identifier: MIT
// Dense convolutions of bytes, channels last, by sums of products of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/backends/cpu/bytes/byte_finish.h"
#include "engine/backends/cpu/bytes/byte_products.h"
#include "engine/backends/cpu/bytes/byte_reading.h"
#include "engine/backends/cpu/threads/share.h"

namespace facet::cpu {

// Positions lie in runs: lines of memory along which a tile's positions are one step apart. A run
// is an image (stride 1: where a line of results ends, a few positions are computed for nothing), a
// line of results, or all positions of the batch, gathered. Sums are whole numbers and each is
// finished on its own, so a row's result depends neither on its batch nor on the instructions.
// Immutable; run() is reentrant with scratch memory of its own.
class ByteConvolution {
  public:
    struct Memory {
        const uint8_t* source = nullptr;
        const int8_t* packed = nullptr;  // by the reading; aligned to 64 bytes
        const void* summand = nullptr;   // null: none
        void* result = nullptr;
        std::byte* scratch = nullptr;  // aligned to 64 bytes
    };

    ByteConvolution(const ByteReading& reading, int threads, ByteInstructions instructions);

    [[nodiscard]] size_t scratch_bytes() const;
    // What must be done by all shares, each one of at most `threads`, before the next begins: the
    // copy if there is one, the weave if there is one, the rest.
    [[nodiscard]] bool copies() const { return copies_; }
    [[nodiscard]] bool weaves() const { return reading_.weave.is_active(); }
    void copy(const Memory& memory, Share share = {}) const;
    void weave(const Memory& memory, Share share = {}) const;
    void run(const Memory& memory, const ByteFinish& finish, Share share = {}) const;

  private:
    enum class Runs { kImages, kLines, kGathered };
    struct Worker;

    void lay_out(Runs runs);
    [[nodiscard]] double cost() const;
    [[nodiscard]] int64_t plane_bytes() const;
    [[nodiscard]] int64_t woven_bytes() const;
    [[nodiscard]] int64_t thread_bytes() const;
    void copy_line(const uint8_t* source, uint8_t* plane, int64_t line) const;
    void weave_line(const uint8_t* plane, uint8_t* woven, int64_t line) const;
    void gather(const uint8_t* source, int64_t first, uint8_t* gathered) const;
    int place_tile(const Worker& worker, int64_t tile, int slot, PositionTiles& tiles,
                   SumStretch* stretches, int count) const;

    ByteReading reading_;
    int threads_;
    ByteInstructions instructions_;
    bool copies_ = false;  // the source to a plane, before it is read
    LineWeaver weaver_;
    BytePieces pieces_;  // of a position where it lies, or gathered
    Runs runs_ = Runs::kImages;
    int64_t run_count_ = 0, run_length_ = 0;  // positions
    int64_t line_ = 0, line_pixels_ = 0;      // of a run: positions, and how many are results
    int64_t step_ = 0;                        // bytes from one position to the next
    int64_t tiles_per_run_ = 0, tiles_ = 0, parts_ = 1;
    int tile_rows_ = 0;
};

}  // namespace facet::cpu
