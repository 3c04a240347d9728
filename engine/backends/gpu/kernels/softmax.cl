// SPDX-License-Identifier: MIT
// Softmax over LENGTH elements that lie INNER apart: one such line per work item.
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x CHAIN_PARAMS,
                     int rows) {
    const int line = get_global_id(0);
    if (line >= rows * ITEM_LINES) return;
    const int base = line / INNER * (LENGTH * INNER) + line % INNER;
    float peak = X_LOAD(x, base);
    for (int k = 1; k < LENGTH; ++k) peak = fmax(peak, X_LOAD(x, base + k * INNER));
    float sum = 0.0f;
    for (int k = 0; k < LENGTH; ++k) sum += exp(X_LOAD(x, base + k * INNER) - peak);
    const float scale = LOGARITHM ? log(sum) : 1.0f / sum;
    for (int k = 0; k < LENGTH; ++k) {
        const int i = base + k * INNER;
        const float value = X_LOAD(x, i) - peak;
        Y_STORE(y, i, CHAIN(LOGARITHM ? value - scale : exp(value) * scale, i, CHANNEL(i)));
    }
}
