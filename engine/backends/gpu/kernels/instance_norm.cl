// SPDX-License-Identifier: MIT
// Instance normalisation: a work group of LANES takes the mean and the variance of one plane.
__kernel __attribute__((reqd_work_group_size(LANES, 1, 1))) void KERNEL(
    __global Y_TYPE* restrict y, __global const X_TYPE* restrict x,
    __global const float* restrict scale, __global const float* restrict shift CHAIN_PARAMS,
    int rows) {
    __local float partial[LANES];
    const int lane = get_local_id(0);
    const int channel = get_group_id(0) % CHANNELS;
    const int base = get_group_id(0) * PIXELS;
    float mean = 0.0f;
    float variance = 0.0f;
    for (int pass = 0; pass < 2; ++pass) {
        float sum = 0.0f;
        for (int p = lane; p < PIXELS; p += LANES) {
            const float value = X_LOAD(x, base + p) - mean;
            sum += pass == 0 ? value : value * value;
        }
        partial[lane] = sum;
        for (int others = LANES / 2; others > 0; others /= 2) {
            barrier(CLK_LOCAL_MEM_FENCE);
            if (lane < others) partial[lane] += partial[lane + others];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        if (pass == 0)
            mean = partial[0] / PIXELS;
        else
            variance = partial[0] / PIXELS;
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const float factor = scale[channel] / sqrt(variance + EPSILON);
    for (int p = lane; p < PIXELS; p += LANES) {
        const float value = (X_LOAD(x, base + p) - mean) * factor + shift[channel];
        Y_STORE(y, base + p, CHAIN(value, base + p, channel));
    }
}
