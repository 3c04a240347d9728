// SPDX-License-Identifier: MIT
// The first OpenCL device against the reference on the case table, storing halves.
#include "tests/backends/gpu_conformance.h"

namespace facet::testing {

namespace {

constexpr double kHalfTolerance = 2e-2;  // of the output's largest magnitude

}  // namespace

TEST_P(GpuConformance, AgreesWithTheReferenceInHalves) {
    if (op_case().name == "detector_with_heads")
        GTEST_SKIP() << "a list is in the order of scores, which halves round";
    expect_close_to_reference(backend(), op_case(), Precision::kF16, kHalfTolerance);
}

INSTANTIATE_TEST_SUITE_P(Gpu, GpuConformance, ::testing::Range(size_t{0}, op_cases().size()),
                         case_name);

}  // namespace facet::testing
