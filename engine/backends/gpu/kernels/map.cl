// SPDX-License-Identifier: MIT
// One element of the result per work item, read from wherever VALUE says: every copy, cut,
// permutation, padding and element-wise chain.
__kernel void KERNEL(__global Y_TYPE* restrict y,
                     __global const X_TYPE* restrict x TABLE_PARAMS CHAIN_PARAMS, int rows) {
    const int i = get_global_id(0);
    if (i >= rows * ITEM_ELEMENTS) return;
    const float v = VALUE(i);
    Y_STORE(y, Y_INDEX(i), CHAIN(v, i, CHANNEL(i)));
}
