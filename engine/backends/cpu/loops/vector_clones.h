// SPDX-License-Identifier: MIT
// Functions compiled for several widths of vector registers; the loader picks.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define FACET_VECTOR_CLONES __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define FACET_VECTOR_CLONES
#endif
