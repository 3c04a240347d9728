// SPDX-License-Identifier: MIT
// Shapes count, scale and print.
#include "engine/base/shape.h"

#include <gtest/gtest.h>

namespace facet {
namespace {

TEST(Shape, CountsElementsAndAScalarHasOne) {
    EXPECT_EQ(Shape{}.elements(), 1);
    EXPECT_EQ((Shape{2, 3, 4}).elements(), 24);
    EXPECT_EQ((Shape{2, 0}).elements(), 0);
}

TEST(Shape, ScalesAxisZeroOnly) {
    EXPECT_EQ((Shape{1, 3, 62, 62}).scaled(7), (Shape{7, 3, 62, 62}));
}

TEST(Shape, ComparesRankAndExtents) {
    EXPECT_NE((Shape{1, 3}), (Shape{1, 3, 1}));
    EXPECT_EQ((Shape{1, 3}).text(), "[1,3]");
}

TEST(Shape, StridesAreRowMajor) {
    const auto strides = contiguous_strides(Shape{2, 3, 4});
    EXPECT_EQ(strides[0], 12);
    EXPECT_EQ(strides[1], 4);
    EXPECT_EQ(strides[2], 1);
}

}  // namespace
}  // namespace facet
