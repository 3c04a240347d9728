// SPDX-License-Identifier: MIT
// 3x3 convolution of stride 1 by Winograd's F(2x2, 3x3) (Lavin and Gray, "Fast algorithms for
// convolutional neural networks"): 2x2 results from a patch of 4x4 with 16 products per channel
// instead of 36. A work group computes TILE_T patches by TILE_N channels: it transforms the patches
// of TILE_C channels into local memory, and multiplies them by the transformed filters, a sixteenth
// of its work items for each of the 16 places, WORK_T x WORK_N results in registers.
//
// Filters lie transformed as [group][input channel][place][PADDED_N]. Sums run along the channels
// in order, so results are the same to the bit from run to run. Work items: LANES x patches /
// TILE_T, channels / TILE_N, groups.
#define LANES_T (TILE_T / WORK_T)
#define LANES_N (TILE_N / WORK_N)
#define PATCH_LOADS (TILE_T * TILE_C / LANES)
#define FILTER_ROWS (16 * TILE_C * TILE_N / LANES)
#define PASS_N (TILE_N / PASSES)
// Half a row more per place: the two places of 32 work items lie in different banks.
#define PLACE_T (TILE_C * TILE_T + 16)
#define PLACE_N (TILE_C * TILE_N + 16)
// Of work item `own`: four neighbours at a time.
#define OWN_T(own, t) ((t) / 4 * (4 * LANES_T) + (own)*4 + (t) % 4)
#define OWN_N(own, n) ((n) / 4 * (4 * LANES_N) + (own)*4 + (n) % 4)
__kernel __attribute__((reqd_work_group_size(LANES, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
    __global const W_TYPE* restrict weights CHAIN_PARAMS, int rows) {
    // The patches and the filters; later the products, of TILE_N / PASSES channels at a time.
    __local float shared[16 * (PLACE_T + PLACE_N)] __attribute__((aligned(16)));
    __local float* patches = shared;                 // [place][channel][patch]
    __local float* filters = shared + 16 * PLACE_T;  // [place][channel][output channel]
    const int lane = get_local_id(0);
    const int first_t = get_group_id(0) * TILE_T;
    const int first_n = get_group_id(1) * TILE_N;
    const int group = get_group_id(2);
    const int total = rows * ITEM_PATCHES;
    const int place = lane / (LANES_T * LANES_N);
    const int own_t = lane % LANES_T;
    const int own_n = lane / LANES_T % LANES_N;
    float sum[WORK_T][WORK_N];
#pragma unroll
    for (int t = 0; t < WORK_T; ++t)
#pragma unroll
        for (int n = 0; n < WORK_N; ++n) sum[t][n] = 0.0f;

    for (int c0 = 0; c0 < IN_CHANNELS; c0 += TILE_C) {
        for (int load = 0; load < PATCH_LOADS; ++load) {
            const int t = (lane + load * LANES) % TILE_T;
            const int c = (lane + load * LANES) / TILE_T;
            const int patch = first_t + t;
            const int in_item = patch % ITEM_PATCHES;
            const int in_y = in_item / PATCHES_W * 2 - PAD_TOP;
            const int in_x = in_item % PATCHES_W * 2 - PAD_LEFT;
            const int base = X_OFFSET + patch / ITEM_PATCHES * X_ITEM +
                             (group * IN_CHANNELS + c0 + c) * X_CHANNEL;
            const bool exists = patch < total && c0 + c < IN_CHANNELS;
            float half_way[4][4];  // B^T d
#pragma unroll
            for (int column = 0; column < 4; ++column) {
                float d[4];
                const int at_x = in_x + column;
#pragma unroll
                for (int row = 0; row < 4; ++row) {
                    const int at_y = in_y + row;
                    const bool inside =
                        exists && at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
                    d[row] = inside ? X_LOAD(x, base + at_y * X_ROW + at_x * X_COLUMN) : 0.0f;
                }
                half_way[0][column] = d[0] - d[2];
                half_way[1][column] = d[1] + d[2];
                half_way[2][column] = d[2] - d[1];
                half_way[3][column] = d[1] - d[3];
            }
#pragma unroll
            for (int row = 0; row < 4; ++row) {
                const float* h = half_way[row];
                __local float* to = patches + row * 4 * PLACE_T + c * TILE_T + t;
                to[0] = h[0] - h[2];
                to[PLACE_T] = h[1] + h[2];
                to[2 * PLACE_T] = h[2] - h[1];
                to[3 * PLACE_T] = h[1] - h[3];
            }
        }
        for (int load = 0; load < FILTER_ROWS; ++load) {
            const int at = lane + load * LANES;
            const int n = at % TILE_N;
            const int c = at / TILE_N % TILE_C;
            const int of_place = at / (TILE_N * TILE_C);
            const int from = ((group * PADDED_C + c0 + c) * 16 + of_place) * PADDED_N + first_n + n;
            filters[of_place * PLACE_N + c * TILE_N + n] = W_LOAD(weights, from);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
#if UNROLL
#pragma unroll
#endif
        for (int c = 0; c < TILE_C; ++c) {
            const __local float4* pixel_row =
                (const __local float4*)(patches + place * PLACE_T + c * TILE_T) + own_t;
            const __local float4* filter_row =
                (const __local float4*)(filters + place * PLACE_N + c * TILE_N) + own_n;
            float pixel[WORK_T], filter[WORK_N];
#pragma unroll
            for (int t = 0; t < WORK_T / 4; ++t) vstore4(pixel_row[t * LANES_T], t, pixel);
#pragma unroll
            for (int n = 0; n < WORK_N / 4; ++n) vstore4(filter_row[n * LANES_N], n, filter);
#pragma unroll
            for (int t = 0; t < WORK_T; ++t)
#pragma unroll
                for (int n = 0; n < WORK_N; ++n)
                    sum[t][n] = MULTIPLY_ADD(pixel[t], filter[n], sum[t][n]);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#pragma unroll
    for (int pass = 0; pass < PASSES; ++pass) {
        // Products as [place][channel of the pass][patch].
#pragma unroll
        for (int n = 0; n < WORK_N; ++n) {
            const int channel = OWN_N(own_n, n) - pass * PASS_N;
            if (channel >= 0 && channel < PASS_N) {
#pragma unroll
                for (int t = 0; t < WORK_T; ++t)
                    shared[(place * PASS_N + channel) * TILE_T + OWN_T(own_t, t)] = sum[t][n];
            }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        for (int at = lane; at < TILE_T * PASS_N; at += LANES) {
            const int patch = first_t + at % TILE_T;
            const int in_group = first_n + pass * PASS_N + at / TILE_T;
            if (patch >= total || in_group >= OUT_CHANNELS) continue;
            float half_way[2][4];  // A^T m
#pragma unroll
            for (int column = 0; column < 4; ++column) {
                const __local float* m = shared + column * PASS_N * TILE_T + at;
                const float m1 = m[4 * PASS_N * TILE_T];
                const float m2 = m[8 * PASS_N * TILE_T];
                half_way[0][column] = m[0] + m1 + m2;
                half_way[1][column] = m1 - m2 - m[12 * PASS_N * TILE_T];
            }
            const int in_item = patch % ITEM_PATCHES;
            const int channel = group * OUT_CHANNELS + in_group;
            const int base = patch / ITEM_PATCHES * Y_ITEM + channel * OUT_PIXELS;
#pragma unroll
            for (int row = 0; row < 2; ++row)
#pragma unroll
                for (int column = 0; column < 2; ++column) {
                    const int out_y = in_item / PATCHES_W * 2 + row;
                    const int out_x = in_item % PATCHES_W * 2 + column;
                    if (out_y >= OUT_H || out_x >= OUT_W) continue;
                    const float* h = half_way[row];
                    const float value = column == 0 ? h[0] + h[1] + h[2] : h[1] - h[2] - h[3];
                    const int i = base + out_y * OUT_W + out_x;
                    Y_STORE(y, i, CHAIN(value, i, CHANNEL(i, channel)));
                }
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}
#undef LANES_T
#undef LANES_N
#undef PATCH_LOADS
#undef FILTER_ROWS
#undef PASS_N
#undef PLACE_T
#undef PLACE_N
#undef OWN_T
#undef OWN_N
