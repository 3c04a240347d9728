// SPDX-License-Identifier: MIT
// The first OpenCL device against the reference on the case table, storing halves.
#include <algorithm>

#include "engine/backends/gpu/gpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "tests/backends/gpu_conformance.h"

namespace facet::testing {

namespace {

constexpr double kHalfTolerance = 2e-2;  // of the output's largest magnitude
// Its list is in the order of scores, which halves round: what the list is made from is compared.
constexpr const char* kListed = "detector_with_heads";

std::vector<size_t> cases_of_halves() {
    std::vector<size_t> indices;
    for (size_t i = 0; i < op_cases().size(); ++i)
        if (op_cases()[i].name != kListed) indices.push_back(i);
    return indices;
}

}  // namespace

TEST_P(GpuConformance, AgreesWithTheReferenceInHalves) {
    expect_close_to_reference(Precision::kF16, kHalfTolerance);
}

TEST(GpuHalves, TheBoxesAndScoresOfADetectorAgreeWhateverTheOrderOfItsList) {
    if (gpu_backends().empty()) GTEST_SKIP() << "no OpenCL device";
    const OpCase& op_case = *std::ranges::find(op_cases(), kListed, &OpCase::name);
    const auto prepared = prepare_case(op_case);
    ASSERT_TRUE(prepared) << prepared.error().text();
    Graph heads = **prepared;
    ASSERT_TRUE(std::holds_alternative<DetectionOutputParams>(heads.nodes.back().params));
    heads.outputs = {heads.nodes.back().inputs[0], heads.nodes.back().inputs[1]};
    heads.nodes.pop_back();
    const auto graph = std::make_shared<const Graph>(std::move(heads));
    const std::vector<Tensor> inputs = case_inputs(op_case, *graph, kRows);
    const auto found = run_graph(*gpu_backends().front(), graph, inputs, kRows,
                                 {.max_batch = kRows, .precision = Precision::kF16});
    ASSERT_TRUE(found) << found.error().text();
    const auto expected =
        run_graph(reference_backend(), graph, inputs, kRows, {.max_batch = kRows});
    ASSERT_TRUE(expected) << expected.error().text();
    EXPECT_LE(compare(*found, *expected).max_relative, kHalfTolerance);
}

INSTANTIATE_TEST_SUITE_P(Gpu, GpuConformance, ::testing::ValuesIn(cases_of_halves()), case_name);

}  // namespace facet::testing
