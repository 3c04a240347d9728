// SPDX-License-Identifier: MIT
// What a crop costs, against converting and resizing with OpenCV. `meson test --benchmark crop`.
#include <benchmark/benchmark.h>

#include <opencv2/imgproc.hpp>
#include <vector>

#include "engine/vision/crop.h"

namespace facet {
namespace {

constexpr int kWidth = 1920, kHeight = 1080;

// Noise: the worst that a picture can be, for caches and clipping alike.
cv::Mat noise(int rows, int type) {
    cv::Mat picture(rows, kWidth, type);
    cv::theRNG().state = 1;
    cv::randu(picture, 0, 255);
    return picture;
}

ImageView nv12_view(const cv::Mat& frame) {
    return {PixelFormat::kNv12,
            kWidth,
            kHeight,
            {frame.data, frame.data + kWidth * kHeight},
            {kWidth, kWidth}};
}

// Arguments: side of the face, side of the model's input.
void crop_from(benchmark::State& state, const ImageView& view) {
    const auto side = static_cast<float>(state.range(0));
    const CropSpec spec{static_cast<int>(state.range(1)), static_cast<int>(state.range(1))};
    std::vector<uint8_t> pixels(spec.byte_size());
    for (auto _ : state) {
        const Result<void> result = crop(view, {301, 201, side, side}, spec, pixels);
        if (!result) state.SkipWithError(result.error().message.c_str());
        benchmark::DoNotOptimize(pixels.data());
    }
}

void crop_nv12(benchmark::State& state) {
    const cv::Mat frame = noise(kHeight * 3 / 2, CV_8UC1);
    crop_from(state, nv12_view(frame));
}

void crop_bgr(benchmark::State& state) {
    const cv::Mat frame = noise(kHeight, CV_8UC3);
    crop_from(state, {PixelFormat::kBgr, kWidth, kHeight, {frame.data}, {3 * kWidth}});
}

void opencv_resize(const cv::Mat& bgr, benchmark::State& state, cv::Mat& pixels) {
    const int side = static_cast<int>(state.range(0)),
              model_side = static_cast<int>(state.range(1));
    cv::resize(bgr(cv::Rect(301, 201, side, side)), pixels, {model_side, model_side}, 0, 0,
               side >= 2 * model_side ? cv::INTER_AREA : cv::INTER_LINEAR);
    benchmark::DoNotOptimize(pixels.data);
}

void opencv_whole_nv12(benchmark::State& state) {
    cv::setNumThreads(1);
    const cv::Mat frame = noise(kHeight * 3 / 2, CV_8UC1);
    cv::Mat bgr, pixels;
    for (auto _ : state) {
        cv::cvtColor(frame, bgr, cv::COLOR_YUV2BGR_NV12);
        opencv_resize(bgr, state, pixels);
    }
}

void opencv_bgr(benchmark::State& state) {
    cv::setNumThreads(1);
    const cv::Mat frame = noise(kHeight, CV_8UC3);
    cv::Mat pixels;
    for (auto _ : state) opencv_resize(frame, state, pixels);
}

// A detector's input out of the whole frame.
void detector_input_nv12(benchmark::State& state) {
    const cv::Mat frame = noise(kHeight * 3 / 2, CV_8UC1);
    const CropSpec spec{300, 300};
    std::vector<uint8_t> pixels(spec.byte_size());
    for (auto _ : state) {
        const Result<void> result = crop(nv12_view(frame), {0, 0, kWidth, kHeight}, spec, pixels);
        if (!result) state.SkipWithError(result.error().message.c_str());
        benchmark::DoNotOptimize(pixels.data());
    }
}

void opencv_detector_input_nv12(benchmark::State& state) {
    cv::setNumThreads(1);
    const cv::Mat frame = noise(kHeight * 3 / 2, CV_8UC1);
    cv::Mat bgr, pixels;
    for (auto _ : state) {
        cv::cvtColor(frame, bgr, cv::COLOR_YUV2BGR_NV12);
        cv::resize(bgr, pixels, {300, 300}, 0, 0, cv::INTER_AREA);
        benchmark::DoNotOptimize(pixels.data);
    }
}

#define FACE_SIZES ->Args({50, 62})->Args({100, 62})->Args({200, 62})->Args({400, 62})
BENCHMARK(crop_nv12) FACE_SIZES;
BENCHMARK(opencv_whole_nv12) FACE_SIZES;
BENCHMARK(crop_bgr) FACE_SIZES;
BENCHMARK(opencv_bgr) FACE_SIZES;
BENCHMARK(detector_input_nv12);
BENCHMARK(opencv_detector_input_nv12);

}  // namespace
}  // namespace facet

BENCHMARK_MAIN();
