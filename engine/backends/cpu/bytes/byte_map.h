// SPDX-License-Identifier: MIT
// Bytes through tables.
#pragma once

#include <cstdint>

namespace facet::cpu {

// y[i] = tables[256 (i % channels) + x[i]] for `positions` times `channels` bytes; one or three
// channels go through vectors where the processor has byte permutations (AVX-512 VBMI).
void map_bytes(const uint8_t* tables, int64_t channels, const uint8_t* x, uint8_t* y,
               int64_t positions);
void map_bytes_plain(const uint8_t* tables, int64_t channels, const uint8_t* x, uint8_t* y,
                     int64_t positions);

}  // namespace facet::cpu
