// SPDX-License-Identifier: MIT
// The reference kernels that move elements, against positions worked out by hand.
#include <gmock/gmock.h>

#include "tests/backends/reference_evaluation.h"

namespace facet::testing {
namespace {

using ::testing::ElementsAre;
using Floats = std::vector<float>;

TEST(ReferenceConcat, JoinsAlongAnInnerAxis) {
    const Tensor a = counting({2, 1, 2});
    const Tensor b = floats({2, 2, 2}, {10, 11, 12, 13, 14, 15, 16, 17});
    EXPECT_EQ(floats_of(ConcatParams{-2}, {a, b}),
              (Floats{0, 1, 10, 11, 12, 13, 2, 3, 14, 15, 16, 17}));
}

TEST(ReferenceSplit, CutsBySizes) {
    const auto parts = evaluate_op(SplitParams{1}, {counting({2, 3}), integers({1, 2})}, 2);
    ASSERT_TRUE(parts) << parts.error().text();
    EXPECT_EQ(floats_of((*parts)[0]), (Floats{0, 3}));
    EXPECT_EQ(floats_of((*parts)[1]), (Floats{1, 2, 4, 5}));
}

TEST(ReferenceTranspose, PermutesOrReverses) {
    const Tensor x = counting({2, 1, 3});
    const Tensor moved = result_of(TransposeParams{{2, 0, 1}}, {x});
    EXPECT_EQ(moved.shape(), (Shape{3, 2, 1}));
    EXPECT_EQ(floats_of(moved), (Floats{0, 3, 1, 4, 2, 5}));
    EXPECT_EQ(result_of(TransposeParams{}, {x}).shape(), (Shape{3, 1, 2}));
    EXPECT_THAT(result_of(TransposeParams{}, {integers({4, 5})}).as<int64_t>(), ElementsAre(4, 5));
}

TEST(ReferenceReshape, KeepsTheElements) {
    const Tensor x = counting({2, 3});
    const Tensor reshaped = result_of(ReshapeParams{}, {x, integers({-1, 2})});
    EXPECT_EQ(reshaped.shape(), (Shape{3, 2}));
    EXPECT_EQ(floats_of(reshaped), floats_of(x));
}

TEST(ReferenceSlice, StepsBackAndForth) {
    const Tensor x = counting({2, 4});
    const auto slice = [&](int64_t start, int64_t end, int64_t step) {
        return floats_of(SliceParams{},
                         {x, integers({start}), integers({end}), integers({1}), integers({step})});
    };
    EXPECT_EQ(slice(1, 3, 1), (Floats{1, 2, 5, 6}));
    EXPECT_EQ(slice(0, 100, 3), (Floats{0, 3, 4, 7}));
    EXPECT_EQ(slice(-1, -100, -2), (Floats{3, 1, 7, 5}));
    EXPECT_EQ(slice(100, -100, -3), (Floats{3, 0, 7, 4}));
}

TEST(ReferenceSlice, CutsTheFirstAxesWithoutAxesGiven) {
    EXPECT_EQ(floats_of(SliceParams{}, {counting({2, 2}), integers({1}), integers({2})}),
              (Floats{2, 3}));
}

TEST(ReferenceStridedSlice, MasksShrinksAndReverses) {
    StridedSliceParams params;
    params.begin_mask = {0, 1};
    params.end_mask = {0, 1};
    params.shrink_axis_mask = {1, 0};
    const Tensor cut = result_of(
        params, {counting({2, 4}), integers({-1, 9}), integers({0, 9}), integers({1, -1})});
    EXPECT_EQ(cut.shape(), (Shape{4}));
    EXPECT_EQ(floats_of(cut), (Floats{7, 6, 5, 4}));
}

TEST(ReferenceGather, TakesIndicesFromEitherEnd) {
    const Tensor x = counting({2, 3});
    EXPECT_EQ(floats_of(GatherParams{1}, {x, integers({-1, 0})}), (Floats{2, 0, 5, 3}));
    const auto failed = evaluate_op(GatherParams{0}, {x, integers({2})});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, ErrorCode::kCorrupt);
}

TEST(ReferenceShapeOf, GivesTheExtents) {
    EXPECT_THAT(result_of(ShapeOfParams{}, {counting({2, 3, 1})}).as<int64_t>(),
                ElementsAre(2, 3, 1));
}

TEST(ReferencePad, FillsRepeatsAndReflects) {
    const Tensor x = floats({1, 3}, {1, 2, 3});
    const Tensor pads = integers({0, 2, 1, 1});
    EXPECT_EQ(floats_of(PadParams{}, {x, pads, floats({}, {9})}),
              (Floats{9, 9, 1, 2, 3, 9, 9, 9, 9, 9, 9, 9}));
    const Tensor sides = integers({0, 2, 0, 1});
    EXPECT_EQ(floats_of(PadParams{PadParams::Mode::kEdge}, {x, sides}), (Floats{1, 1, 1, 2, 3, 3}));
    EXPECT_EQ(floats_of(PadParams{PadParams::Mode::kReflect}, {x, sides}),
              (Floats{3, 2, 1, 2, 3, 2}));
}

class ReferenceResize : public ::testing::Test {
  protected:
    static Floats resized(const Floats& row, int64_t width, ResizeParams::Mode mode,
                          ResizeParams::Coordinates coordinates, ResizeParams::Rounding rounding) {
        ResizeParams params{mode, coordinates, rounding, false};
        const Tensor x = floats({1, 1, 1, static_cast<int64_t>(row.size())}, row);
        return floats_of(params, {x, integers({1, 1, 1, width})});
    }
    static constexpr auto kNearest = ResizeParams::Mode::kNearest;
    static constexpr auto kLinear = ResizeParams::Mode::kLinear;
    using Coordinates = ResizeParams::Coordinates;
    using Rounding = ResizeParams::Rounding;
};

TEST_F(ReferenceResize, MapsCoordinatesByEachRule) {
    const Floats row{0, 10};
    const auto linear = [&](Coordinates coordinates) {
        return resized(row, 4, kLinear, coordinates, Rounding::kFloor);
    };
    EXPECT_EQ(linear(Coordinates::kHalfPixel), (Floats{0, 2.5f, 7.5f, 10}));
    EXPECT_EQ(linear(Coordinates::kPytorchHalfPixel), (Floats{0, 2.5f, 7.5f, 10}));
    EXPECT_EQ(linear(Coordinates::kAsymmetric), (Floats{0, 5, 10, 10}));
    const Floats aligned = linear(Coordinates::kAlignCorners);
    EXPECT_FLOAT_EQ(aligned[1], 10.0f / 3);
    EXPECT_EQ(aligned[3], 10.0f);
    const Floats three{0, 10, 20};
    EXPECT_EQ(resized(three, 1, kLinear, Coordinates::kHalfPixel, Rounding::kFloor), Floats{10});
    EXPECT_EQ(resized(three, 1, kLinear, Coordinates::kPytorchHalfPixel, Rounding::kFloor),
              Floats{0});
}

TEST_F(ReferenceResize, RoundsToTheNearestByEachRule) {
    const Floats row{0, 1, 2, 3};
    const auto halves = [&](Rounding rounding) {
        // Half-pixel centres of two outputs fall at 0.5 and 2.5.
        return resized(row, 2, kNearest, Coordinates::kHalfPixel, rounding);
    };
    EXPECT_EQ(halves(Rounding::kRoundPreferFloor), (Floats{0, 2}));
    EXPECT_EQ(halves(Rounding::kRoundPreferCeil), (Floats{1, 3}));
    EXPECT_EQ(halves(Rounding::kFloor), (Floats{0, 2}));
    EXPECT_EQ(halves(Rounding::kCeil), (Floats{1, 3}));
}

TEST_F(ReferenceResize, ScalesRowsAndColumnsByTheScalesGiven) {
    ResizeParams params;
    params.by_scales = true;
    params.coordinates = Coordinates::kAsymmetric;
    params.rounding = Rounding::kFloor;
    const Tensor doubled = result_of(params, {counting({1, 1, 2, 1}), floats({4}, {1, 1, 2, 3})});
    EXPECT_EQ(doubled.shape(), (Shape{1, 1, 4, 3}));
    EXPECT_EQ(floats_of(doubled), (Floats{0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1}));
}

}  // namespace
}  // namespace facet::testing
