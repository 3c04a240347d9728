// SPDX-License-Identifier: MIT
// Convolution as implicit GEMM: a work group computes TILE_M output pixels (of one or several
// images) by TILE_N channels, TILE_K products at a time through local memory, WORK_M x WORK_N
// results per work item in registers. While it computes with one tile, the next is on its way to
// registers. SLICES parts of the group take turns with the tiles along k and add up at the end:
// short sums for few pixels. Equal SLICES give a result that is the same to the bit.
//
// k = (kernel row, kernel column, input channel). Weights lie as [group][k][TILE_N-padded channel].
// Work items: SLICES * LANES x pixels / TILE_M, channels / TILE_N, groups.
__kernel __attribute__((reqd_work_group_size(SLICES * LANES, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
    __global const W_TYPE* restrict weights CHAIN_PARAMS, int rows) {
    __local float pixels[SLICES][TILE_K][TILE_M] __attribute__((aligned(16)));
    __local float filters[SLICES][TILE_K][TILE_N] __attribute__((aligned(16)));
    const int slice = get_local_id(0) / LANES;
    const int lane = get_local_id(0) % LANES;
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
    // Every loop over `sum` is unrolled, or it would lie in memory instead of in registers.
    float sum[WORK_M][WORK_N];
#pragma unroll
    for (int m = 0; m < WORK_M; ++m)
#pragma unroll
        for (int n = 0; n < WORK_N; ++n) sum[m][n] = 0.0f;

    float next_pixel[TILE_K / LOAD_STEP];
    float next_filter[FILTER_LOADS];
    for (int tile = -1; tile < TILES_K; ++tile) {
        if (tile + 1 < TILES_K) {
            const int k0 = ((tile + 1) * SLICES + slice) * TILE_K;
#if IN_CHANNELS % TILE_K == 0
            // All of the tile's k belong to one place of the kernel.
            const int tap = k0 / IN_CHANNELS;
            const int at_y = in_y + tap / KERNEL_W * DILATION_H;
            const int at_x = in_x + tap % KERNEL_W * DILATION_W;
            const bool inside = k0 < K && at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
            const int at = load_base + at_y * X_ROW + at_x * X_COLUMN +
                           (k0 % IN_CHANNELS + load_k) * X_CHANNEL;
#pragma unroll
            for (int step = 0; step < TILE_K / LOAD_STEP; ++step)
                next_pixel[step] = inside ? X_LOAD(x, at + step * LOAD_STEP * X_CHANNEL) : 0.0f;
#else
#pragma unroll
            for (int step = 0; step < TILE_K / LOAD_STEP; ++step) {
                const int k = k0 + load_k + step * LOAD_STEP;
                const int tap = k / IN_CHANNELS;
                const int at_y = in_y + tap / KERNEL_W * DILATION_H;
                const int at_x = in_x + tap % KERNEL_W * DILATION_W;
                const bool inside = k < K && at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
                const int at =
                    load_base + at_y * X_ROW + at_x * X_COLUMN + k % IN_CHANNELS * X_CHANNEL;
                next_pixel[step] = inside ? X_LOAD(x, at) : 0.0f;
            }
#endif
#pragma unroll
            for (int step = 0; step < FILTER_LOADS; ++step) {
                const int at = lane + step * LANES;
                const int k = k0 + at / TILE_N;
                const bool inside = SLICES == 1 || k < PADDED_K;
                next_filter[step] =
                    inside ? W_LOAD(weights, weight_base + k * PADDED_N + at % TILE_N) : 0.0f;
            }
        }
        if (tile >= 0) {
#if UNROLL
#pragma unroll
#endif
            for (int k = 0; k < TILE_K; ++k) {
                float pixel[WORK_M], filter[WORK_N];
#pragma unroll
                for (int m = 0; m < WORK_M; ++m) pixel[m] = pixels[slice][k][lane_m + m * LANES_M];
#pragma unroll
                for (int n = 0; n < WORK_N; ++n) filter[n] = filters[slice][k][lane_n + n];
#pragma unroll
                for (int m = 0; m < WORK_M; ++m)
#pragma unroll
                    for (int n = 0; n < WORK_N; ++n)
                        sum[m][n] = MULTIPLY_ADD(pixel[m], filter[n], sum[m][n]);
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (tile + 1 < TILES_K) {
#pragma unroll
            for (int step = 0; step < TILE_K / LOAD_STEP; ++step)
                pixels[slice][load_k + step * LOAD_STEP][lane % TILE_M] = next_pixel[step];
#pragma unroll
            for (int step = 0; step < FILTER_LOADS; ++step) {
                const int at = lane + step * LANES;
                filters[slice][at / TILE_N][at % TILE_N] = next_filter[step];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#if SLICES > 1
    __local float partial[SLICES - 1][WORK_M * WORK_N][LANES];
    if (slice > 0) {
#pragma unroll
        for (int m = 0; m < WORK_M; ++m)
#pragma unroll
            for (int n = 0; n < WORK_N; ++n) partial[slice - 1][m * WORK_N + n][lane] = sum[m][n];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (slice > 0) return;
    for (int other = 0; other < SLICES - 1; ++other)
#pragma unroll
        for (int m = 0; m < WORK_M; ++m)
#pragma unroll
            for (int n = 0; n < WORK_N; ++n) sum[m][n] += partial[other][m * WORK_N + n][lane];
#endif
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
