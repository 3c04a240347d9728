// SPDX-License-Identifier: MIT
// Crops per second by pixel format, and ten faces of one frame, against OpenCV. One JSON object per
// line for tests/bench/peers/report.py.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "engine/vision/crop.h"

namespace facet::bench {
namespace {

constexpr int kWidth = 1920, kHeight = 1080, kInput = 62, kFaces = 10;

// Of this thread's own work, so that neighbours are not charged.
double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Seconds of the fastest of several runs of one call each, taking turns.
std::vector<double> race(const std::vector<std::function<void()>>& runners, double seconds) {
    std::vector<double> best(runners.size(), 1e9);
    const double start = thread_seconds();
    do {
        for (size_t i = 0; i < runners.size(); ++i) {
            const double begin = thread_seconds();
            runners[i]();
            best[i] = std::min(best[i], thread_seconds() - begin);
        }
    } while (thread_seconds() - start < seconds);
    return best;
}

struct Source {
    const char* name;
    PixelFormat format;
    int to_bgr;  // OpenCV's conversion; -1: it is BGR
    cv::Mat pixels;

    [[nodiscard]] ImageView view() const {
        uint8_t* const luma = pixels.data;
        uint8_t* const chroma = luma + kWidth * kHeight;
        if (format == PixelFormat::kNv12)
            return {format, kWidth, kHeight, {luma, chroma}, {kWidth, kWidth}};
        if (format == PixelFormat::kI420)
            return {format,
                    kWidth,
                    kHeight,
                    {luma, chroma, chroma + kWidth * kHeight / 4},
                    {kWidth, kWidth / 2, kWidth / 2}};
        return {format, kWidth, kHeight, {luma}, {static_cast<int>(pixels.step)}};
    }
    // The whole frame as OpenCV needs it.
    void convert(cv::Mat& bgr) const {
        if (to_bgr < 0)
            bgr = pixels;
        else
            cv::cvtColor(pixels, bgr, to_bgr);
    }
};

cv::Mat noise(int rows, int type) {
    cv::Mat picture(rows, kWidth, type);
    cv::theRNG().state = 1;
    cv::randu(picture, 0, 255);
    return picture;
}

std::vector<Source> sources() {
    const cv::Mat yuv = noise(kHeight * 3 / 2, CV_8UC1);
    return {{"nv12", PixelFormat::kNv12, cv::COLOR_YUV2BGR_NV12, yuv},
            {"i420", PixelFormat::kI420, cv::COLOR_YUV2BGR_I420, yuv},
            {"yuy2", PixelFormat::kYuy2, cv::COLOR_YUV2BGR_YUY2, noise(kHeight, CV_8UC2)},
            {"bgr", PixelFormat::kBgr, -1, noise(kHeight, CV_8UC3)},
            {"rgbx", PixelFormat::kRgbx, cv::COLOR_RGBA2BGR, noise(kHeight, CV_8UC4)}};
}

cv::Rect face_at(int index, int side) {
    return {120 + index % 5 * 330 + index, 90 + index / 5 * 480 + index, side, side};
}

// INTER_LINEAR, cv::resize()'s default, is what most programs use; beyond a shrink by two it skips
// pixels, which INTER_AREA averages, as we do.
int same_quality(const cv::Rect& face) {
    return face.width >= 2 * kInput ? cv::INTER_AREA : cv::INTER_LINEAR;
}

void crop_face(const Source& source, const cv::Rect& face, std::vector<uint8_t>& pixels) {
    const Rect region{static_cast<float>(face.x), static_cast<float>(face.y),
                      static_cast<float>(face.width), static_cast<float>(face.height)};
    (void)crop(source.view(), region, {kInput, kInput}, pixels);
}

// Single crops. The peer's share of the whole frame's conversion is left out: it gets only its face
// converted, which is the best that it could do.
void run_crops(const Source& source, int side, double seconds) {
    std::vector<uint8_t> ours(CropSpec{kInput, kInput}.byte_size());
    cv::Mat bgr, theirs;
    const cv::Rect face = face_at(3, side);
    const bool planar = source.pixels.rows > kHeight;
    std::vector<std::function<void()>> runners{[&] { crop_face(source, face, ours); }};
    if (!planar)
        runners.push_back([&] {
            cv::Mat part = source.pixels(face & cv::Rect(0, 0, kWidth, kHeight));
            if (source.to_bgr >= 0) cv::cvtColor(part, bgr, source.to_bgr);
            cv::resize(source.to_bgr >= 0 ? bgr : part, theirs, {kInput, kInput}, 0, 0,
                       same_quality(face));
        });
    const std::vector<double> best = race(runners, seconds);
    std::printf(
        "{\"kind\":\"crop\",\"format\":\"%s\",\"face\":%d,\"side\":%d,\"facet\":%.0f,"
        "\"opencv\":%.0f}\n",
        source.name, side, kInput, 1 / best[0], planar ? 0.0 : 1 / best[1]);
}

// What a frame with ten faces costs: of 50 to 320 pixels, as people stand near and far.
void run_frames(const Source& source, double seconds) {
    std::vector<uint8_t> ours(CropSpec{kInput, kInput}.byte_size());
    cv::Mat bgr, theirs;
    const auto face = [](int index) { return face_at(index, 50 + 30 * index); };
    const auto whole_frame = [&](bool area) {
        source.convert(bgr);
        for (int i = 0; i < kFaces; ++i)
            cv::resize(bgr(face(i)), theirs, {kInput, kInput}, 0, 0,
                       area ? same_quality(face(i)) : cv::INTER_LINEAR);
    };
    const std::vector<double> best = race({[&] {
                                               for (int i = 0; i < kFaces; ++i)
                                                   crop_face(source, face(i), ours);
                                           },
                                           [&] { whole_frame(false); }, [&] { whole_frame(true); }},
                                          seconds);
    std::printf(
        "{\"kind\":\"frame\",\"format\":\"%s\",\"facet_us\":%.1f,"
        "\"opencv_us\":%.1f,\"opencv_area_us\":%.1f}\n",
        source.name, best[0] * 1e6, best[1] * 1e6, best[2] * 1e6);
}

}  // namespace
}  // namespace facet::bench

// Arguments: [--quick]
int main(int count, char** words) {
    using namespace facet::bench;
    cv::setNumThreads(1);
    const bool quick = count > 1 && std::strcmp(words[1], "--quick") == 0;
    const double seconds = quick ? 0.05 : 0.5;
    for (const Source& source : sources()) {
        for (const int side : {50, 100, 200, 400}) run_crops(source, side, seconds);
        run_frames(source, seconds * 4);
    }
    return 0;
}
