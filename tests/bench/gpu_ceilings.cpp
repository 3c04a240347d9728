// SPDX-License-Identifier: MIT
// A kernel of nothing but multiply-adds, and one of nothing but copies.
#include "tests/bench/gpu_ceilings.h"

#include <algorithm>

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
    return Ceilings{static_cast<double>(items) * rounds * kFlopPerRound / computing,
                    2.0 * static_cast<double>(bytes) / copying};
}

}  // namespace facet::bench
