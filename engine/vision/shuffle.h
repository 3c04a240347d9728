// SPDX-License-Identifier: MIT
// Gathering and scattering bytes by shuffles: what no compiler makes of a loop. Private to vision.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/vision/axis_taps.h"
#include "engine/vision/resample.h"

namespace facet {

// How a row of bytes becomes a row of bilinear outputs, planned once and used for every row: groups
// of 16 outputs, of which each half finds its bytes in one window of the row. Output o belongs to
// channel o % channels and takes the samples that `taps` names for position o / channels; sample s
// of a channel is byte offsets[channel] + s * step. Thread-bound.
class RowStretch {
  public:
    // `bytes`: of a row, all taps are inside. Precondition: `taps` is linear, 1 to 3 channels.
    void plan(const AxisTaps& taps, int channels, const std::array<int, 3>& offsets, int step,
              int bytes);
    // Reads the row's bytes and no more; writes outputs() rounded up to whole groups.
    void apply(const uint8_t* row, Fixed* values) const;
    // The same to the bit without shuffles.
    void apply_plain(const uint8_t* row, Fixed* values) const;

  private:
    static constexpr int kGroup = 16, kHalf = 8;
    int plan_windows();
    void plan_shuffles(int bias, uint8_t* shuffles) const;

    int bytes_ = 0;
    int reach_ = 0;                    // bytes of a window: 16 or 32; 0: no shuffles
    std::vector<int> first_, last_;    // byte of either tap, per output
    std::vector<int16_t> weights_;     // of the last tap, per output
    std::vector<int> starts_;          // of the windows
    std::vector<uint8_t> low_, high_;  // shuffles for bytes 0..15 and 16..31 of the windows
};

// Three rows of `count` bytes -> one of 3 * count.
void interleave(const uint8_t* first, const uint8_t* second, const uint8_t* third, size_t count,
                uint8_t* pixels);
void interleave_plain(const uint8_t* first, const uint8_t* second, const uint8_t* third,
                      size_t count, uint8_t* pixels);

}  // namespace facet
