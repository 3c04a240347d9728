// SPDX-License-Identifier: MIT
// Local response normalisation over neighbouring channels: one result per work item.
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x CHAIN_PARAMS,
                     int rows) {
    const int i = get_global_id(0);
    if (i >= rows * ITEM_ELEMENTS) return;
    const int channel = i / PIXELS % CHANNELS;
    const int first = max(channel - BEFORE, 0);
    const int last = min(channel + AFTER, CHANNELS - 1);
    float sum = 0.0f;
    for (int c = first; c <= last; ++c) {
        const float value = X_LOAD(x, i + (c - channel) * PIXELS);
        sum = MULTIPLY_ADD(value, value, sum);
    }
    const float value = X_LOAD(x, i) / pow(BIAS + SCALE * sum, BETA);
    Y_STORE(y, i, CHAIN(value, i, channel));
}
