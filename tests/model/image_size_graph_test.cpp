// SPDX-License-Identifier: MIT
// Graphs for images of another size, and the constants they share.
#include "engine/model/image_size_graph.h"

#include <gtest/gtest.h>

#include <array>

namespace facet {
namespace {

Graph graph_with(std::initializer_list<Shape> inputs) {
    Graph graph;
    for (const Shape& shape : inputs)
        graph.inputs.push_back(graph.add_value("in", DataType::kF32, shape));
    return graph;
}

TEST(ImageSizeGraph, TakesChannelsFirstAndLast) {
    Graph first = graph_with({{1, 3, 62, 62}, {1, 6}}), last = graph_with({{1, 62, 62, 1}});
    ASSERT_TRUE(set_image_size(first, {320, 240}).ok());
    EXPECT_EQ(first.value(first.inputs[0]).shape, (Shape{1, 3, 240, 320}));
    EXPECT_EQ(first.value(first.inputs[1]).shape, (Shape{1, 6}));
    ASSERT_TRUE(set_image_size(last, {320, 240}).ok());
    EXPECT_EQ(last.value(last.inputs[0]).shape, (Shape{1, 240, 320, 1}));
}

TEST(ImageSizeGraph, RefusesWhatHasNotOneImage) {
    const std::string supported = "; supported: one image, [1,C,H,W] or [1,H,W,C] with C = 1 or 3";
    Graph none = graph_with({{1, 6}}), two = graph_with({{1, 3, 8, 8}, {1, 3, 8, 8}});
    EXPECT_EQ(set_image_size(none, {8, 8}).error().message, "inputs 'in' [1,6]" + supported);
    EXPECT_EQ(set_image_size(two, {8, 8}).error().message,
              "inputs 'in' [1,3,8,8], 'in' [1,3,8,8]" + supported);
}

TEST(ImageSizeGraph, KeepsEqualConstantsOnce) {
    const std::array<float, 3> weights{1, 2, 3}, others{1, 2, 4};
    Graph holder, graph;
    holder.add_constant("w", Tensor::of<float>(Shape{3}, weights));
    const ValueId equal = graph.add_constant("v", Tensor::of<float>(Shape{3}, weights));
    const ValueId other = graph.add_constant("w", Tensor::of<float>(Shape{3}, others));
    const ValueId shaped = graph.add_constant("w", Tensor::of<float>(Shape{1, 3}, weights));
    share_constants(graph, holder);
    const void* held = holder.value(0).constant->view().bytes;
    EXPECT_EQ(graph.value(equal).constant->view().bytes, held);
    EXPECT_NE(graph.value(other).constant->view().bytes, held);
    EXPECT_NE(graph.value(shaped).constant->view().bytes, held);
}

}  // namespace
}  // namespace facet
