// SPDX-License-Identifier: MIT
// The case table on the first OpenCL device. Cases go there in groups, each group one graph: a
// compiler like PoCL's takes a second for a program of whatever size, and a fifth for each kernel.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/precision.h"
#include "tests/conformance/conformance.h"

namespace facet::testing {

constexpr int kRows = 7;

// What a device made of a case's kRows rows: its outputs, each of all rows.
struct CaseOutputs {
    std::vector<Tensor> batch, again;         // of kRows rows, twice
    std::vector<Tensor> two;                  // of the first two
    std::vector<std::vector<Tensor>> single;  // by row: each alone
    std::string description;                  // of the compiled group
};

// The same group is run once per precision and process.
[[nodiscard]] const Result<CaseOutputs>& outputs_of_case(size_t index, Precision precision);

class GpuConformance : public ::testing::TestWithParam<size_t> {
  protected:
    void SetUp() override;
    [[nodiscard]] const OpCase& op_case() const { return op_cases()[GetParam()]; }
    // Against the reference in floats, for 7, 1 and 2 rows.
    void expect_close_to_reference(Precision precision, double tolerance) const;
};

[[nodiscard]] std::string case_name(const ::testing::TestParamInfo<size_t>& info);

}  // namespace facet::testing
