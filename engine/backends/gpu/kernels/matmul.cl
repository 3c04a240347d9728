// SPDX-License-Identifier: MIT
// Matrix products of any stacking: one result per work item.
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
                     __global const W_TYPE* restrict w CHAIN_PARAMS, int rows) {
    const int i = get_global_id(0);
    if (i >= rows * ITEM_ELEMENTS) return;
    const int left = X_INDEX(i);
    const int right = W_INDEX(i);
    float sum = 0.0f;
    for (int k = 0; k < K; ++k)
        sum = MULTIPLY_ADD(X_LOAD(x, left + k * X_K), W_LOAD(w, right + k * W_K), sum);
    Y_STORE(y, i, CHAIN(sum, i, CHANNEL(i)));
}
