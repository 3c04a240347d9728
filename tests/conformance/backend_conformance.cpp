// SPDX-License-Identifier: MIT
// What every backend must hold for every case and batch size.
#include "tests/conformance/backend_conformance.h"

#include <variant>

namespace facet::testing {

namespace {

// Contract of batched results: f32 within this share of the output's largest magnitude.
constexpr double kRowTolerance = 1e-6;

// The backend's reason for not taking the case, or nothing.
std::string refusal(const Backend& backend, const Graph& graph) {
    for (const Node& node : graph.nodes) {
        const auto taken = backend.supports(graph, node);
        if (!taken) return node.text() + ": " + taken.error().text();
    }
    return {};
}

}  // namespace

TEST_P(BackendConformance, AgreesWithTheReference) {
    const auto graph = prepare_case(op_case());
    ASSERT_TRUE(graph) << graph.error().text();
    if (const std::string reason = refusal(backend(), **graph); !reason.empty())
        GTEST_SKIP() << reason;
    for (const Precision precision : {Precision::kAuto, Precision::kF32}) {
        const auto difference = run_case(backend(), op_case(), rows(), precision);
        ASSERT_TRUE(difference) << difference.error().text();
        EXPECT_LE(difference->max_relative, op_case().tolerance)
            << "absolute: " << difference->max_absolute;
    }
}

TEST_P(BackendConformance, RowsOfABatchEqualTheSameRowsAlone) {
    const auto graph = prepare_case(op_case());
    ASSERT_TRUE(graph) << graph.error().text();
    if (const std::string reason = refusal(backend(), **graph); !reason.empty())
        GTEST_SKIP() << reason;
    const auto difference = compare_rows(backend(), op_case(), rows());
    ASSERT_TRUE(difference) << difference.error().text();
    EXPECT_LE(difference->max_relative, kRowTolerance) << "absolute: " << difference->max_absolute;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BackendConformance);

}  // namespace facet::testing
