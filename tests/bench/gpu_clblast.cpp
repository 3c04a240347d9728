// SPDX-License-Identifier: MIT
// Zeros times zeros: how long it takes does not depend on the numbers.
#include "tests/bench/gpu_clblast.h"

#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace facet::bench {

namespace {

using namespace gpu::opencl;

constexpr int kRuns = 5;
constexpr int kProductsPerRun = 10;

Error failed(const DeviceInfo& device, CLBlastStatusCode code) {
    return {ErrorCode::kDevice, device.name + ": CLBlastSgemm: status " + std::to_string(code)};
}

Result<Buffer> zeros(const ContextPtr& context, Queue& queue, int64_t elements) {
    const std::vector<std::byte> bytes(static_cast<size_t>(elements) * sizeof(float));
    FACET_ASSIGN(Buffer buffer, Buffer::create(context, bytes.size()));
    const Result<void> written = queue.write(buffer, 0, bytes);
    // Also after an error nothing may read `bytes` any more.
    FACET_TRY(queue.finish());
    FACET_TRY(written);
    return buffer;
}

}  // namespace

Result<double> time_clblast(const DeviceInfo& device, int64_t m, int64_t n, int64_t k) {
    using Clock = std::chrono::steady_clock;
    FACET_ASSIGN(const ContextPtr context, Context::open(device));
    FACET_ASSIGN(Queue queue, Queue::create(context));
    FACET_ASSIGN(const Buffer weights, zeros(context, queue, n * k));
    FACET_ASSIGN(const Buffer pixels, zeros(context, queue, k * m));
    FACET_ASSIGN(const Buffer result, zeros(context, queue, n * m));
    double shortest = 1e30;
    for (int run = 0; run <= kRuns; ++run) {
        const Clock::time_point start = Clock::now();
        // The first run builds CLBlast's kernels.
        const int products = run == 0 ? 1 : kProductsPerRun;
        for (int product = 0; product < products; ++product) {
            cl_command_queue raw = queue.get();
            const CLBlastStatusCode code = CLBlastSgemm(
                CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, n, m, k, 1.0f,
                weights.get(), 0, k, pixels.get(), 0, m, 0.0f, result.get(), 0, m, &raw, nullptr);
            if (code != CLBlastSuccess) {
                (void)queue.finish();
                return failed(device, code);
            }
        }
        FACET_TRY(queue.finish());
        const std::chrono::duration<double> taken = Clock::now() - start;
        if (run > 0) shortest = std::min(shortest, taken.count() / products);
    }
    return shortest;
}

}  // namespace facet::bench
