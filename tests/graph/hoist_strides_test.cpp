// SPDX-License-Identifier: MIT
// Strides move to where positions are computed, and results stay the same numbers.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/backends/reference/reference_backend.h"
#include "engine/graph/operation_count.h"
#include "engine/graph/passes.h"
#include "tests/graph/interpreter.h"
#include "tests/support/model_builder.h"

namespace facet {
namespace {

using testing::ModelBuilder;

ConvolutionParams strided(int64_t stride, int64_t pad = 0) {
    ConvolutionParams params;
    params.strides = {stride, stride};
    params.pads_begin = params.pads_end = {pad, pad};
    return params;
}

Graph prepared(const ModelBuilder& builder) {
    Graph graph = builder.build();
    const auto done = prepare(graph, reference::evaluate);
    EXPECT_TRUE(done) << done.error().text();
    return graph;
}

std::vector<Extent2> strides_of(const Graph& graph) {
    std::vector<Extent2> strides;
    for (const Node& node : graph.nodes)
        if (const auto* params = std::get_if<ConvolutionParams>(&node.params))
            strides.push_back(params->strides);
    return strides;
}

Tensor waves(const Shape& shape) {
    Tensor tensor = Tensor::allocate(DataType::kF32, shape);
    size_t at = 0;
    for (float& value : tensor.mutable_view().as<float>())
        value = std::sin(static_cast<float>(at++));
    return tensor;
}

// The results of the graph and of the one with its strides moved, which is returned.
Graph expect_same_results(const Graph& graph) {
    Graph moved = graph;
    hoist_strides(moved);
    EXPECT_TRUE(validate(moved));
    const Tensor input = waves(graph.value(graph.inputs[0]).shape);
    const auto before = testing::interpret(graph, {input});
    const auto after = testing::interpret(moved, {input});
    EXPECT_EQ(before.size(), after.size());
    for (size_t port = 0; port < before.size(); ++port) {
        EXPECT_EQ(before[port].shape(), after[port].shape());
        const auto expected = before[port].as<float>(), found = after[port].as<float>();
        EXPECT_TRUE(std::ranges::equal(expected, found));
    }
    return moved;
}

}  // namespace

TEST(HoistStrides, GoThroughJoinsAndElementWiseNodesToEveryConvolution) {
    for (const int64_t side : {9, 12}) {
        ModelBuilder builder;
        const ValueId squeezed =
            builder.relu(builder.conv(builder.input("x", {1, 4, side, 7}), 4, 1));
        const ValueId wide = builder.relu(builder.conv(squeezed, 6, 3, strided(1, 1)));
        const ValueId narrow =
            builder.node(PReluParams{}, {builder.conv(squeezed, 5, 1), builder.random({5, 1, 1})});
        const ValueId low = builder.floats({}, {-1}), high = builder.floats({}, {1});
        const ValueId both = builder.node(ConcatParams{1}, {wide, narrow});
        const ValueId snapped = builder.node(FakeQuantizeParams{256}, {both, low, high, low, high});
        builder.output(builder.conv(snapped, 3, 1, strided(2)), "y");
        const Graph moved = expect_same_results(prepared(builder));
        EXPECT_EQ(strides_of(moved), (std::vector<Extent2>{{1, 1}, {2, 2}, {2, 2}, {1, 1}}));
    }
}

TEST(HoistStrides, GoOnFromPointwiseConvolutionsAndMultiply) {
    ModelBuilder builder;
    const ValueId first = builder.conv(builder.input("x", {1, 3, 23, 17}), 4, 3, strided(2));
    const ValueId second = builder.conv(builder.relu(first), 4, 1);
    builder.output(builder.conv(second, 5, 1, strided(3)), "y");
    const Graph moved = expect_same_results(prepared(builder));
    EXPECT_EQ(strides_of(moved), (std::vector<Extent2>{{6, 6}, {1, 1}, {1, 1}}));
}

TEST(HoistStrides, PadsThatFollowFromStridesStayWhatTheyWere) {
    ModelBuilder builder;
    ConvolutionParams same;
    same.auto_pad = AutoPad::kSameUpper;
    const ValueId first = builder.conv(builder.input("x", {1, 3, 12, 13}), 4, 3, same);
    builder.output(builder.conv(first, 5, 1, strided(2)), "y");
    const Graph moved = expect_same_results(prepared(builder));
    EXPECT_EQ(strides_of(moved), (std::vector<Extent2>{{2, 2}, {1, 1}}));
}

TEST(HoistStrides, StayWhereOthersReadOrSeveralPositionsAreNeeded) {
    ModelBuilder builder;
    const ValueId x = builder.input("x", {1, 3, 12, 13});
    const ValueId read_twice = builder.conv(x, 4, 3);
    builder.output(builder.conv(read_twice, 5, 1, strided(2)), "a");
    builder.output(builder.relu(read_twice), "b");
    builder.output(builder.conv(builder.conv(x, 4, 3), 5, 3, strided(2)), "c");
    const ValueId pooled = builder.pool(builder.conv(x, 4, 3), PoolingKind::kMax, 2, 1);
    builder.output(builder.conv(pooled, 5, 1, strided(2)), "d");
    builder.output(builder.conv(builder.conv(x, 4, 3), 5, 1, strided(2, 1)), "e");
    const ValueId shifted = builder.add(builder.conv(x, 4, 3), builder.random({1, 1, 10, 11}));
    builder.output(builder.conv(shifted, 5, 1, strided(2)), "f");
    const Graph graph = prepared(builder);
    EXPECT_EQ(strides_of(expect_same_results(graph)), strides_of(graph));
}

}  // namespace facet
