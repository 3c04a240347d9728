// SPDX-License-Identifier: MIT
// Convolutions of pixels against the definition, and a row's independence of its batch.
#include "engine/backends/cpu/convolution/pixels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "engine/base/tensor.h"
#include "tests/backends/random_floats.h"

namespace facet::cpu {

namespace {

using testing::random_floats;
using Geometry = PixelConvolution::Geometry;
using Source = PixelConvolution::Source;
using Activation = ChannelEpilogue::Activation;
constexpr int64_t kColours = PixelConvolution::kColours;
constexpr PixelConvolution::Scale kScale{{0.02f, 0.01f, 0.03f}, {-3.0f, 0.5f, 2.0f}};

struct Case {
    explicit Case(const Geometry& wanted)
        : geometry(wanted),
          pixels(source_row() * geometry.rows),
          weights(random_floats(geometry.result_channels * inner(), 2)),
          bias(random_floats(geometry.result_channels, 3)),
          slopes(random_floats(geometry.result_channels, 4)) {
        std::mt19937 random(1);
        for (uint8_t& byte : pixels) byte = static_cast<uint8_t>(random());
        for (size_t at = 0; at < pixels.size(); ++at)
            planes.push_back(pixels[pixel_of(static_cast<int64_t>(at))]);
    }

    // Where what is number `at` of the planes lies among the pixels.
    [[nodiscard]] int64_t pixel_of(int64_t at) const {
        const int64_t plane = geometry.height * geometry.width;
        return (at / (kColours * plane) * plane + at % plane) * kColours + at / plane % kColours;
    }

    [[nodiscard]] int64_t inner() const {
        return kColours * geometry.filter.height * geometry.filter.width;
    }
    [[nodiscard]] int64_t source_row() const { return geometry.height * geometry.width * kColours; }
    [[nodiscard]] int64_t result_row() const {
        const auto& last = geometry.pooled ? geometry.pool : geometry.filter;
        return last.result_height * last.result_width * geometry.result_channels;
    }
    // The first `rows` rows from row `first` on.
    [[nodiscard]] std::vector<float> run(int64_t first, int64_t rows, int threads,
                                         const ChannelEpilogue& epilogue) const {
        Geometry part = geometry;
        part.rows = rows;
        const PixelConvolution convolution(part, threads);
        Tensor packed = Tensor::allocate(DataType::kF32, weights.shape());
        PixelConvolution::pack(part, weights.as<float>().data(),
                               packed.mutable_view().as<float>().data());
        Tensor scratch = Tensor::allocate(DataType::kU8,
                                          Shape{static_cast<int64_t>(convolution.scratch_bytes())});
        std::ranges::fill(scratch.mutable_view().as<uint8_t>(), uint8_t{0xff});  // NaNs
        std::vector<float> result(rows * result_row());
        const void* source = pixels.data() + first * source_row();
        if (geometry.source == Source::kPlanes) source = planes.data() + first * source_row();
        for (int thread = 0; thread < threads; ++thread)
            convolution.run(source, {packed.as<float>().data(), kScale, epilogue}, result.data(),
                            static_cast<std::byte*>(scratch.mutable_view().bytes),
                            {thread, threads});
        return result;
    }

    Geometry geometry;
    std::vector<uint8_t> pixels;
    std::vector<float> planes;  // the same
    Tensor weights, bias, slopes;
};

double filtered_at(const Case& run, const ChannelEpilogue& epilogue, int64_t row, int64_t y,
                   int64_t x, int64_t channel) {
    const Geometry& g = run.geometry;
    const auto& f = g.filter;
    double sum = epilogue.bias ? epilogue.bias[channel] : 0;
    for (int64_t colour = 0; colour < kColours; ++colour)
        for (int64_t i = 0; i < f.height; ++i)
            for (int64_t j = 0; j < f.width; ++j) {
                const int64_t from_y = y * f.stride_down + i - f.pad_top;
                const int64_t from_x = x * f.stride_across + j - f.pad_left;
                if (from_y < 0 || from_y >= g.height || from_x < 0 || from_x >= g.width) continue;
                const double pixel =
                    run.pixels[((row * g.height + from_y) * g.width + from_x) * kColours + colour];
                sum +=
                    (pixel * kScale.factor[colour] + kScale.offset[colour]) *
                    run.weights
                        .as<float>()[((channel * kColours + colour) * f.height + i) * f.width + j];
            }
    if (epilogue.activation == Activation::kLeakyRelu && sum < 0) sum *= epilogue.slope;
    if (epilogue.activation == Activation::kPRelu && sum < 0) sum *= epilogue.slopes[channel];
    if (epilogue.activation == Activation::kClip)
        sum = std::clamp<double>(sum, epilogue.low, epilogue.high);
    return sum;
}

double result_at(const Case& run, const ChannelEpilogue& epilogue, int64_t row, int64_t y,
                 int64_t x, int64_t channel) {
    const auto& pool = run.geometry.pool;
    if (!run.geometry.pooled) return filtered_at(run, epilogue, row, y, x, channel);
    double most = -std::numeric_limits<double>::infinity();
    for (int64_t i = 0; i < pool.height; ++i)
        for (int64_t j = 0; j < pool.width; ++j) {
            const int64_t from_y = y * pool.stride_down + i - pool.pad_top;
            const int64_t from_x = x * pool.stride_across + j - pool.pad_left;
            if (from_y < 0 || from_y >= run.geometry.filter.result_height || from_x < 0 ||
                from_x >= run.geometry.filter.result_width)
                continue;
            most = std::max(most, filtered_at(run, epilogue, row, from_y, from_x, channel));
        }
    return most;
}

// Both strides, one to five panels of channels, borders of zeros, windows of the pool that overlap,
// leave lines out, and reach beyond the sides.
const Geometry kGeometries[] = {
    {Source::kBytes, 2, 12, 19, 16, {3, 3, 1, 1, 1, 1, 12, 19}, false, {}},
    {Source::kPlanes, 1, 13, 33, 32, {3, 3, 2, 2, 1, 0, 7, 16}, false, {}},
    {Source::kBytes, 2, 11, 21, 48, {5, 5, 1, 1, 2, 2, 11, 21}, true, {3, 3, 2, 2, 0, 0, 5, 10}},
    {Source::kPlanes, 1, 17, 41, 80, {7, 7, 2, 2, 3, 3, 9, 21}, true, {2, 2, 2, 2, 0, 0, 5, 11}},
    {Source::kBytes, 3, 9, 18, 16, {1, 1, 1, 1, 0, 0, 9, 18}, true, {2, 3, 3, 1, 1, 1, 4, 18}},
    {Source::kPlanes, 1, 8, 37, 64, {3, 2, 3, 2, 0, 1, 2, 19}, true, {3, 3, 1, 2, 1, 1, 2, 10}}};

class Pixels : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!PixelConvolution::is_available()) GTEST_SKIP() << "no 512-bit vectors here";
    }
};

}  // namespace

TEST_F(Pixels, AgreeWithTheDefinitionForEveryEnding) {
    for (const Geometry& geometry : kGeometries) {
        ASSERT_TRUE(PixelConvolution::covers(geometry));
        const Case run(geometry);
        const float* bias = run.bias.as<float>().data();
        const float* slopes = run.slopes.as<float>().data();
        for (const ChannelEpilogue& epilogue :
             {ChannelEpilogue{},
              ChannelEpilogue{.bias = bias, .activation = Activation::kLeakyRelu},
              ChannelEpilogue{.bias = bias, .activation = Activation::kPRelu, .slopes = slopes},
              ChannelEpilogue{
                  .bias = bias, .activation = Activation::kClip, .low = -2, .high = 3}}) {
            const std::vector<float> found = run.run(0, geometry.rows, 2, epilogue);
            const auto& last = geometry.pooled ? geometry.pool : geometry.filter;
            size_t at = 0;
            for (int64_t row = 0; row < geometry.rows; ++row)
                for (int64_t y = 0; y < last.result_height; ++y)
                    for (int64_t x = 0; x < last.result_width; ++x)
                        for (int64_t out = 0; out < geometry.result_channels; ++out, ++at)
                            ASSERT_NEAR(found[at], result_at(run, epilogue, row, y, x, out), 1e-3)
                                << "row " << row << " y " << y << " x " << x << " channel " << out;
        }
    }
}

TEST_F(Pixels, ARowIsTheSameToTheLastBitInEveryBatchAndOnEveryNumberOfThreads) {
    const Case run({Source::kPlanes,
                    5,
                    11,
                    21,
                    48,
                    {5, 5, 1, 1, 2, 2, 11, 21},
                    true,
                    {3, 3, 2, 2, 0, 0, 5, 10}});
    const std::vector<float> together = run.run(0, 5, 1, {});
    EXPECT_EQ(together, run.run(0, 5, 3, {}));
    for (int64_t row = 0; row < 5; ++row) {
        const std::vector<float> alone = run.run(row, 1, 2, {});
        EXPECT_TRUE(std::ranges::equal(
            alone, std::span(together).subspan(row * run.result_row(), run.result_row())))
            << "row " << row;
    }
}

TEST(PixelsCover, NoWidthBelowThatOfATileAndNoPartOfAVector) {
    const auto covers = [](int64_t width, int64_t channels, int64_t stride) {
        return PixelConvolution::covers({Source::kBytes,
                                         1,
                                         60,
                                         60,
                                         channels,
                                         {3, 3, stride, stride, 1, 1, 20, width},
                                         false,
                                         {}});
    };
    EXPECT_TRUE(covers(16, 16, 1));
    EXPECT_FALSE(covers(15, 16, 1));
    EXPECT_TRUE(covers(14, 32, 2));
    EXPECT_FALSE(covers(16, 24, 1));
    EXPECT_FALSE(covers(16, 16, 3));
}

}  // namespace facet::cpu
