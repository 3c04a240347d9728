// SPDX-License-Identifier: MIT
// The first OpenCL device against the reference on the case table, in floats.
#include <algorithm>

#include "tests/backends/gpu_conformance.h"

namespace facet::testing {

namespace {

constexpr double kFloatTolerance = 1e-4;  // of the output's largest magnitude
constexpr double kRowTolerance = 1e-5;

// Outputs that list detections number their rows.
bool numbers_rows(const OpCase& op_case) {
    return op_case.name.starts_with("detect");
}

}  // namespace

TEST_P(GpuConformance, AgreesWithTheReference) {
    expect_close_to_reference(backend(), op_case(), Precision::kF32,
                              std::max(op_case().tolerance, kFloatTolerance));
}

TEST_P(GpuConformance, ARowIsTheSameAloneAndEveryRunIsTheSameToTheBit) {
    auto device = Session::open(backend(), op_case(), Precision::kF32);
    ASSERT_TRUE(device) << device.error().text();
    const auto batch = device->run(0, kRows);
    ASSERT_TRUE(batch) << batch.error().text();
    for (int row = 0; row < kRows && !numbers_rows(op_case()); ++row) {
        const auto alone = device->run(row, 1);
        ASSERT_TRUE(alone) << alone.error().text();
        std::vector<Tensor> of_batch;
        for (size_t port = 0; port < alone->size(); ++port) {
            const TensorView own = (*alone)[port].view();
            of_batch.push_back(Tensor::allocate(own.type, own.shape));
            std::memcpy(
                of_batch.back().mutable_view().bytes,
                static_cast<const std::byte*>((*batch)[port].view().bytes) + row * own.byte_size(),
                own.byte_size());
        }
        EXPECT_LE(compare(of_batch, *alone).max_relative, kRowTolerance) << "row " << row;
    }
    const auto again = device->run(0, kRows);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(compare(*again, *batch).max_absolute, 0.0);
}

INSTANTIATE_TEST_SUITE_P(Gpu, GpuConformance, ::testing::Range(size_t{0}, op_cases().size()),
                         case_name);

}  // namespace facet::testing
