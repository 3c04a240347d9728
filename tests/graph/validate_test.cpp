// SPDX-License-Identifier: MIT
// validate() and sort_nodes() refuse every broken invariant in words that name it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/graph/graph.h"
#include "tests/support/model_builder.h"

namespace facet {
namespace {

using ::testing::HasSubstr;

Graph two_relus() {
    testing::ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 4, 4});
    builder.output(builder.relu(builder.relu(x)), "y");
    return builder.build();
}

void expect_refused(const Graph& graph, ErrorCode code, const std::string& words) {
    const auto verdict = validate(graph);
    ASSERT_FALSE(verdict.ok());
    EXPECT_EQ(verdict.error().code, code);
    EXPECT_THAT(verdict.error().message, HasSubstr(words));
}

TEST(Validate, AcceptsAWellFormedGraph) {
    EXPECT_TRUE(validate(two_relus()).ok());
}

TEST(Validate, RefusesIdsOutOfRange) {
    Graph graph = two_relus();
    graph.nodes[0].inputs[0] = 99;
    expect_refused(graph, ErrorCode::kCorrupt, "reads value 99, which does not exist");
    EXPECT_FALSE(sort_nodes(graph).ok());
    graph = two_relus();
    graph.nodes[0].outputs[0] = kNoValue;
    expect_refused(graph, ErrorCode::kCorrupt, "writes value -1");
    graph = two_relus();
    graph.outputs[0] = 3;
    expect_refused(graph, ErrorCode::kCorrupt, "inputs or outputs name value 3");
}

TEST(Validate, RefusesASecondWriter) {
    Graph graph = two_relus();
    graph.nodes[1].outputs = graph.nodes[0].outputs;
    expect_refused(graph, ErrorCode::kCorrupt, "another node provides already");
    graph = two_relus();
    graph.nodes[0].outputs = graph.inputs;
    expect_refused(graph, ErrorCode::kCorrupt, "writes 'x'");
}

TEST(Validate, RefusesNodesOutOfOrderUntilTheyAreSorted) {
    Graph graph = two_relus();
    std::swap(graph.nodes[0], graph.nodes[1]);
    expect_refused(graph, ErrorCode::kCorrupt, "which no input, constant or earlier node provides");
    ASSERT_TRUE(sort_nodes(graph).ok());
    EXPECT_TRUE(validate(graph).ok());
}

TEST(Validate, SortNamesANodeOfACycle) {
    Graph graph = two_relus();
    graph.nodes[0].inputs = graph.nodes[1].outputs;
    const auto sorted = sort_nodes(graph);
    ASSERT_FALSE(sorted.ok());
    EXPECT_THAT(sorted.error().message, HasSubstr("cycle"));
}

TEST(Validate, RefusesTheWrongNumberOfInputs) {
    Graph graph = two_relus();
    graph.nodes[0].inputs.push_back(graph.inputs[0]);
    expect_refused(graph, ErrorCode::kCorrupt, "has 2 inputs, Activation takes 1");
    graph = two_relus();
    graph.nodes[1].params = ConcatParams{1};
    graph.nodes[1].inputs = {graph.nodes[0].outputs[0], kNoValue};
    expect_refused(graph, ErrorCode::kCorrupt, "input 1 is missing");
}

TEST(Validate, RefusesInputsThatAreConstantOrOfAnotherType) {
    Graph graph = two_relus();
    graph.value(graph.inputs[0]).type = DataType::kI64;
    expect_refused(graph, ErrorCode::kUnsupported, "type i64; supported: f32, u8");
    graph = two_relus();
    graph.value(graph.inputs[0]).constant = Tensor::allocate(DataType::kF32, {1, 3, 4, 4});
    expect_refused(graph, ErrorCode::kCorrupt, "input 'x': is a constant");
}

TEST(Validate, RefusesAnOutputThatNothingWrites) {
    Graph graph = two_relus();
    graph.outputs.push_back(graph.add_value("lost"));
    expect_refused(graph, ErrorCode::kCorrupt, "output 'lost': no node writes it");
}

}  // namespace
}  // namespace facet
