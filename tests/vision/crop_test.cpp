// SPDX-License-Identifier: MIT
// crop() on pictures whose crop is known: every format, odd sizes, edges of the frame, errors.
#include "engine/vision/crop.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/vision/frame_maker.h"

namespace facet {
namespace {

using testing::Frame;
using testing::FrameOptions;
using testing::Guard;
using testing::kAllFormats;
using testing::make_frame;
using testing::Rgb;

// Y, U and V are rounded to 8 bits: half a step of Y is 0.6 of a step of blue, half a step of U
// another 1.1, and the crop is rounded once more. Subsampled chroma of a slope adds what is left.
constexpr int kYuvTolerance = 3;

// Smooth, so that subsampled chroma is as good as full, and inside the gamut.
Rgb slope(int x, int y) {
    return {40 + 0.8f * x + 0.3f * y, 200 - 0.5f * x - 0.4f * y, 60 + 0.3f * x + 0.9f * y};
}

std::vector<uint8_t> crop_of(const ImageView& view, const Rect& region, const CropSpec& spec) {
    std::vector<uint8_t> pixels(spec.byte_size());
    const Result<void> result = crop(view, region, spec, pixels);
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text());
    return pixels;
}

int max_difference(const std::vector<uint8_t>& a, const std::vector<uint8_t>& b) {
    EXPECT_EQ(a.size(), b.size());
    int most = 0;
    for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}

TEST(Crop, OfTheSameSizeCopiesThePixels) {
    const Frame frame = make_frame(PixelFormat::kRgb, 7, 5, slope);
    const std::vector<uint8_t> pixels = crop_of(frame.view, {2, 1, 4, 3}, {4, 3, ColorOrder::kBgr});
    for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 4; ++x) {
            const Rgb rgb = slope(x + 2, y + 1);
            EXPECT_EQ(pixels[(y * 4 + x) * 3 + 0], std::lround(rgb.blue));
            EXPECT_EQ(pixels[(y * 4 + x) * 3 + 1], std::lround(rgb.green));
            EXPECT_EQ(pixels[(y * 4 + x) * 3 + 2], std::lround(rgb.red));
        }
    }
}

TEST(Crop, AveragesTheAreaWhenShrunkByTwoOrMore) {
    // Columns 0, 255, 0, 255, ...: pairs average to 127.5.
    const Frame frame = make_frame(PixelFormat::kGray8, 8, 8, [](int x, int) {
        const float value = x % 2 ? 255.0f : 0.0f;
        return Rgb{value, value, value};
    });
    for (const uint8_t value : crop_of(frame.view, {0, 0, 8, 8}, {4, 4, ColorOrder::kGray}))
        EXPECT_EQ(value, 128);
    // [1.5, 5.5): half of column 1, columns 2 to 4, half of column 5: (127.5 + 255 + 127.5) / 4.
    EXPECT_EQ(crop_of(frame.view, {1.5f, 0, 4, 8}, {1, 1, ColorOrder::kGray})[0], 128);
    // [0.5, 3): half of 0, all of 255, all of 0, over 2.5.
    EXPECT_EQ(crop_of(frame.view, {0.5f, 0, 2.5f, 8}, {1, 1, ColorOrder::kGray})[0], 102);
}

TEST(Crop, AveragesHowEverManyPixels) {
    // Sums of 16 bits hold 128 rows; an average of more is of the same kind.
    for (const int side : {120, 128, 129, 256, 257, 300, 700}) {
        const Frame frame = make_frame(PixelFormat::kGray8, side, side, [](int x, int y) {
            const float value = (x + y) % 2 ? 251.0f : 10.0f;
            return Rgb{value, value, value};
        });
        const Rect all{0, 0, static_cast<float>(side), static_cast<float>(side)};
        EXPECT_NEAR(crop_of(frame.view, all, {1, 1, ColorOrder::kGray})[0], 130, 1) << side;
        // One row of two, so that the sums are of many rows alone.
        for (const uint8_t value : crop_of(frame.view, all, {side / 2, 1, ColorOrder::kGray}))
            EXPECT_NEAR(value, 130, 1) << side;
    }
}

TEST(Crop, OfAFlatPictureIsFlat) {
    for (const int value : {0, 1, 77, 254, 255}) {
        const Frame frame = make_frame(PixelFormat::kRgb, 400, 400, [&](int, int) {
            const float level = static_cast<float>(value);
            return Rgb{level, level, level};
        });
        for (const float side : {20.5f, 62.0f, 100.3f, 124.0f, 200.7f, 399.0f})
            for (const uint8_t byte : crop_of(frame.view, {0.4f, 0.7f, side, side}, {62, 62}))
                ASSERT_EQ(byte, value) << side;
    }
}

TEST(Crop, InterpolatesBetweenPixelCentresWhenEnlarged) {
    const Frame frame = make_frame(PixelFormat::kGray8, 2, 1, [](int x, int) {
        const float value = x ? 200.0f : 0.0f;
        return Rgb{value, value, value};
    });
    // Centres at -0.25, 0.25, 0.75, 1.25 of the source; beyond the outer ones the value stays.
    EXPECT_EQ(crop_of(frame.view, {0, 0, 2, 1}, {4, 1, ColorOrder::kGray}),
              (std::vector<uint8_t>{0, 50, 150, 200}));
}

TEST(Crop, ReadsOnlyTheRegion) {
    // Outside the region everything is white; nothing of that may bleed in.
    const auto picture = [](int x, int y) {
        const float value = x >= 6 && x < 14 && y >= 4 && y < 12 ? 30.0f : 255.0f;
        return Rgb{value, value, value};
    };
    for (const PixelFormat format : kAllFormats) {
        const Frame frame = make_frame(format, 20, 16, picture);
        for (const int size : {3, 8, 11, 16})
            for (const uint8_t value : crop_of(frame.view, {6, 4, 8, 8}, {size, size}))
                EXPECT_NEAR(value, 30, 1) << to_string(format) << " to " << size;
    }
}

struct Case {
    int width, height;
    Rect region;
    CropSpec spec;
};

const std::vector<Case> kCases{
    {96, 80, {0, 0, 96, 80}, {24, 20}},
    {96, 80, {10, 6, 50, 40}, {62, 62}},
    {96, 80, {11, 7, 51, 41}, {30, 30}},
    {95, 79, {0, 0, 95, 79}, {62, 48}},
    {95, 79, {60, 40, 60, 60}, {20, 20}},
    {33, 21, {-10, -10, 200, 200}, {16, 9}},
    {95, 79, {94, 78, 1, 1}, {8, 8}},
    {95, 79, {0, 0, 1, 1}, {1, 1}},
    {95, 79, {20.3f, 11.7f, 40.4f, 33.9f}, {33, 25}},
    {1, 1, {0, 0, 1, 1}, {5, 3}},
    {96, 80, {3, 3, 90, 4}, {10, 30}},
};

TEST(Crop, EveryFormatGivesTheCropOfRgb) {
    for (const Case& c : kCases) {
        const Frame rgb = make_frame(PixelFormat::kRgb, c.width, c.height, slope);
        for (const PixelFormat format : kAllFormats) {
            if (format == PixelFormat::kGray8) continue;
            const bool is_rgb = format <= PixelFormat::kXbgr;
            for (const ColorOrder order : {ColorOrder::kBgr, ColorOrder::kRgb, ColorOrder::kGray}) {
                const CropSpec spec{c.spec.width, c.spec.height, order};
                const Frame frame = make_frame(format, c.width, c.height, slope, {.padding = 13});
                EXPECT_LE(max_difference(crop_of(frame.view, c.region, spec),
                                         crop_of(rgb.view, c.region, spec)),
                          is_rgb ? 0 : kYuvTolerance)
                    << to_string(format) << ' ' << c.region.width << 'x' << c.region.height
                    << " to " << spec.width << 'x' << spec.height;
            }
        }
    }
}

TEST(Crop, EveryMatrixAndRangeGivesTheCropOfRgb) {
    const Frame rgb = make_frame(PixelFormat::kRgb, 96, 80, slope);
    const CropSpec spec{40, 40, ColorOrder::kRgb};
    const Rect region{8, 8, 70, 60};
    for (const ColorMatrix matrix :
         {ColorMatrix::kBt601, ColorMatrix::kBt709, ColorMatrix::kBt2020}) {
        for (const ColorRange range : {ColorRange::kLimited, ColorRange::kFull}) {
            const Frame frame =
                make_frame(PixelFormat::kNv12, 96, 80, slope, {.matrix = matrix, .range = range});
            EXPECT_LE(
                max_difference(crop_of(frame.view, region, spec), crop_of(rgb.view, region, spec)),
                kYuvTolerance)
                << static_cast<int>(matrix) << ' ' << static_cast<int>(range);
        }
    }
}

TEST(Crop, GrayFramesFillAllChannels) {
    const Frame frame = make_frame(PixelFormat::kGray8, 40, 30, slope);
    const std::vector<uint8_t> gray =
        crop_of(frame.view, {1, 2, 30, 20}, {9, 9, ColorOrder::kGray});
    const std::vector<uint8_t> bgr = crop_of(frame.view, {1, 2, 30, 20}, {9, 9, ColorOrder::kBgr});
    for (size_t i = 0; i < gray.size(); ++i)
        for (size_t channel = 0; channel < 3; ++channel) EXPECT_EQ(bgr[3 * i + channel], gray[i]);
}

// The planes end (or begin) at unmapped memory: a read outside them is a crash.
TEST(Crop, NeverReadsOutsideThePlanes) {
    for (const Guard guard : {Guard::kAfter, Guard::kBefore}) {
        for (const PixelFormat format : kAllFormats) {
            for (const Case& c : kCases) {
                const Frame frame = make_frame(format, c.width, c.height, slope, {.guard = guard});
                for (const ColorOrder order : {ColorOrder::kBgr, ColorOrder::kGray}) {
                    testing::GuardedBytes out(
                        CropSpec{c.spec.width, c.spec.height, order}.byte_size(), guard);
                    const CropSpec spec{c.spec.width, c.spec.height, order};
                    EXPECT_TRUE(
                        crop(frame.view, c.region, spec, {out.data(), spec.byte_size()}).ok());
                }
            }
        }
    }
}

std::string message_of(const ImageView& view, const Rect& region, const CropSpec& spec,
                       size_t bytes) {
    std::vector<uint8_t> pixels(bytes);
    const Result<void> result = crop(view, region, spec, pixels);
    return result.ok() ? "" : result.error().text();
}

TEST(Crop, RefusesWhatItCannotCrop) {
    const Frame frame = make_frame(PixelFormat::kNv12, 40, 30, slope);
    const CropSpec spec{4, 4};
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_NE(message_of(frame.view, {nan, 0, 5, 5}, spec, 48).find("not finite"),
              std::string::npos);
    EXPECT_NE(message_of(frame.view, {40, 0, 5, 5}, spec, 48).find("less than one pixel"),
              std::string::npos);
    EXPECT_NE(message_of(frame.view, {5, 5, 0.5f, 5}, spec, 48).find("less than one pixel"),
              std::string::npos);
    EXPECT_NE(message_of(frame.view, {0, 0, 5, 5}, spec, 47).find("47 bytes given, 48 needed"),
              std::string::npos);
    EXPECT_NE(message_of(frame.view, {0, 0, 5, 5}, {0, 4}, 0).find("0x4 has no pixels"),
              std::string::npos);

    ImageView broken = frame.view;
    broken.strides[1] = 39;
    EXPECT_NE(message_of(broken, {0, 0, 5, 5}, spec, 48)
                  .find("NV12 image: stride 39 of plane 1 is less than its row of 40 bytes"),
              std::string::npos);
    broken = frame.view;
    broken.planes[1] = nullptr;
    EXPECT_NE(message_of(broken, {0, 0, 5, 5}, spec, 48).find("NV12 image lacks plane 1"),
              std::string::npos);
    broken = frame.view;
    broken.width = 0;
    EXPECT_NE(message_of(broken, {0, 0, 5, 5}, spec, 48).find("has no pixels"), std::string::npos);
}

}  // namespace
}  // namespace facet
