// SPDX-License-Identifier: MIT
// Winograd's convolution against the definition, and a row's independence of its batch.
#include "engine/backends/cpu/convolution/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "engine/base/tensor.h"
#include "tests/backends/random_floats.h"

namespace facet::cpu {

namespace {

using testing::random_floats;
using Geometry = WinogradConvolution::Geometry;

Tensor floats(int64_t count) {
    return Tensor::allocate(DataType::kF32, Shape{count});
}

Geometry with_rows(Geometry geometry, int64_t rows) {
    geometry.rows = rows;
    return geometry;
}

int64_t source_size(const Geometry& geometry) {
    return geometry.rows * geometry.height * geometry.width * geometry.channels;
}

int64_t result_size(const Geometry& geometry) {
    return geometry.rows * geometry.result_height * geometry.result_width *
           geometry.result_channels;
}

// The definition, in doubles, before the epilogue.
double sum_at(const Geometry& geometry, std::span<const float> source,
              std::span<const float> weights, int64_t row, int64_t y, int64_t x, int64_t out) {
    double sum = 0;
    for (int64_t in = 0; in < geometry.channels; ++in) {
        for (int64_t i = 0; i < 3; ++i) {
            for (int64_t j = 0; j < 3; ++j) {
                const int64_t from_y = y + i - geometry.pad_top;
                const int64_t from_x = x + j - geometry.pad_left;
                if (from_y < 0 || from_y >= geometry.height || from_x < 0 ||
                    from_x >= geometry.width)
                    continue;
                const int64_t pixel = (row * geometry.height + from_y) * geometry.width + from_x;
                sum += double{source[pixel * geometry.channels + in]} *
                       weights[((out * geometry.channels + in) * 3 + i) * 3 + j];
            }
        }
    }
    return sum;
}

// Runs on `result`, which holds the residual where the epilogue wants one.
void run(const Geometry& geometry, int tile, int threads, const Tensor& source,
         const Tensor& weights, const ChannelEpilogue& epilogue, Tensor& result) {
    const WinogradConvolution convolution(geometry, tile, threads);
    Tensor packed = floats(static_cast<int64_t>(
        WinogradConvolution::packed_bytes(tile, geometry.channels, geometry.result_channels) / 4));
    WinogradConvolution::pack(tile, geometry.channels, geometry.result_channels,
                              weights.as<float>().data(), packed.mutable_view().as<float>().data());
    Tensor scratch =
        Tensor::allocate(DataType::kU8, Shape{static_cast<int64_t>(convolution.scratch_bytes())});
    for (int thread = 0; thread < threads; ++thread)
        convolution.run(source.as<float>().data(), packed.as<float>().data(), epilogue,
                        result.mutable_view().as<float>().data(),
                        static_cast<std::byte*>(scratch.mutable_view().bytes), {thread, threads});
}

// Sizes that no tile divides, one tile in all, padding on one side only, odd numbers of panels.
const Geometry kGeometries[] = {{2, 7, 9, 16, 7, 9, 48, 1, 1},
                                {1, 5, 5, 32, 3, 3, 16, 0, 0},
                                {3, 4, 4, 48, 4, 4, 80, 1, 1},
                                {1, 1, 1, 16, 1, 1, 16, 1, 1},
                                {1, 6, 11, 16, 5, 10, 32, 0, 1}};

class Winograd : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!WinogradConvolution::is_available()) GTEST_SKIP() << "no 512-bit vectors here";
    }
};

}  // namespace

TEST_F(Winograd, AgreesWithTheDefinitionForEveryTileAndThreadCount) {
    for (const Geometry& geometry : kGeometries) {
        const Tensor source = random_floats(source_size(geometry), 1);
        const Tensor weights = random_floats(geometry.channels * geometry.result_channels * 9, 2);
        const Tensor bias = random_floats(geometry.result_channels, 3);
        for (const int tile : WinogradConvolution::kTiles) {
            for (const int threads : {1, 2, 3}) {
                Tensor result = floats(result_size(geometry));
                run(geometry, tile, threads, source, weights, {.bias = bias.as<float>().data()},
                    result);
                const auto found = result.as<float>();
                const double scale = 3 * std::sqrt(static_cast<double>(geometry.channels));
                size_t at = 0;
                for (int64_t row = 0; row < geometry.rows; ++row)
                    for (int64_t y = 0; y < geometry.result_height; ++y)
                        for (int64_t x = 0; x < geometry.result_width; ++x)
                            for (int64_t out = 0; out < geometry.result_channels; ++out, ++at)
                                ASSERT_NEAR(found[at],
                                            sum_at(geometry, source.as<float>(),
                                                   weights.as<float>(), row, y, x, out) +
                                                bias.as<float>()[out],
                                            2e-5 * scale)
                                    << "tile " << tile << ", " << threads << " threads, row " << row
                                    << " y " << y << " x " << x << " channel " << out;
            }
        }
    }
}

TEST_F(Winograd, ARowIsTheSameToTheLastBitInEveryBatchAndOnEveryNumberOfThreads) {
    const Geometry one{1, 9, 10, 32, 9, 10, 64, 1, 1};
    constexpr int64_t kRows = 17;
    const Geometry many = with_rows(one, kRows);
    const Tensor source = random_floats(source_size(many), 4);
    const Tensor weights = random_floats(one.channels * one.result_channels * 9, 5);
    for (const int tile : WinogradConvolution::kTiles) {
        Tensor together = floats(result_size(many));
        run(many, tile, 1, source, weights, {}, together);
        for (const int threads : {2, 5}) {
            Tensor shared = floats(result_size(many));
            run(many, tile, threads, source, weights, {}, shared);
            EXPECT_EQ(0, std::memcmp(together.view().bytes, shared.view().bytes,
                                     together.view().byte_size()))
                << "tile " << tile << ", " << threads << " threads";
        }
        for (int64_t row = 0; row < kRows; ++row) {
            const Tensor own = Tensor::of<float>(
                Shape{source_size(one)},
                source.as<float>().subspan(row * source_size(one), source_size(one)));
            Tensor alone = floats(result_size(one));
            run(one, tile, 1, own, weights, {}, alone);
            EXPECT_TRUE(std::ranges::equal(
                alone.as<float>(),
                together.as<float>().subspan(row * result_size(one), result_size(one))))
                << "tile " << tile << ", row " << row;
        }
    }
}

TEST_F(Winograd, TheEpilogueAddsBiasAndResidualBeforeTheActivation) {
    using Activation = ChannelEpilogue::Activation;
    const Geometry geometry{2, 6, 5, 16, 6, 5, 32, 1, 1};
    const Tensor source = random_floats(source_size(geometry), 6);
    const Tensor weights = random_floats(geometry.channels * geometry.result_channels * 9, 7);
    const Tensor bias = random_floats(geometry.result_channels, 8);
    const Tensor slopes = random_floats(geometry.result_channels, 9);
    const Tensor residual = random_floats(result_size(geometry), 10);
    Tensor bare = floats(result_size(geometry));
    run(geometry, 4, 1, source, weights, {}, bare);
    for (const auto activation :
         {Activation::kNone, Activation::kLeakyRelu, Activation::kPRelu, Activation::kClip}) {
        Tensor result = Tensor::of<float>(residual.shape(), residual.as<float>());
        run(geometry, 4, 1, source, weights,
            {bias.as<float>().data(), true, activation, 0.25f, slopes.as<float>().data(), -1.0f,
             6.0f},
            result);
        for (int64_t i = 0; i < result_size(geometry); ++i) {
            const int64_t channel = i % geometry.result_channels;
            const float sum =
                bare.as<float>()[i] + bias.as<float>()[channel] + residual.as<float>()[i];
            float expected = sum;
            if (activation == Activation::kLeakyRelu && sum < 0) expected = 0.25f * sum;
            if (activation == Activation::kPRelu && sum < 0)
                expected = slopes.as<float>()[channel] * sum;
            if (activation == Activation::kClip) expected = std::clamp(sum, -1.0f, 6.0f);
            ASSERT_FLOAT_EQ(result.as<float>()[i], expected)
                << "activation " << static_cast<int>(activation) << ", element " << i;
        }
    }
}

}  // namespace facet::cpu
