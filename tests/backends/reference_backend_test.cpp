// SPDX-License-Identifier: MIT
// The reference backend as a device, and the registry that lists it.
#include <gmock/gmock.h>

#include "engine/backends/reference/reference_backend.h"
#include "engine/backends/registry.h"
#include "engine/graph/batchability.h"
#include "tests/conformance/backend_conformance.h"
#include "tests/support/model_builder.h"

namespace facet::testing {

FACET_CONFORMANCE(Reference, facet::reference_backend());

namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReferenceBackend, RefusesABatchOutsideItsRange) {
    ModelBuilder builder;
    builder.output(builder.relu(builder.input("x", {1, 3})));
    auto graph = std::make_shared<Graph>(builder.build());
    auto model = reference_backend().compile(graph, {});
    ASSERT_TRUE(model) << model.error().text();
    auto request = (*model)->create_request();
    ASSERT_TRUE(request) << request.error().text();
    for (const int rows : {0, 2}) {
        const auto done = (*request)->infer(rows);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
        EXPECT_THAT(done.error().message, HasSubstr("1 to 1"));
    }
}

TEST(ReferenceBackend, WantsProofBeforeItBatches) {
    ModelBuilder builder;
    builder.output(builder.relu(builder.input("x", {1, 3})));
    CompileOptions options;
    options.max_batch = 2;
    const auto model =
        reference_backend().compile(std::make_shared<Graph>(builder.build()), options);
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().message, HasSubstr("'x'"));
}

TEST(ReferenceBackend, RepeatsAnOutputThatNoInputReaches) {
    Graph graph;
    const ValueId x = graph.add_value("x", DataType::kF32, Shape{1, 1});
    const std::vector<float> constants{3, 4};
    const ValueId fixed = graph.add_constant(
        "fixed", Tensor::of<float>(Shape{1, 2}, std::span<const float>(constants)));
    graph.inputs = {x};
    graph.outputs = {fixed};
    ASSERT_TRUE(analyze_batchability(graph).empty());
    CompileOptions options;
    options.max_batch = 3;
    auto model = reference_backend().compile(std::make_shared<Graph>(graph), options);
    ASSERT_TRUE(model) << model.error().text();
    auto request = (*model)->create_request();
    ASSERT_TRUE(request) << request.error().text();
    ASSERT_TRUE((*request)->infer(2));
    EXPECT_THAT((*request)->output(0).as<float>().first(4), ElementsAre(3, 4, 3, 4));
}

TEST(Registry, FindsDevicesByNameAndListsThemOtherwise) {
    const auto found = find_backend("REFERENCE");
    ASSERT_TRUE(found) << found.error().text();
    EXPECT_EQ(*found, &reference_backend());
    const auto missing = find_backend("TPU");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(missing.error().message, HasSubstr("REFERENCE"));
}

}  // namespace
}  // namespace facet::testing
