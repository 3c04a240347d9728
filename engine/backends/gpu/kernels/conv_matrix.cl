// SPDX-License-Identifier: MIT
// Convolution as implicit GEMM on a matrix unit (MULTIPLY_FRAGMENTS, halves in, floats added up): a
// work group computes TILE_M output pixels by TILE_N channels with warps of 32 work items, WARPS_M
// of them along the pixels; each holds BLOCKS_N x BLOCKS_M blocks of 16 channels x 8 pixels.
//
// Pixels come through local memory as pairs along k, [pair][pixel]; BANK_SHIFT puts a fragment's
// four pairs into different banks. Weights lie in global memory as fragments, so that a warp reads
// one in a piece: [group][16 channels][16 products][lane]. k = (kernel row, kernel column, input
// channel), as in conv_gemm.cl. While a tile is multiplied the next is on its way to registers.
// Work items: LANES x pixels / TILE_M, channels / TILE_N, groups.
#define BANK_SHIFT 8
#define PAIR_LOADS (TILE_K / 2 / LOAD_STEP)
#define STEPS_K (TILE_K / 16)
__kernel __attribute__((reqd_work_group_size(LANES, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
    __global const uint4* restrict weights CHAIN_PARAMS, int rows) {
    __local uint pixels[TILE_K / 2][TILE_M + BANK_SHIFT];
    MATRIX_SCRATCH
    const int item = get_local_id(0);
    const int lane = item % 32;
    const int warp = item / 32;
    const int first_m = get_group_id(0) * TILE_M;
    const int first_n = get_group_id(1) * TILE_N;
    const int group = get_group_id(2);
    const int total = rows * ITEM_PIXELS;

    // The pixel this work item fetches, for every LOAD_STEP-th pair along k.
    const int load_m = first_m + item % TILE_M;
    const int load_pair = item / TILE_M;
    const int load_pixel = load_m % OUT_PIXELS;
    const int in_y = load_m < total ? load_pixel / OUT_W * STRIDE_H - PAD_TOP : -OUTSIDE;
    const int in_x = load_pixel % OUT_W * STRIDE_W - PAD_LEFT;
    const int load_base = X_OFFSET + load_m / OUT_PIXELS * X_ITEM + group * IN_CHANNELS * X_CHANNEL;

    // A fragment's columns are its pixels: lane / 4 when it is read, lane % 4 pairs in the result.
    const int warp_m = warp % WARPS_M * (8 * BLOCKS_M);
    const int warp_n = warp / WARPS_M * (16 * BLOCKS_N);
    const int block_n = group * BLOCKS_OF_CHANNELS + (first_n + warp_n) / 16;
    float4 sum[BLOCKS_N][BLOCKS_M];
#pragma unroll
    for (int n = 0; n < BLOCKS_N; ++n)
#pragma unroll
        for (int m = 0; m < BLOCKS_M; ++m) sum[n][m] = (float4)(0.0f);

    uint next_pair[PAIR_LOADS];
    uint4 filter[STEPS_K][BLOCKS_N], next_filter[STEPS_K][BLOCKS_N];
    for (int tile = -1; tile < TILES_K; ++tile) {
        if (tile + 1 < TILES_K) {
            const int k0 = (tile + 1) * TILE_K;
#if IN_CHANNELS % TILE_K == 0
            // All of the tile's k belong to one place of the kernel.
            const int tap = k0 / IN_CHANNELS;
            const int at_y = in_y + tap / KERNEL_W * DILATION_H;
            const int at_x = in_x + tap % KERNEL_W * DILATION_W;
            const bool inside = at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
            const int at = load_base + at_y * X_ROW + at_x * X_COLUMN +
                           (k0 % IN_CHANNELS + 2 * load_pair) * X_CHANNEL;
#pragma unroll
            for (int step = 0; step < PAIR_LOADS; ++step) {
                const int low = at + step * 2 * LOAD_STEP * X_CHANNEL;
                next_pair[step] =
                    inside ? X_BITS(x, low) | (uint)X_BITS(x, low + X_CHANNEL) << 16 : 0;
            }
#else
#pragma unroll
            for (int step = 0; step < PAIR_LOADS; ++step) {
                uint pair = 0;
#pragma unroll
                for (int half_of_pair = 0; half_of_pair < 2; ++half_of_pair) {
                    const int k = k0 + 2 * (load_pair + step * LOAD_STEP) + half_of_pair;
                    const int tap = k / IN_CHANNELS;
                    const int at_y = in_y + tap / KERNEL_W * DILATION_H;
                    const int at_x = in_x + tap % KERNEL_W * DILATION_W;
                    const int at =
                        load_base + at_y * X_ROW + at_x * X_COLUMN + k % IN_CHANNELS * X_CHANNEL;
                    if (k < K && at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W)
                        pair |= (uint)X_BITS(x, at) << (16 * half_of_pair);
                }
                next_pair[step] = pair;
            }
#endif
#pragma unroll
            for (int step = 0; step < STEPS_K; ++step)
#pragma unroll
                for (int n = 0; n < BLOCKS_N; ++n)
                    next_filter[step][n] =
                        weights[((block_n + n) * STEPS_OF_K + k0 / 16 + step) * 32 + lane];
        }
        if (tile >= 0) {
#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
            for (int step = 0; step < STEPS_K; ++step)
#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
                for (int m = 0; m < BLOCKS_M; ++m) {
                    const int column = warp_m + m * 8 + lane / 4;
                    const int pair = step * 8 + lane % 4;
                    const uint2 b = (uint2)(pixels[pair][column], pixels[pair + 4][column]);
#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
                    for (int n = 0; n < BLOCKS_N; ++n)
                        sum[n][m] = MULTIPLY_FRAGMENTS(sum[n][m], filter[step][n], b);
                }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (tile + 1 < TILES_K) {
#pragma unroll
            for (int step = 0; step < PAIR_LOADS; ++step)
                pixels[load_pair + step * LOAD_STEP][item % TILE_M] = next_pair[step];
#pragma unroll
            for (int step = 0; step < STEPS_K; ++step)
#pragma unroll
                for (int n = 0; n < BLOCKS_N; ++n) filter[step][n] = next_filter[step][n];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
    for (int m = 0; m < BLOCKS_M; ++m)
#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
        for (int column = 0; column < 2; ++column) {
            const int at_m = first_m + warp_m + m * 8 + lane % 4 * 2 + column;
            if (at_m >= total) continue;
            const int base = at_m / OUT_PIXELS * Y_ITEM + at_m % OUT_PIXELS;
#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
            for (int n = 0; n < BLOCKS_N; ++n)
#if MATRIX_UNROLL
#pragma unroll
#else
#pragma nounroll
#endif
                for (int row = 0; row < 2; ++row) {
                    const int in_group = first_n + warp_n + n * 16 + lane / 4 + row * 8;
                    if (in_group >= OUT_CHANNELS) continue;
                    const float4 four = sum[n][m];
                    const float value = row == 0 ? (column == 0 ? four.x : four.y)
                                                 : (column == 0 ? four.z : four.w);
                    const int channel = group * OUT_CHANNELS + in_group;
                    const int i = base + channel * OUT_PIXELS;
                    Y_STORE(y, i, CHAIN(value, i, CHANNEL(i, channel)));
                }
        }
}
#undef BANK_SHIFT
#undef PAIR_LOADS
#undef STEPS_K
