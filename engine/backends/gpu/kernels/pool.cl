// SPDX-License-Identifier: MIT
// Maximum and average pooling: one result per work item. With COUNT_PADDING the declared padding
// counts as zeros; what rounding up adds beyond END_H and END_W never counts.
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x CHAIN_PARAMS,
                     int rows) {
    const int i = get_global_id(0);
    if (i >= rows * Y_ITEM) return;
    const int pixel = i % OUT_PIXELS;
    const int channel = i / OUT_PIXELS % CHANNELS;
    const int in_y = pixel / OUT_W * STRIDE_H - PAD_TOP;
    const int in_x = pixel % OUT_W * STRIDE_W - PAD_LEFT;
    const int base = X_OFFSET + i / Y_ITEM * X_ITEM + channel * X_CHANNEL;
    float result = MAXIMUM ? -FLT_MAX : 0.0f;
    int count = 0;
    for (int ky = 0; ky < KERNEL_H; ++ky) {
        const int at_y = in_y + ky * DILATION_H;
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int at_x = in_x + kx * DILATION_W;
            const bool inside = at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
            if (inside) {
                const float value = X_LOAD(x, base + at_y * X_ROW + at_x * X_COLUMN);
                result = MAXIMUM ? fmax(result, value) : result + value;
            }
            count += at_y < END_H && at_x < END_W && (inside || COUNT_PADDING);
        }
    }
    if (!MAXIMUM) result = count > 0 ? result / count : 0.0f;
    Y_STORE(y, i, CHAIN(result, i, channel));
}
