// SPDX-License-Identifier: MIT
// How a convolution of bytes reads its source and its weights: with margins or without, which lines
// woven together, and in which pieces.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/backends/cpu/bytes/byte_weave.h"

namespace facet::cpu {

struct ByteGeometry {
    int64_t rows = 0, height = 0, width = 0, channels = 0;  // of the source [rows,h,w,c]
    int64_t result_height = 0, result_width = 0, result_channels = 0;
    std::array<int64_t, 2> kernel{1, 1}, strides{1, 1}, dilations{1, 1};
    int64_t pad_top = 0, pad_left = 0;
    bool is_signed = false;  // read as unsigned bytes 128 above
    int zero_point = 0;      // of the bytes as they are: what margins hold

    // What the sums hold beside the products that count: times the sum of a channel's weights.
    [[nodiscard]] int offset() const { return zero_point + (is_signed ? 128 : 0); }
};

// Depends on rows in nothing that the weights' layout shows.
struct ByteReading {
    explicit ByteReading(const ByteGeometry& geometry);

    ByteGeometry origin;                          // the same convolution in its simplest form
    bool copies = false;                          // the source is copied to a plane first
    int64_t plane_height = 0, plane_width = 0;    // of the plane, or of the source
    ByteWeave weave;                              // of the plane's lines
    ByteGeometry shape;                           // of what is multiplied: it has no margins
    int64_t taps = 0, tap_bytes = 0;              // stretches of a position that lie together
    int64_t pieces_per_tap = 0, piece_bytes = 0;  // the last of a tap may reach behind it
    int64_t panels = 0;                           // of 16 output channels

    [[nodiscard]] int64_t padded_tap() const { return pieces_per_tap * piece_bytes; }
    [[nodiscard]] int64_t position_bytes() const { return taps * padded_tap(); }
    [[nodiscard]] bool is_exact() const { return padded_tap() == tap_bytes; }
    // From the position's first byte to the tap's.
    [[nodiscard]] int64_t tap_offset(int64_t tap) const;

    [[nodiscard]] size_t packed_bytes() const;
    // Tells apart two layouts of one layer's weights.
    [[nodiscard]] int packing_kind() const;
    // `weights` row-major [result_channels, channels, kernel...] of the geometry.
    void pack(const int8_t* weights, int8_t* packed) const;

  private:
    std::array<int64_t, 2> kernel_;  // and channels of the weights as they are given
    int64_t channels_;

    void take(const ByteWeave& candidate);
    [[nodiscard]] double cost() const;
    // Of `weights` in row-major order, where byte `byte` of a position's taps has one, else -1.
    [[nodiscard]] int64_t weight_at(int64_t byte) const;
};

}  // namespace facet::cpu
