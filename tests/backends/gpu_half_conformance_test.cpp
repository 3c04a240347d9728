// SPDX-License-Identifier: MIT
// The first OpenCL device against the reference on the case table, storing halves.
#include "tests/backends/gpu_conformance.h"

namespace facet::testing {

namespace {

constexpr double kHalfTolerance = 2e-2;  // of the output's largest magnitude

// Element-wise cases alone share all but their formula with the chains behind convolutions, which
// stay: what halves change is how elements are read and written.
std::vector<size_t> cases_of_halves() {
    std::vector<size_t> indices;
    for (size_t i = 0; i < op_cases().size(); ++i) {
        const std::string& name = op_cases()[i].name;
        if (!name.starts_with("activation_") && !name.starts_with("resize_down_"))
            indices.push_back(i);
    }
    return indices;
}

}  // namespace

TEST_P(GpuConformance, AgreesWithTheReferenceInHalves) {
    if (op_case().name == "detector_with_heads")
        GTEST_SKIP() << "a list is in the order of scores, which halves round";
    expect_close_to_reference(backend(), op_case(), Precision::kF16, kHalfTolerance);
}

INSTANTIATE_TEST_SUITE_P(Gpu, GpuConformance, ::testing::ValuesIn(cases_of_halves()), case_name);

}  // namespace facet::testing
