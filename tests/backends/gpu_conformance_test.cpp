// SPDX-License-Identifier: MIT
// The first OpenCL device against the reference on the case table, in floats.
#include <algorithm>
#include <cstring>

#include "tests/backends/gpu_conformance.h"

namespace facet::testing {

namespace {

constexpr double kFloatTolerance = 1e-4;  // of the output's largest magnitude
constexpr double kRowTolerance = 1e-5;

// Outputs that list detections number their rows.
bool numbers_rows(const OpCase& op_case) {
    return op_case.name.starts_with("detect");
}

// Row `row` of each output.
std::vector<Tensor> row_of(const std::vector<Tensor>& batch, const std::vector<Tensor>& shaped_as,
                           int row) {
    std::vector<Tensor> rows;
    for (size_t port = 0; port < batch.size(); ++port) {
        const TensorView own = shaped_as[port].view();
        const auto* bytes = static_cast<const std::byte*>(batch[port].view().bytes);
        rows.push_back(Tensor::allocate(own.type, own.shape));
        std::memcpy(rows.back().mutable_view().bytes, bytes + row * own.byte_size(),
                    own.byte_size());
    }
    return rows;
}

}  // namespace

TEST_P(GpuConformance, AgreesWithTheReference) {
    expect_close_to_reference(Precision::kF32, std::max(op_case().tolerance, kFloatTolerance));
}

TEST_P(GpuConformance, ARowIsTheSameAloneAndEveryRunIsTheSameToTheBit) {
    const Result<CaseOutputs>& device = outputs_of_case(GetParam(), Precision::kF32);
    ASSERT_TRUE(device) << device.error().text();
    for (int row = 0; row < kRows && !numbers_rows(op_case()); ++row) {
        const std::vector<Tensor>& alone = device->single[row];
        EXPECT_LE(compare(row_of(device->batch, alone, row), alone).max_relative, kRowTolerance)
            << "row " << row;
    }
    EXPECT_EQ(compare(device->again, device->batch).max_absolute, 0.0);
}

INSTANTIATE_TEST_SUITE_P(Gpu, GpuConformance, ::testing::Range(size_t{0}, op_cases().size()),
                         case_name);

}  // namespace facet::testing
