// SPDX-License-Identifier: MIT
// What matrix_ptx.cl asks of the device, on any device: the 32 work items of a warp put their
// fragments where the PTX ISA's tables say that they belong, and each adds up its four results. All
// work items of the group call it together.
#define MATRIX_UNROLL 0
#define MATRIX_SCRATCH __local ushort matrix_scratch[LANES / 32][16 * 16 + 16 * 8];
#define MULTIPLY_FRAGMENTS(sum, a, b) \
    multiply_fragments((sum), (a), (b), matrix_scratch[get_local_id(0) / 32])
static void put_pair(__local ushort* matrix, int at, int step, uint pair) {
    matrix[at] = (ushort)(pair & 0xffff);
    matrix[at + step] = (ushort)(pair >> 16);
}
static float4 multiply_fragments(float4 sum, uint4 a, uint2 b, __local ushort* scratch) {
    __local ushort* left = scratch;             // [row][k]
    __local ushort* right = scratch + 16 * 16;  // [k][column]
    const int group = get_local_id(0) % 32 / 4;
    const int member = get_local_id(0) % 4;
    put_pair(left, group * 16 + member * 2, 1, a.x);
    put_pair(left, (group + 8) * 16 + member * 2, 1, a.y);
    put_pair(left, group * 16 + member * 2 + 8, 1, a.z);
    put_pair(left, (group + 8) * 16 + member * 2 + 8, 1, a.w);
    put_pair(right, member * 2 * 8 + group, 8, b.x);
    put_pair(right, (member * 2 + 8) * 8 + group, 8, b.y);
    barrier(CLK_LOCAL_MEM_FENCE);
    float result[4] = {sum.x, sum.y, sum.z, sum.w};
#pragma nounroll
    for (int i = 0; i < 4; ++i) {
        const int row = group + i / 2 * 8;
        const int column = member * 2 + i % 2;
#pragma nounroll
        for (int k = 0; k < 16; ++k)
            result[i] += vload_half(row * 16 + k, (__local half*)left) *
                         vload_half(k * 8 + column, (__local half*)right);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return (float4)(result[0], result[1], result[2], result[3]);
}
