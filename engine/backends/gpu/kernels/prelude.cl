// SPDX-License-Identifier: MIT
// What every kernel shares: elements of any storage read and written as float.
#define LOAD_U8(p, i) convert_float((p)[i])
#define LOAD_F32(p, i) ((p)[i])
// These two are core OpenCL: halves are stored without cl_khr_fp16 as well, and computed as float.
#define LOAD_F16(p, i) vload_half((i), (p))
#define STORE_F32(p, i, v) ((p)[i] = (v))
#define STORE_F16(p, i, v) vstore_half_rte((v), (i), (p))

#ifdef FP_FAST_FMAF
#define MULTIPLY_ADD(a, b, c) fma((a), (b), (c))
#else
#define MULTIPLY_ADD(a, b, c) mad((a), (b), (c))
#endif

static inline float soft_plus(float x) {
    return fmax(x, 0.0f) + log1p(exp(-fabs(x)));
}
