// SPDX-License-Identifier: MIT
// A trial of one product: built, run and compared with loops on the host.
#include "engine/backends/gpu/matrix_unit.h"

#include <array>
#include <cmath>
#include <cstring>
#include <span>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/kernel_source.h"
#include "engine/backends/gpu/program_cache.h"
#include "engine/base/tensor.h"

namespace facet::gpu {

namespace {

constexpr int kRows = 16, kColumns = 8, kProducts = 16;
constexpr float kStart = 0.5f;  // as in matrix_trial.cl

// Small whole numbers, none like its neighbours: products and sums are exact in any order, and a
// fragment in the wrong place shows.
float left_value(int row, int k) {
    return static_cast<float>((row * 7 + k * 3) % 11 - 5);
}
float right_value(int k, int column) {
    return static_cast<float>((k * 5 + column * 9) % 13 - 6);
}

uint32_t pair_of(float low, float high) {
    const Half halves[2] = {to_half(low), to_half(high)};
    uint32_t pair = 0;
    std::memcpy(&pair, halves, sizeof pair);
    return pair;
}

std::vector<std::byte> left_bytes() {
    std::vector<float> values;
    for (int row = 0; row < kRows; ++row)
        for (int k = 0; k < kProducts; ++k) values.push_back(left_value(row, k));
    const GemmSize size = gemm_size(1, kRows, kProducts, 1);
    const std::vector<float> packed =
        pack_filter(GemmTile::Kind::kMatrix, size, {values, kProducts, 1});
    std::vector<uint32_t> pairs;
    for (int i = 0; i < kRows * kProducts; i += 2)
        pairs.push_back(pair_of(packed[i], packed[i + 1]));
    const auto bytes = std::as_bytes(std::span(pairs));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> right_bytes() {
    std::vector<uint32_t> pairs;
    for (int k = 0; k < kProducts; k += 2)
        for (int column = 0; column < kColumns; ++column)
            pairs.push_back(pair_of(right_value(k, column), right_value(k + 1, column)));
    const auto bytes = std::as_bytes(std::span(pairs));
    return {bytes.begin(), bytes.end()};
}

using Products = std::array<float, kRows * kColumns>;

Products right_answer() {
    Products result{};
    for (int row = 0; row < kRows; ++row)
        for (int column = 0; column < kColumns; ++column) {
            float sum = kStart;
            for (int k = 0; k < kProducts; ++k) sum += left_value(row, k) * right_value(k, column);
            result[row * kColumns + column] = sum;
        }
    return result;
}

Result<Products> run_trial(const opencl::DeviceInfo& device, const std::string& functions) {
    const std::string source = std::string(kernel_text("prelude")) + functions + "\n" +
                               std::string(kernel_text("matrix_trial"));
    FACET_ASSIGN(const opencl::ContextPtr context, opencl::Context::open(device));
    FACET_ASSIGN(const opencl::Program program,
                 ProgramCache::of(device).program(context, source, kBuildOptions));
    FACET_ASSIGN(opencl::Kernel kernel, opencl::Kernel::create(program, "matrix_trial"));
    FACET_ASSIGN(opencl::Queue queue, opencl::Queue::create(context));
    Products products{};
    const std::vector<std::byte> left = left_bytes();
    const std::vector<std::byte> right = right_bytes();
    FACET_ASSIGN(const opencl::Buffer result, opencl::Buffer::create(context, sizeof products));
    FACET_ASSIGN(const opencl::Buffer a, opencl::Buffer::create(context, left.size()));
    FACET_ASSIGN(const opencl::Buffer b, opencl::Buffer::create(context, right.size()));
    FACET_TRY(kernel.set_args(result, a, b));
    opencl::Event done;
    const auto enqueue = [&]() -> Result<void> {
        FACET_TRY(queue.write(a, 0, left));
        FACET_TRY(queue.write(b, 0, right));
        FACET_TRY(queue.run(kernel, {{32, 1, 1}, {32, 1, 1}}));
        FACET_TRY(
            queue.read(result, 0, std::as_writable_bytes(std::span(products)), {.done = &done}));
        FACET_TRY(queue.flush());
        return done.wait();
    };
    const Result<void> ended = enqueue();
    // Also after an error: what is under way still reads and writes memory of this function.
    const Result<void> finished = queue.finish();
    FACET_TRY(ended);
    FACET_TRY(finished);
    return products;
}

}  // namespace

Result<void> try_matrix_unit(const opencl::DeviceInfo& device, const std::string& functions) {
    FACET_ASSIGN(const Products found, run_trial(device, functions));
    const Products right = right_answer();
    for (size_t i = 0; i < right.size(); ++i)
        if (found[i] != right[i])
            return Error{ErrorCode::kDevice, "product " + std::to_string(i) + " of the trial is " +
                                                 std::to_string(found[i]) +
                                                 "; right: " + std::to_string(right[i])};
    return {};
}

MatrixUnit matrix_unit_of(const opencl::DeviceInfo& device) {
    constexpr int kAmpere = 80;  // the first with mma.m16n8k16 of halves
    if (device.compute_capability == 0) return {{}, "no kernel for one of " + device.vendor};
    if (device.compute_capability < kAmpere)
        return {{},
                "compute capability " + std::to_string(device.compute_capability / 10) + "." +
                    std::to_string(device.compute_capability % 10) + "; needed: 8.0"};
    std::string functions(kernel_text("matrix_ptx"));
    if (const Result<void> tried = try_matrix_unit(device, functions); !tried)
        return {{}, tried.error().message};
    return {std::move(functions), {}};
}

MatrixUnit emulated_matrix_unit() {
    return {std::string(kernel_text("matrix_emulated")), {}};
}

}  // namespace facet::gpu
