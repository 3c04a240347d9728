// SPDX-License-Identifier: MIT
// The conformance suite: a backend joins with one line in a test of its own,
//     FACET_CONFORMANCE(Cpu, facet::cpu_backend());
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <tuple>

#include "tests/conformance/conformance.h"

namespace facet::testing {

// backend, index into op_cases(), rows of the batch
using ConformanceParam = std::tuple<const Backend*, size_t, int>;

class BackendConformance : public ::testing::TestWithParam<ConformanceParam> {
  protected:
    [[nodiscard]] const Backend& backend() const { return *std::get<0>(GetParam()); }
    [[nodiscard]] const OpCase& op_case() const { return op_cases()[std::get<1>(GetParam())]; }
    [[nodiscard]] int rows() const { return std::get<2>(GetParam()); }
};

// "convolution_3x3_pad1_batch7"
[[nodiscard]] inline std::string conformance_name(
    const ::testing::TestParamInfo<ConformanceParam>& info) {
    return op_cases()[std::get<1>(info.param)].name + "_batch" +
           std::to_string(std::get<2>(info.param));
}

}  // namespace facet::testing

#define FACET_CONFORMANCE(prefix, backend)                                                    \
    INSTANTIATE_TEST_SUITE_P(                                                                 \
        prefix, BackendConformance,                                                           \
        ::testing::Combine(::testing::Values(static_cast<const facet::Backend*>(&(backend))), \
                           ::testing::Range(size_t{0}, facet::testing::op_cases().size()),    \
                           ::testing::Values(1, 2, 7)),                                       \
        facet::testing::conformance_name)
