// SPDX-License-Identifier: MIT
// One loop, compiled for several generations of a processor; the right one is chosen when the
// program starts.
#pragma once

// Needs GCC and glibc's indirect functions, which run before thread sanitizer is ready for them.
// Elsewhere the loop is compiled once.
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define FACET_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
// Of loops over 16-bit numbers, for which AVX-512F has no instructions.
#define FACET_MULTIVERSION_WORDS __attribute__((target_clones("avx2", "default")))
#else
#define FACET_MULTIVERSION
#define FACET_MULTIVERSION_WORDS
#endif
