// SPDX-License-Identifier: MIT
// The choice of the weave by an estimate, and the packing that follows from it.
#include "engine/backends/cpu/bytes/byte_reading.h"

#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/bytes/byte_products.h"

namespace facet::cpu {

namespace {

constexpr std::array<int64_t, 2> kOnes{1, 1}, kTwos{2, 2};

int64_t divide_up(int64_t value, int64_t by) {
    return (value + by - 1) / by;
}

int64_t reach(const ByteGeometry& geometry, int axis, int64_t results) {
    return (results - 1) * geometry.strides[axis] +
           (geometry.kernel[axis] - 1) * geometry.dilations[axis] + 1;
}

bool has_margins(const ByteGeometry& geometry) {
    return geometry.pad_top > 0 || geometry.pad_left > 0 ||
           reach(geometry, 0, geometry.result_height) > geometry.height ||
           reach(geometry, 1, geometry.result_width) > geometry.width;
}

// The least kernel and the longest lines. Weights keep their order.
ByteGeometry simplest(ByteGeometry geometry) {
    if (has_margins(geometry) || geometry.dilations != kOnes) return geometry;
    if (geometry.kernel == std::array<int64_t, 2>{geometry.height, geometry.width}) {
        geometry.channels *= geometry.height * geometry.width;
        geometry.height = geometry.width = 1;
        geometry.kernel = geometry.strides = kOnes;
    }
    if (geometry.kernel == kOnes && geometry.strides == kOnes) {
        geometry.width *= geometry.rows * geometry.height;
        geometry.result_width *= geometry.rows * geometry.result_height;
        geometry.rows = geometry.height = geometry.result_height = 1;
    }
    return geometry;
}

}  // namespace

ByteReading::ByteReading(const ByteGeometry& geometry)
    : origin(simplest(geometry)), kernel_(geometry.kernel), channels_(geometry.channels) {
    take({});
    if (origin.dilations != kOnes || origin.kernel[0] == 1) return;
    ByteReading best = *this;
    double least = cost();
    for (const ByteWeave& candidate :
         {ByteWeave{2, 2, 2}, ByteWeave{origin.kernel[0], 1, origin.strides[0]}}) {
        if (candidate.pixels == 2 && origin.strides != kTwos) continue;
        take(candidate);
        if (cost() >= least) continue;
        least = cost();
        best = *this;
    }
    *this = best;
}

void ByteReading::take(const ByteWeave& candidate) {
    weave = candidate;
    shape = origin;
    shape.pad_top = shape.pad_left = 0;
    shape.channels *= weave.lines * weave.pixels;
    shape.strides = {origin.strides[0] / weave.advance, origin.strides[1] / weave.pixels};
    shape.kernel[1] = divide_up(origin.kernel[1], weave.pixels);
    if (weave.is_active()) {
        const int64_t more = std::max<int64_t>(origin.kernel[0] - weave.lines, 0);
        shape.kernel[0] = divide_up(more, weave.advance) + 1;
    }
    shape.height = reach(shape, 0, shape.result_height);
    shape.width = reach(shape, 1, shape.result_width);
    plane_height = (shape.height - 1) * weave.advance + weave.lines;
    plane_width = shape.width * weave.pixels;
    copies = origin.is_signed || has_margins(origin) || plane_height > origin.height ||
             plane_width > origin.width;
    if (!copies) {
        plane_height = origin.height;
        plane_width = origin.width;
    }
    if (!weave.is_active()) {
        shape.height = plane_height;
        shape.width = plane_width;
    }
    const bool dense = shape.dilations[1] == 1;
    taps = shape.kernel[0] * (dense ? 1 : shape.kernel[1]);
    tap_bytes = shape.channels * (dense ? shape.kernel[1] : 1);
    pieces_per_tap = divide_up(tap_bytes, BytePieces::kMost);
    piece_bytes = divide_up(divide_up(tap_bytes, pieces_per_tap), 4) * 4;
    panels = divide_up(shape.result_channels, kPanelChannels);
}

// In cycles of a processor with tiles, more or less, for one row.
double ByteReading::cost() const {
    constexpr double kTileCycles = 16, kCopiedPerCycle = 8, kWovenPerCycle = 6, kGroupCycles = 3;
    constexpr int64_t kSmallKnot = 32;
    const int64_t tiles =
        shape.strides == kOnes
            ? divide_up(shape.result_height * shape.width, PositionTiles::kRows)
            : shape.result_height * divide_up(shape.result_width, PositionTiles::kRows);
    double cycles = static_cast<double>(tiles * panels * taps * pieces_per_tap) * kTileCycles;
    if (copies)
        cycles +=
            static_cast<double>(plane_height * plane_width * origin.channels) / kCopiedPerCycle;
    if (!weave.is_active()) return cycles;
    const int64_t groups = shape.height * shape.width;
    if (shape.channels > kSmallKnot)
        return cycles + static_cast<double>(groups * weave.lines) * kGroupCycles;
    return cycles + static_cast<double>(groups * shape.channels) / kWovenPerCycle;
}

int64_t ByteReading::tap_offset(int64_t tap) const {
    const int64_t columns = taps / shape.kernel[0];
    return (tap / columns * shape.dilations[0] * shape.width + tap % columns * shape.dilations[1]) *
           shape.channels;
}

size_t ByteReading::packed_bytes() const {
    return panels * kPanelChannels * position_bytes();
}

int ByteReading::packing_kind() const {
    constexpr int kOurs = 1 << 24, kWeaves = 1 << 20;
    const auto woven = static_cast<int>(weave.lines % 8 * 2 + weave.pixels - 1);
    return kOurs + woven * kWeaves +
           static_cast<int>(pieces_per_tap * BytePieces::kMost + piece_bytes - 1);
}

int64_t ByteReading::weight_at(int64_t byte) const {
    const int64_t in = byte % channels_;
    const int64_t pixel = byte / channels_ % weave.pixels;
    const int64_t line = byte / channels_ / weave.pixels % weave.lines;
    const int64_t place = byte / (channels_ * weave.pixels * weave.lines);
    const int64_t columns = divide_up(kernel_[1], weave.pixels);
    const int64_t y = place / columns * weave.advance + line;
    const int64_t x = place % columns * weave.pixels + pixel;
    if (y >= kernel_[0] || x >= kernel_[1]) return -1;
    return (in * kernel_[0] + y) * kernel_[1] + x;
}

void ByteReading::pack(const int8_t* weights, int8_t* packed) const {
    std::memset(packed, 0, packed_bytes());
    const int64_t inner = channels_ * kernel_[0] * kernel_[1];
    for (int64_t byte = 0; byte < taps * tap_bytes; ++byte) {
        const int64_t from = weight_at(byte);
        if (from < 0) continue;
        const int64_t at = byte / tap_bytes * padded_tap() + byte % tap_bytes;
        for (int64_t out = 0; out < shape.result_channels; ++out)
            packed[out / kPanelChannels * kPanelChannels * position_bytes() +
                   (at / 4 * kPanelChannels + out % kPanelChannels) * 4 + at % 4] =
                weights[out * inner + from];
    }
}

}  // namespace facet::cpu
