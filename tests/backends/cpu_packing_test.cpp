// SPDX-License-Identifier: MIT
// Packed constants: once per model, and once for all models that hold the same constant.
#include "engine/backends/cpu/onednn/packing.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>

namespace facet::cpu {
namespace {

using onednn::Desc;

class PackingTest : public ::testing::Test {
  protected:
    static Graph graph_of(const Tensor& constant) {
        Graph graph;
        graph.add_constant("weights", constant);
        return graph;
    }
    static Tensor weights() {
        return Tensor::of<float>(Shape{2, 2}, std::array<float, 4>{1, 2, 3, 4});
    }
    [[nodiscard]] const void* pack(Packing& packing, const Graph& graph) const {
        return packing.pack(0, graph.value(0).constant->view().bytes, plain_, turned_);
    }

    const Desc plain_ = onednn::plain_f32({2, 2});
    const Desc turned_ = onednn::permuted(plain_, {1, 0});
};

TEST_F(PackingTest, ModelsThatHoldOneConstantShareWhatIsPackedOfIt) {
    const Tensor constant = weights();
    const Graph one = graph_of(constant), other = graph_of(constant), unlike = graph_of(weights());
    auto first = std::make_unique<Packing>(one);
    Packing second(other), third(unlike);
    const void* packed = pack(*first, one);
    EXPECT_EQ(second.preferred(0), turned_);
    EXPECT_FALSE(third.preferred(0));
    EXPECT_EQ(pack(second, other), packed);
    EXPECT_NE(pack(third, unlike), packed);
    first.reset();
    EXPECT_EQ(pack(second, other), packed) << "what one model lets go of, the other keeps";
    EXPECT_EQ(static_cast<const float*>(packed)[1], 3);
}

TEST_F(PackingTest, WhatIsMadeOfAConstantIsMadeOncePerKind) {
    const Tensor constant = weights();
    const Graph one = graph_of(constant), other = graph_of(constant);
    Packing first(one), second(other);
    int made = 0;
    const auto fill = [&](void*) { ++made; };
    const void* of_kind_one = first.make(0, 1, 64, fill);
    EXPECT_EQ(second.make(0, 1, 64, fill), of_kind_one);
    EXPECT_NE(second.make(0, 2, 64, fill), of_kind_one);
    EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace facet::cpu
