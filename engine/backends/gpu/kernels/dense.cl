// SPDX-License-Identifier: MIT
// Fully connected, for few rows: a work group of LANES shares the sum of one column for ROW_TILE
// rows; its reads run along k. x lies as [row][K], weights as [column][K].
__kernel __attribute__((reqd_work_group_size(LANES, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
    __global const W_TYPE* restrict weights CHAIN_PARAMS, int rows) {
    __local float partial[ROW_TILE][LANES];
    const int lane = get_local_id(0);
    const int column = get_group_id(0);
    const int first = get_group_id(1) * ROW_TILE;
    const int last = rows * ITEM_ROWS - 1;
    float sum[ROW_TILE];
#pragma unroll
    for (int r = 0; r < ROW_TILE; ++r) sum[r] = 0.0f;
    for (int k = lane; k < K; k += LANES) {
        const float weight = W_LOAD(weights, column * K + k);
#pragma unroll
        for (int r = 0; r < ROW_TILE; ++r)
            sum[r] = MULTIPLY_ADD(X_LOAD(x, min(first + r, last) * K + k), weight, sum[r]);
    }
#pragma unroll
    for (int r = 0; r < ROW_TILE; ++r) partial[r][lane] = sum[r];
    for (int others = LANES / 2; others > 0; others /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < others)
            for (int r = 0; r < ROW_TILE; ++r) partial[r][lane] += partial[r][lane + others];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane >= ROW_TILE || first + lane > last) return;
    const int i = (first + lane) * COLUMNS + column;
    Y_STORE(y, i, CHAIN(partial[lane][0], i, CHANNEL(i, column)));
}
