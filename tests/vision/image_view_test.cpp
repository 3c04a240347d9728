// SPDX-License-Identifier: MIT
// Rectangles: clipping, scaling, overlap.
#include "engine/vision/image_view.h"

#include <gtest/gtest.h>

#include <limits>

namespace facet {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

void expect_rect(const Rect& rect, float x, float y, float width, float height) {
    EXPECT_FLOAT_EQ(rect.x, x);
    EXPECT_FLOAT_EQ(rect.y, y);
    EXPECT_FLOAT_EQ(rect.width, width);
    EXPECT_FLOAT_EQ(rect.height, height);
}

TEST(Rect, ClipKeepsWhatLiesInside) {
    expect_rect(clip({10, 20, 30, 40}, 100, 100), 10, 20, 30, 40);
    expect_rect(clip({-10, -20, 30, 40}, 100, 100), 0, 0, 20, 20);
    expect_rect(clip({90, 80, 30, 40}, 100, 100), 90, 80, 10, 20);
    expect_rect(clip({-5, -5, 500, 500}, 100, 50), 0, 0, 100, 50);
}

TEST(Rect, ClipOfNothingInsideIsEmpty) {
    EXPECT_EQ(clip({100, 0, 10, 10}, 100, 100).width, 0);
    EXPECT_EQ(clip({-20, 0, 10, 10}, 100, 100).width, 0);
    EXPECT_EQ(clip({10, 10, -5, 10}, 100, 100).width, 0);
    expect_rect(clip({kNan, 0, 10, 10}, 100, 100), 0, 0, 0, 0);
    expect_rect(clip({0, 0, kInfinity, 10}, 100, 100), 0, 0, 0, 0);
}

TEST(Rect, ScaleKeepsTheCentre) {
    expect_rect(scale_about_center({10, 20, 20, 40}, 1.5f), 5, 10, 30, 60);
    expect_rect(scale_about_center({10, 20, 20, 40}, 1), 10, 20, 20, 40);
}

TEST(Rect, IntersectionOverUnion) {
    EXPECT_FLOAT_EQ(intersection_over_union({0, 0, 10, 10}, {0, 0, 10, 10}), 1);
    // 5x10 shared of 150.
    EXPECT_FLOAT_EQ(intersection_over_union({0, 0, 10, 10}, {5, 0, 10, 10}), 1.0f / 3);
    EXPECT_EQ(intersection_over_union({0, 0, 10, 10}, {10, 0, 10, 10}), 0);
    EXPECT_EQ(intersection_over_union({0, 0, 0, 0}, {0, 0, 0, 0}), 0);
    EXPECT_EQ(intersection_over_union({kNan, 0, 10, 10}, {0, 0, 10, 10}), 0);
}

TEST(PixelFormat, NamesAreGStreamers) {
    EXPECT_EQ(to_string(PixelFormat::kGray8), "GRAY8");
    EXPECT_EQ(to_string(PixelFormat::kBgrx), "BGRx");
    EXPECT_EQ(to_string(PixelFormat::kNv12), "NV12");
    EXPECT_EQ(to_string(PixelFormat::kY444), "Y444");
}

}  // namespace
}  // namespace facet
