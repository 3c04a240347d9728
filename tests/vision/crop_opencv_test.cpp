// SPDX-License-Identifier: MIT
// crop() against OpenCV's resize and cvtColor, on photographs.
#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "engine/vision/crop.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

// OpenCV's bilinear weights have 11 bits, ours 24: the rounding may fall the other way, once per
// axis.
constexpr int kRgbTolerance = 2;
// OpenCV's colour conversion works on resampled Y, U and V rounded to 8 bits: half a step of U is
// one of blue, half a step of Y 0.6, and both results are rounded.
constexpr int kYuvTolerance = 3;

struct Case {
    cv::Rect region;
    cv::Size size;
};

const std::vector<Case> kCases{
    {{100, 60, 40, 50}, {62, 62}},   // enlarged
    {{100, 60, 62, 62}, {62, 62}},   // copied
    {{30, 20, 100, 90}, {62, 60}},   // shrunk by less than 2
    {{40, 30, 124, 124}, {62, 62}},  // by 2
    {{11, 7, 201, 233}, {62, 62}},   // by more
    {{0, 0, 300, 280}, {8, 5}},      // by much
    {{13, 9, 240, 50}, {48, 60}},    // one axis each way
};

cv::Mat resized_axis(const cv::Mat& source, cv::Size size) {
    const bool area = source.cols >= 2 * size.width && source.rows >= size.height;
    const bool area_down = source.rows >= 2 * size.height && source.cols >= size.width;
    cv::Mat result;
    cv::resize(source, result, size, 0, 0, area || area_down ? cv::INTER_AREA : cv::INTER_LINEAR);
    return result;
}

// OpenCV chooses one interpolation for both axes; so one axis after the other, in float.
cv::Mat resized(const cv::Mat& source, cv::Size size) {
    cv::Mat wide;
    source.convertTo(wide, CV_32F);
    wide = resized_axis(wide, {size.width, wide.rows});
    wide = resized_axis(wide, size);
    cv::Mat result;
    wide.convertTo(result, CV_8U);
    return result;
}

int max_difference(const cv::Mat& a, const cv::Mat& b) {
    return static_cast<int>(cv::norm(a, b, cv::NORM_INF));
}

cv::Mat crop_of(const ImageView& view, const cv::Rect& region, cv::Size size, ColorOrder order) {
    cv::Mat result(size, order == ColorOrder::kGray ? CV_8UC1 : CV_8UC3);
    const CropSpec spec{size.width, size.height, order};
    const Rect rect{static_cast<float>(region.x), static_cast<float>(region.y),
                    static_cast<float>(region.width), static_cast<float>(region.height)};
    const Result<void> outcome = crop(view, rect, spec, {result.data, spec.byte_size()});
    EXPECT_TRUE(outcome.ok()) << (outcome.ok() ? "" : outcome.error().text());
    return result;
}

ImageView view_of(const cv::Mat& bgr) {
    return {PixelFormat::kBgr, bgr.cols, bgr.rows, {bgr.data}, {static_cast<int>(bgr.step)}};
}

// `yuv`: OpenCV's I420 picture of height * 3 / 2 rows; chroma rows follow each other without gap.
ImageView view_of_i420(const cv::Mat& yuv) {
    const int width = yuv.cols, height = yuv.rows * 2 / 3;
    uint8_t* u = yuv.data + width * height;
    return {PixelFormat::kI420,
            width,
            height,
            {yuv.data, u, u + width * height / 4},
            {width, width / 2, width / 2}};
}

cv::Mat even_photo(const std::filesystem::path& path) {
    const cv::Mat photo = cv::imread(path.string(), cv::IMREAD_COLOR);
    return photo(cv::Rect(0, 0, photo.cols / 2 * 2, photo.rows / 2 * 2)).clone();
}

TEST(CropAgainstOpenCV, ResizesRgbAsInterLinearAndInterArea) {
    for (const char* name : {"images/12_angry_men.jpg", "images/linzaer_12.jpg"}) {
        FACET_DATA_OR_SKIP(path, name);
        const cv::Mat photo = even_photo(path);
        for (const Case& c : kCases) {
            const cv::Mat wanted = resized(photo(c.region), c.size);
            EXPECT_LE(
                max_difference(crop_of(view_of(photo), c.region, c.size, ColorOrder::kBgr), wanted),
                kRgbTolerance)
                << name << ' ' << c.region << " to " << c.size;
            cv::Mat gray;
            cv::cvtColor(wanted, gray, cv::COLOR_BGR2GRAY);
            EXPECT_LE(
                max_difference(crop_of(view_of(photo), c.region, c.size, ColorOrder::kGray), gray),
                kRgbTolerance);
        }
    }
}

// OpenCV itself, both axes at once in its own fixed point.
TEST(CropAgainstOpenCV, AgreesWithItsFixedPointResize) {
    FACET_DATA_OR_SKIP(path, "images/linzaer_12.jpg");
    const cv::Mat photo = even_photo(path);
    for (const Case& c : {kCases[0], kCases[2]}) {
        cv::Mat wanted;
        cv::resize(photo(c.region), wanted, c.size, 0, 0, cv::INTER_LINEAR);
        EXPECT_LE(
            max_difference(crop_of(view_of(photo), c.region, c.size, ColorOrder::kBgr), wanted),
            kRgbTolerance);
    }
    for (const Case& c : {kCases[3], kCases[4], kCases[5]}) {
        cv::Mat wanted;
        cv::resize(photo(c.region), wanted, c.size, 0, 0, cv::INTER_AREA);
        EXPECT_LE(
            max_difference(crop_of(view_of(photo), c.region, c.size, ColorOrder::kBgr), wanted),
            kRgbTolerance);
    }
}

// The chroma of `region` at `size`. Averaged, it is what the chroma repeated for every pixel
// averages to; interpolated, it is the small plane resized.
cv::Mat resized_chroma(const cv::Mat& plane, const Case& c) {
    if (c.region.width < 2 * c.size.width) {
        const cv::Rect half(c.region.x / 2, c.region.y / 2, c.region.width / 2,
                            c.region.height / 2);
        return resized(plane(half), c.size);
    }
    cv::Mat repeated;
    cv::resize(plane, repeated, plane.size() * 2, 0, 0, cv::INTER_NEAREST);
    return resized(repeated(c.region), c.size);
}

// BT.601, limited range, in double.
cv::Mat to_bgr(const cv::Mat& y, const cv::Mat& u, const cv::Mat& v) {
    cv::Mat bgr(y.size(), CV_8UC3);
    for (int row = 0; row < y.rows; ++row) {
        for (int column = 0; column < y.cols; ++column) {
            const double luma = 1.164383 * (y.at<uint8_t>(row, column) - 16);
            const double cb = u.at<uint8_t>(row, column) - 128.0;
            const double cr = v.at<uint8_t>(row, column) - 128.0;
            bgr.at<cv::Vec3b>(row, column) = {
                cv::saturate_cast<uint8_t>(luma + 2.017232 * cb),
                cv::saturate_cast<uint8_t>(luma - 0.391762 * cb - 0.812968 * cr),
                cv::saturate_cast<uint8_t>(luma + 1.596027 * cr)};
        }
    }
    return bgr;
}

TEST(CropAgainstOpenCV, ResamplesYuvPlaneByPlane) {
    FACET_DATA_OR_SKIP(path, "images/linzaer_12.jpg");
    const cv::Mat photo = even_photo(path);
    cv::Mat yuv;
    cv::cvtColor(photo, yuv, cv::COLOR_BGR2YUV_I420);
    const ImageView view = view_of_i420(yuv);
    const auto plane = [&](int p, int divisor) {
        return cv::Mat(photo.rows / divisor, photo.cols / divisor, CV_8U,
                       const_cast<uint8_t*>(view.planes[p]));
    };
    // The two linear ones have even edges, so that chroma has whole ones too.
    for (const Case& c : {kCases[0], kCases[2], kCases[3], kCases[4], kCases[5]}) {
        const cv::Mat wanted =
            to_bgr(resized(plane(0, 1)(c.region), c.size), resized_chroma(plane(1, 2), c),
                   resized_chroma(plane(2, 2), c));
        EXPECT_LE(max_difference(crop_of(view, c.region, c.size, ColorOrder::kBgr), wanted),
                  kYuvTolerance)
            << c.region << " to " << c.size;
    }
}

// The long way: the whole frame converted by OpenCV, then resized. It clips colours before the
// average instead of after it, so the photo is muted until nothing clips.
TEST(CropAgainstOpenCV, EqualsConvertingTheWholeFrameFirst) {
    FACET_DATA_OR_SKIP(path, "images/linzaer_12.jpg");
    cv::Mat photo = even_photo(path);
    photo.convertTo(photo, CV_8U, 0.6, 50);
    cv::Mat yuv, bgr;
    cv::cvtColor(photo, yuv, cv::COLOR_BGR2YUV_I420);
    cv::cvtColor(yuv, bgr, cv::COLOR_YUV2BGR_I420);
    for (const Case& c : {kCases[3], kCases[4], kCases[5]}) {
        const cv::Mat wanted = resized(bgr(c.region), c.size);
        EXPECT_LE(
            max_difference(crop_of(view_of_i420(yuv), c.region, c.size, ColorOrder::kBgr), wanted),
            kYuvTolerance)
            << c.region << " to " << c.size;
    }
}

}  // namespace
}  // namespace facet
