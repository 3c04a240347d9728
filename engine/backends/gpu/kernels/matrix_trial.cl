// SPDX-License-Identifier: MIT
// One product of 16 x 16 by 16 x 8 halves by one warp, for the trial at load: every fragment is
// loaded and stored as kernels/conv_matrix.cl does it.
#define LANES 32
__kernel __attribute__((reqd_work_group_size(32, 1, 1))) void matrix_trial(
    __global float* restrict result, __global const uint4* restrict left,
    __global const uint* restrict right) {
    MATRIX_SCRATCH
    const int lane = get_local_id(0);
    const int group = lane / 4;
    const int member = lane % 4;
    // `right` lies as [pair of k][column].
    const uint2 b = (uint2)(right[member * 8 + group], right[(member + 4) * 8 + group]);
    const float4 sum = MULTIPLY_FRAGMENTS((float4)(0.5f), left[lane], b);
    result[group * 8 + member * 2] = sum.x;
    result[group * 8 + member * 2 + 1] = sum.y;
    result[(group + 8) * 8 + member * 2] = sum.z;
    result[(group + 8) * 8 + member * 2 + 1] = sum.w;
}
