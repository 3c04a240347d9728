// SPDX-License-Identifier: MIT
// The matrix unit of NVIDIA's devices from compute capability 8.0 on: a warp multiplies 16 x 16 by
// 16 x 8 halves and adds to floats (PTX ISA, "Matrix Fragments for mma.m16n8k16").
#define MATRIX_UNROLL 1
#define MATRIX_SCRATCH
#define MULTIPLY_FRAGMENTS(sum, a, b) multiply_fragments((sum), (a), (b))
static inline float4 multiply_fragments(float4 sum, uint4 a, uint2 b) {
    float d0, d1, d2, d3;
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%10, %11, %12, %13};"
        : "=f"(d0), "=f"(d1), "=f"(d2), "=f"(d3)
        : "r"(a.x), "r"(a.y), "r"(a.z), "r"(a.w), "r"(b.x), "r"(b.y), "f"(sum.x), "f"(sum.y),
          "f"(sum.z), "f"(sum.w));
    return (float4)(d0, d1, d2, d3);
}
