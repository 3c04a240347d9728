// SPDX-License-Identifier: MIT
// Separable resampling in fixed point: the passes that apply an axis' weights. Private to vision.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/vision/axis_taps.h"

namespace facet {

// A sample's value on its way through the passes: sixty-fourths of a byte's step, 0..255 * 64.
// Whole numbers, so that every order of adding and every width of vector gives the same result.
using Fixed = int16_t;
inline constexpr int kFractionBits = 6;

// `value` * `factor` / 2^15, rounded. Written as the one instruction that vectors have for it.
inline int16_t scaled(int16_t value, int16_t factor) {
    return static_cast<int16_t>(((value * factor >> 14) + 1) >> 1);
}

// Output rows that are averaged side by side: columns are reduced for all of them at once, each in
// its lane, so that neighbouring elements take the same weight whatever the weights are.
inline constexpr int kLanes = 16;

// `bytes` columns of the rows of output `i` of `taps`, from `plane` (row 0) on, `stride` bytes
// apart -> one row. Scratch memory is per thread.
void resample_rows(const uint8_t* plane, ptrdiff_t stride, const AxisTaps& taps, int i,
                   size_t bytes, Fixed* row);

// upper + (lower - upper) * weight / 2^15; `count` is a multiple of 16.
void blend(const Fixed* upper, const Fixed* lower, int16_t weight, size_t count, Fixed* row);

// kLanes rows, `stride` elements apart -> `columns` columns of kLanes, and back; `columns` is a
// multiple of 8.
void rows_to_columns(const Fixed* rows, size_t stride, size_t columns, Fixed* result);
void columns_to_rows(const Fixed* columns, size_t count, Fixed* rows, size_t stride);

// Samples `step` columns apart, sample 0 at column `origin`, which may be negative as long as every
// sample that is used lies inside -> one column per output of `taps`, `apart` columns apart.
void resample_columns(const Fixed* columns, int origin, int step, const AxisTaps& taps,
                      Fixed* values, int apart);

}  // namespace facet
