// SPDX-License-Identifier: MIT
// Reductions over any axes: one result per work item, or, when SHARED, per work group of GROUP that
// adds up in a fixed order.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x CHAIN_PARAMS, int rows) {
#if SHARED
    const int i = get_group_id(0);
    const int lane = get_local_id(0);
    const int lanes = GROUP;
#else
    const int i = get_global_id(0);
    const int lane = 0;
    const int lanes = 1;
#endif
    if (i >= rows * ITEM_ELEMENTS) return;
    const int base = X_INDEX(i);
    float result = NEUTRAL;
    for (int r = lane; r < COUNT; r += lanes) {
        const float value = X_LOAD(x, base + REDUCED_INDEX(r));
        result = COMBINE(result, TAKE(value));
    }
#if SHARED
    __local float partial[GROUP];
    partial[lane] = result;
    for (int others = GROUP / 2; others > 0; others /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < others) partial[lane] = COMBINE(partial[lane], partial[lane + others]);
    }
    result = partial[0];
    if (lane > 0) return;
#endif
    Y_STORE(y, i, CHAIN(FINISH(result), i, CHANNEL(i)));
}
