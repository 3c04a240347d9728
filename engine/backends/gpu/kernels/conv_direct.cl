// SPDX-License-Identifier: MIT
// Convolution of few input channels per group (depthwise above all): one result per work item,
// neighbours along the row. Weights lie as [channel][input channel][kernel row][kernel column].
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
                     __global const W_TYPE* restrict weights CHAIN_PARAMS, int rows) {
    const int i = get_global_id(0);
    if (i >= rows * Y_ITEM) return;
    const int pixel = i % OUT_PIXELS;
    const int channel = i / OUT_PIXELS % CHANNELS;
    const int in_y = pixel / OUT_W * STRIDE_H - PAD_TOP;
    const int in_x = pixel % OUT_W * STRIDE_W - PAD_LEFT;
    const int base =
        X_OFFSET + i / Y_ITEM * X_ITEM + channel / OUT_CHANNELS * IN_CHANNELS * X_CHANNEL;
    float sum = 0.0f;
    for (int c = 0; c < IN_CHANNELS; ++c) {
#pragma unroll
        for (int ky = 0; ky < KERNEL_H; ++ky) {
            const int at_y = in_y + ky * DILATION_H;
#pragma unroll
            for (int kx = 0; kx < KERNEL_W; ++kx) {
                const int at_x = in_x + kx * DILATION_W;
                const bool inside = at_y >= 0 && at_y < IN_H && at_x >= 0 && at_x < IN_W;
                const int at = base + c * X_CHANNEL + at_y * X_ROW + at_x * X_COLUMN;
                const int tap = ((channel * IN_CHANNELS + c) * KERNEL_H + ky) * KERNEL_W + kx;
                if (inside) sum = MULTIPLY_ADD(X_LOAD(x, at), W_LOAD(weights, tap), sum);
            }
        }
    }
    Y_STORE(y, i, CHAIN(sum, i, channel));
}
