// SPDX-License-Identifier: MIT
// Convolution as implicit GEMM: a work group computes TILE_M output pixels (of one or several
// images) by TILE_N channels, TILE_K products at a time through local memory, WORK_M x WORK_N
// results per work item in registers. The sum runs in the order of k for every tile size, so that a
// result is the same to the bit whichever tile computed it.
//
// k = (kernel row, kernel column, input channel). Weights lie as [group][k][TILE_N-padded channel].
// Work items: (LANES_M * LANES_N) x pixels / TILE_M, channels / TILE_N, groups.
__kernel __attribute__((reqd_work_group_size(LANES_M * LANES_N, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
    __global const W_TYPE* restrict weights CHAIN_PARAMS, int rows) {
    __local float pixels[TILE_K][TILE_M];
    __local float filters[TILE_K][TILE_N];
    const int lane = get_local_id(0);
    const int first_m = get_group_id(0) * TILE_M;
    const int first_n = get_group_id(1) * TILE_N;
    const int group = get_group_id(2);
    const int total = rows * ITEM_PIXELS;

    // The pixel this work item fetches, for every LOAD_STEP-th k.
    const int load_m = first_m + lane % TILE_M;
    const int load_k = lane / TILE_M;
    const int load_pixel = load_m % OUT_PIXELS;
    const int in_y = load_m < total ? load_pixel / OUT_W * STRIDE_H - PAD_TOP : -OUTSIDE;
    const int in_x = load_pixel % OUT_W * STRIDE_W - PAD_LEFT;
    const int load_base = X_OFFSET + load_m / OUT_PIXELS * X_ITEM + group * IN_CHANNELS * X_CHANNEL;
    const int weight_base = group * PADDED_K * PADDED_N + first_n;

    const int lane_m = lane % LANES_M;
    const int lane_n = lane / LANES_M * WORK_N;
    float sum[WORK_M][WORK_N];
    for (int m = 0; m < WORK_M; ++m)
        for (int n = 0; n < WORK_N; ++n) sum[m][n] = 0.0f;

    for (int k0 = 0; k0 < PADDED_K; k0 += TILE_K) {
#if IN_CHANNELS % TILE_K == 0
        // All of the tile's k belong to one place of the kernel.
        const int tap = k0 / IN_CHANNELS;
        const int at_y = in_y + tap / KERNEL_W * DILATION_H;
        const int at_x = in_x + tap % KERNEL_W * DILATION_W;
        const bool inside = at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
        const int tap_base =
            load_base + at_y * X_ROW + at_x * X_COLUMN + (k0 % IN_CHANNELS + load_k) * X_CHANNEL;
#pragma unroll
        for (int step = 0; step < TILE_K / LOAD_STEP; ++step)
            pixels[load_k + step * LOAD_STEP][lane % TILE_M] =
                inside ? X_LOAD(x, tap_base + step * LOAD_STEP * X_CHANNEL) : 0.0f;
#else
#pragma unroll
        for (int step = 0; step < TILE_K / LOAD_STEP; ++step) {
            const int k = k0 + load_k + step * LOAD_STEP;
            const int tap = k / IN_CHANNELS;
            const int at_y = in_y + tap / KERNEL_W * DILATION_H;
            const int at_x = in_x + tap % KERNEL_W * DILATION_W;
            const bool inside = k < K && at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
            const int at = load_base + at_y * X_ROW + at_x * X_COLUMN + k % IN_CHANNELS * X_CHANNEL;
            pixels[load_k + step * LOAD_STEP][lane % TILE_M] = inside ? X_LOAD(x, at) : 0.0f;
        }
#endif
#pragma unroll
        for (int step = 0; step < TILE_K * TILE_N / (LANES_M * LANES_N); ++step) {
            const int at = lane + step * LANES_M * LANES_N;
            filters[at / TILE_N][at % TILE_N] =
                W_LOAD(weights, weight_base + (k0 + at / TILE_N) * PADDED_N + at % TILE_N);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#if UNROLL
#pragma unroll
#endif
        for (int k = 0; k < TILE_K; ++k) {
            float pixel[WORK_M], filter[WORK_N];
#pragma unroll
            for (int m = 0; m < WORK_M; ++m) pixel[m] = pixels[k][lane_m + m * LANES_M];
#pragma unroll
            for (int n = 0; n < WORK_N; ++n) filter[n] = filters[k][lane_n + n];
#pragma unroll
            for (int m = 0; m < WORK_M; ++m)
#pragma unroll
                for (int n = 0; n < WORK_N; ++n)
                    sum[m][n] = MULTIPLY_ADD(pixel[m], filter[n], sum[m][n]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (int m = 0; m < WORK_M; ++m) {
        const int at_m = first_m + lane_m + m * LANES_M;
        if (at_m >= total) continue;
        const int base = at_m / OUT_PIXELS * Y_ITEM + at_m % OUT_PIXELS;
#pragma unroll
        for (int n = 0; n < WORK_N; ++n) {
            const int in_group = first_n + lane_n + n;
            if (in_group >= OUT_CHANNELS) continue;
            const int channel = group * OUT_CHANNELS + in_group;
            const int i = base + channel * OUT_PIXELS;
            Y_STORE(y, i, CHAIN(sum[m][n], i, CHANNEL(i, channel)));
        }
    }
}
