// SPDX-License-Identifier: MIT
// Transposed convolution, gathered: each result adds up the pixels that reach it. Weights lie as
// [input channel][channel of the group][kernel row][kernel column].
__kernel void KERNEL(__global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
                     __global const W_TYPE* restrict weights CHAIN_PARAMS, int rows) {
    const int i = get_global_id(0);
    if (i >= rows * Y_ITEM) return;
    const int pixel = i % OUT_PIXELS;
    const int channel = i / OUT_PIXELS % CHANNELS;
    const int group = channel / OUT_CHANNELS;
    const int out_y = pixel / OUT_W + PAD_TOP;
    const int out_x = pixel % OUT_W + PAD_LEFT;
    const int base = X_OFFSET + i / Y_ITEM * X_ITEM + group * IN_CHANNELS * X_CHANNEL;
    float sum = 0.0f;
    for (int ky = 0; ky < KERNEL_H; ++ky) {
        const int far_y = out_y - ky * DILATION_H;
        if (far_y < 0 || far_y % STRIDE_H != 0 || far_y / STRIDE_H >= IN_H) continue;
        for (int kx = 0; kx < KERNEL_W; ++kx) {
            const int far_x = out_x - kx * DILATION_W;
            if (far_x < 0 || far_x % STRIDE_W != 0 || far_x / STRIDE_W >= IN_W) continue;
            const int at = base + far_y / STRIDE_H * X_ROW + far_x / STRIDE_W * X_COLUMN;
            for (int c = 0; c < IN_CHANNELS; ++c) {
                const int filter =
                    (group * IN_CHANNELS + c) * OUT_CHANNELS + channel % OUT_CHANNELS;
                const int tap = (filter * KERNEL_H + ky) * KERNEL_W + kx;
                sum = MULTIPLY_ADD(X_LOAD(x, at + c * X_CHANNEL), W_LOAD(weights, tap), sum);
            }
        }
    }
    Y_STORE(y, i, CHAIN(sum, i, channel));
}
