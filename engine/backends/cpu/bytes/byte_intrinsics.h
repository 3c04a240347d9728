// SPDX-License-Identifier: MIT
// Intrinsics of the byte loops and the attributes of functions that use them; for .cpp files here.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__)
// GCC's own header starts from registers it leaves undefined (its bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop
#define FACET_HAS_BYTE_KERNELS 1
#define FACET_BYTES_TARGET "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma"
#define FACET_BYTES __attribute__((target(FACET_BYTES_TARGET)))
#define FACET_BYTES_INLINE __attribute__((target(FACET_BYTES_TARGET), always_inline)) inline
#define FACET_PERMUTES_TARGET FACET_BYTES_TARGET ",avx512vbmi"
#define FACET_PERMUTES __attribute__((target(FACET_PERMUTES_TARGET)))
#define FACET_PERMUTES_INLINE __attribute__((target(FACET_PERMUTES_TARGET), always_inline)) inline
#define FACET_TILES __attribute__((target(FACET_BYTES_TARGET ",amx-tile,amx-int8")))

namespace facet::cpu {

// May functions marked FACET_PERMUTES run here?
inline bool has_byte_permutations() {
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("avx512vbmi");
}

}  // namespace facet::cpu
#endif
