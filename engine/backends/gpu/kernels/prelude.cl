// SPDX-License-Identifier: MIT
// What every kernel shares: elements of any storage read and written as float.
#define LOAD_U8(p, i) convert_float((p)[i])
#define LOAD_F32(p, i) ((p)[i])
// These two are core OpenCL: halves are stored without cl_khr_fp16 as well, and computed as float.
#define LOAD_F16(p, i) vload_half((i), (p))
// The same as the bits of a half, whatever they are stored as.
#define BITS_U8(p, i) half_bits(convert_float((p)[i]))
#define BITS_F32(p, i) half_bits((p)[i])
#define BITS_F16(p, i) (((__global const ushort*)(p))[i])
#define STORE_F32(p, i, v) ((p)[i] = (v))
#define STORE_F16(p, i, v) vstore_half_rte((v), (i), (p))

#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD(a, b, c) fma((a), (b), (c))
#else
#define MULTIPLY_ADD(a, b, c) mad((a), (b), (c))
#endif

static inline ushort half_bits(float value) {
    ushort bits;
    vstore_half_rte(value, 0, (half*)&bits);
    return bits;
}

static inline float soft_plus(float x) {
    return fmax(x, 0.0f) + log1p(exp(-fabs(x)));
}
