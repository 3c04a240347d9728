// SPDX-License-Identifier: MIT
// A kernel of nothing but multiply-adds, and one of nothing but copies.
#include "tests/bench/gpu_ceilings.h"

#include <algorithm>

#include "engine/backends/gpu/matrix_unit.h"
#include "engine/backends/gpu/program_cache.h"

namespace facet::bench {

namespace {

using namespace gpu::opencl;

// Four chains of four lanes hide the latency of one multiply-add.
constexpr std::string_view kSource =
    "__kernel void multiply_add(__global float* out, int rounds) {\n"
    "    float4 a = get_global_id(0), b = a + 1, c = a + 2, d = a + 3;\n"
    "    const float4 m = 0.999f, n = 0.001f;\n"
    "    for (int i = 0; i < rounds; ++i) {\n"
    "        a = fma(a, m, n); b = fma(b, m, n); c = fma(c, m, n); d = fma(d, m, n);\n"
    "        a = fma(a, m, n); b = fma(b, m, n); c = fma(c, m, n); d = fma(d, m, n);\n"
    "    }\n"
    "    const float4 sum = a + b + c + d;\n"
    "    out[get_global_id(0)] = sum.x + sum.y + sum.z + sum.w;\n"
    "}\n"
    "__kernel void copy(__global const float4* from, __global float4* to) {\n"
    "    to[get_global_id(0)] = from[get_global_id(0)];\n"
    "}\n";
// Eight products in flight hide the latency of one.
constexpr std::string_view kMatrixSource =
    "__kernel __attribute__((reqd_work_group_size(64, 1, 1))) void matrix(\n"
    "    __global float* out, int rounds) {\n"
    "    MATRIX_SCRATCH\n"
    "    float4 sum[8];\n"
    "    for (int i = 0; i < 8; ++i) sum[i] = (float4)(i);\n"
    "    const uint4 a = (uint4)(get_local_id(0));\n"
    "    const uint2 b = (uint2)(get_group_id(0) & 1);\n"
    "    for (int round = 0; round < rounds; ++round)\n"
    "        for (int i = 0; i < 8; ++i) sum[i] = MULTIPLY_FRAGMENTS(sum[i], a, b);\n"
    "    float4 all = (float4)(0.0f);\n"
    "    for (int i = 0; i < 8; ++i) all += sum[i];\n"
    "    out[get_global_id(0)] = all.x + all.y + all.z + all.w;\n"
    "}\n";
constexpr double kMatrixFlopPerRound = 8 * 2.0 * 16 * 8 * 16 / 32;  // a work item's
constexpr double kFlopPerRound = 8 * 4 * 2;
constexpr int kRepeats = 5;

// The shortest of a few runs, in seconds.
Result<double> shortest(Queue& queue, const Kernel& kernel, size_t items) {
    double best = 1e30;
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
        Event done;
        FACET_TRY(
            queue.run(kernel, {.global = {items, 1, 1}, .local = {64, 1, 1}}, {.done = &done}));
        FACET_TRY(queue.flush());
        FACET_TRY(done.wait());
        FACET_ASSIGN(const EventTimes times, done.times());
        best = std::min(best, static_cast<double>(times.ended - times.started) * 1e-9);
    }
    return best;
}

Result<double> matrix_rate(const ContextPtr& context, Queue& queue, const Buffer& out,
                           const std::string& functions, bool quick) {
    const std::string source = "#define LANES 64\n" + functions + std::string(kMatrixSource);
    FACET_ASSIGN(const Program program, Program::build(context, source, gpu::kBuildOptions));
    FACET_ASSIGN(Kernel kernel, Kernel::create(program, "matrix"));
    const size_t items = size_t{context->device().compute_units} * 2048;
    const int32_t rounds = quick ? 256 : 2048;
    FACET_TRY(kernel.set_args(out, rounds));
    FACET_ASSIGN(const double seconds, shortest(queue, kernel, items));
    return static_cast<double>(items) * rounds * kMatrixFlopPerRound / seconds;
}

}  // namespace

Result<Ceilings> measure_ceilings(const DeviceInfo& device, bool quick) {
    FACET_ASSIGN(const ContextPtr context, Context::open(device));
    FACET_ASSIGN(Queue queue, Queue::create(context, true));
    FACET_ASSIGN(const Program program, Program::build(context, kSource, "-cl-mad-enable"));
    FACET_ASSIGN(Kernel multiply_add, Kernel::create(program, "multiply_add"));
    FACET_ASSIGN(Kernel copy, Kernel::create(program, "copy"));
    const size_t items = size_t{device.compute_units} * (quick ? 1024 : 2048);
    const int32_t rounds = quick ? 512 : 4096;
    const size_t bytes = std::min<size_t>(quick ? 64 << 20 : 512 << 20, device.largest_allocation);
    FACET_ASSIGN(const Buffer from, Buffer::create(context, bytes));
    FACET_ASSIGN(const Buffer to, Buffer::create(context, bytes));
    FACET_TRY(multiply_add.set_args(to, rounds));
    FACET_TRY(copy.set_args(from, to));
    FACET_ASSIGN(const double computing, shortest(queue, multiply_add, items));
    FACET_ASSIGN(const double copying, shortest(queue, copy, bytes / 16));
    Ceilings ceilings{static_cast<double>(items) * rounds * kFlopPerRound / computing,
                      2.0 * static_cast<double>(bytes) / copying};
    const gpu::MatrixUnit unit = gpu::matrix_unit_of(device);
    ceilings.no_matrix = unit.refused;
    if (unit.refused.empty()) {
        const auto rate = matrix_rate(context, queue, to, unit.functions, quick);
        if (rate)
            ceilings.matrix_flop_per_s = *rate;
        else
            ceilings.no_matrix = rate.error().message;
    }
    return ceilings;
}

}  // namespace facet::bench
