// SPDX-License-Identifier: MIT
// Linear resize of height and width. For each row and each column of the result, `lower` names the
// first of the two it mixes and `shares` the second one's weight: OUT_H entries, then OUT_W.
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
                     __global const int* restrict lower,
                     __global const float* restrict shares CHAIN_PARAMS, int rows) {
    const int i = get_global_id(0);
    if (i >= rows * ITEM_ELEMENTS) return;
    const int out_x = OUT_H + i % OUT_W;
    const int out_y = i / OUT_W % OUT_H;
    const int base = i / (OUT_W * OUT_H) * (IN_W * IN_H);
    const int low = base + lower[out_y] * IN_W;
    const int high = base + min(lower[out_y] + 1, IN_H - 1) * IN_W;
    const int left = lower[out_x];
    const int right = min(left + 1, IN_W - 1);
    const float share_x = shares[out_x];
    const float share_y = shares[out_y];
    const float above = X_LOAD(x, low + left) * (1.0f - share_x) + X_LOAD(x, low + right) * share_x;
    const float below =
        X_LOAD(x, high + left) * (1.0f - share_x) + X_LOAD(x, high + right) * share_x;
    Y_STORE(y, i, CHAIN(above * (1.0f - share_y) + below * share_y, i, CHANNEL(i)));
}
