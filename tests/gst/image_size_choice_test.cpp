// SPDX-License-Identifier: MIT
// Which image-size profile frames run at.
#include "gst/image_size_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace facet {
namespace {

std::string chosen(std::vector<ImageSize> sizes, ImageSize frame, double pixel_aspect = 1) {
    const std::string text = sizes[choose_image_size(sizes, frame, pixel_aspect)].text();
    std::ranges::reverse(sizes);
    EXPECT_EQ(sizes[choose_image_size(sizes, frame, pixel_aspect)].text(), text)
        << "in the other order";
    return text;
}

TEST(ImageSizeChoice, TheSmallestThatHoldsTheFrameElseTheLargest) {
    const std::vector<ImageSize> sizes = {{320, 192}, {640, 384}, {1280, 736}};
    EXPECT_EQ(chosen(sizes, {160, 96}), "320x192");
    EXPECT_EQ(chosen(sizes, {320, 180}), "320x192");
    EXPECT_EQ(chosen(sizes, {322, 180}), "640x384");
    EXPECT_EQ(chosen(sizes, {640, 384}), "640x384");
    EXPECT_EQ(chosen(sizes, {1280, 720}), "1280x736");
    EXPECT_EQ(chosen(sizes, {3840, 2160}), "1280x736");
}

TEST(ImageSizeChoice, TheAspectCountsBeforeTheSize) {
    const std::vector<ImageSize> sizes = {{320, 192}, {640, 480}, {192, 320}, {384, 640}};
    EXPECT_EQ(chosen(sizes, {1280, 720}), "320x192");
    EXPECT_EQ(chosen(sizes, {320, 240}), "640x480");
    EXPECT_EQ(chosen(sizes, {180, 320}), "192x320");
    EXPECT_EQ(chosen(sizes, {1080, 1920}), "384x640");
    EXPECT_EQ(chosen({{64, 64}}, {1920, 1080}), "64x64") << "the only one";
}

TEST(ImageSizeChoice, ATenthBeyondTheClosestAspectIsAsClose) {
    // 1.82 and 1.67 against 1.78; then 1.5, which is not.
    EXPECT_EQ(chosen({{640, 352}, {320, 192}}, {320, 180}), "320x192");
    EXPECT_EQ(chosen({{640, 352}, {330, 220}}, {320, 180}), "640x352");
    EXPECT_EQ(chosen({{400, 200}, {200, 400}, {250, 320}}, {2000, 2000}), "250x320");
    // Of equally many pixels the closer one.
    EXPECT_EQ(chosen({{360, 200}, {375, 192}}, {320, 180}), "360x200");
}

TEST(ImageSizeChoice, PixelsThatAreNotSquareCountAsTheyAreSeen) {
    const std::vector<ImageSize> sizes = {{768, 432}, {768, 576}};
    EXPECT_EQ(chosen(sizes, {720, 576}, 16.0 / 15), "768x576");
    EXPECT_EQ(chosen(sizes, {720, 576}, 64.0 / 45), "768x432");
}

}  // namespace
}  // namespace facet
