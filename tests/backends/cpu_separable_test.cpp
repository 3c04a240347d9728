// SPDX-License-Identifier: MIT
// Depthwise and pointwise convolution in one, against the definition, and a row's independence of
// its batch.
#include "engine/backends/cpu/convolution/separable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/base/tensor.h"
#include "tests/backends/random_floats.h"

namespace facet::cpu {

namespace {

using testing::random_floats;
using Geometry = SeparableConvolution::Geometry;
using Activation = ChannelEpilogue::Activation;

// Everything a run needs for one geometry; the epilogues use its bias and slopes.
struct Case {
    explicit Case(const Geometry& wanted)
        : geometry(wanted),
          source(random_floats(source_row() * geometry.rows, 1)),
          spread(random_floats(geometry.channels * 9, 2)),
          mix(random_floats(geometry.channels * geometry.result_channels, 3)),
          spread_bias(random_floats(geometry.channels, 4)),
          mix_bias(random_floats(geometry.result_channels, 5)),
          slopes(random_floats(geometry.result_channels, 6)),
          residual(random_floats(result_row() * geometry.rows, 7)) {}

    [[nodiscard]] int64_t source_row() const {
        return geometry.height * geometry.width * geometry.channels;
    }
    [[nodiscard]] int64_t result_row() const {
        return geometry.result_height * geometry.result_width * geometry.result_channels;
    }

    // The first `rows` rows from row `first` on.
    [[nodiscard]] std::vector<float> run(int64_t first, int64_t rows, int threads,
                                         const ChannelEpilogue& spread_epilogue,
                                         const ChannelEpilogue& mix_epilogue) const {
        Geometry part = geometry;
        part.rows = rows;
        const SeparableConvolution convolution(part, threads);
        Tensor packed_spread = Tensor::allocate(DataType::kF32, spread.shape());
        Tensor packed_mix = Tensor::allocate(DataType::kF32, mix.shape());
        SeparableConvolution::pack_depthwise(geometry.channels, spread.as<float>().data(),
                                             packed_spread.mutable_view().as<float>().data());
        SeparableConvolution::pack_pointwise(geometry.channels, geometry.result_channels,
                                             mix.as<float>().data(),
                                             packed_mix.mutable_view().as<float>().data());
        Tensor scratch = Tensor::allocate(DataType::kU8,
                                          Shape{static_cast<int64_t>(convolution.scratch_bytes())});
        const auto held = residual.as<float>().subspan(first * result_row(), rows * result_row());
        std::vector<float> result(held.begin(), held.end());
        for (int thread = 0; thread < threads; ++thread)
            convolution.run(source.as<float>().data() + first * source_row(),
                            {packed_spread.as<float>().data(), packed_mix.as<float>().data(),
                             spread_epilogue, mix_epilogue},
                            result.data(), static_cast<std::byte*>(scratch.mutable_view().bytes),
                            {thread, threads});
        return result;
    }

    Geometry geometry;
    Tensor source, spread, mix, spread_bias, mix_bias, slopes, residual;
};

// The depthwise result with bias and Relu, in doubles.
double spread_at(const Case& run, int64_t row, int64_t y, int64_t x, int64_t channel) {
    const Geometry& g = run.geometry;
    double sum = run.spread_bias.as<float>()[channel];
    for (int64_t i = 0; i < 3; ++i) {
        for (int64_t j = 0; j < 3; ++j) {
            const int64_t from_y = y * g.stride + i - g.pad_top;
            const int64_t from_x = x * g.stride + j - g.pad_left;
            if (from_y < 0 || from_y >= g.height || from_x < 0 || from_x >= g.width) continue;
            sum += double{run.source.as<float>()[((row * g.height + from_y) * g.width + from_x) *
                                                     g.channels +
                                                 channel]} *
                   run.spread.as<float>()[channel * 9 + i * 3 + j];
        }
    }
    return std::max(sum, 0.0);
}

// Both strides, padding on some sides, widths below the filter's and off every group of pixels.
const Geometry kGeometries[] = {
    {2, 9, 13, 16, 9, 13, 48, 1, 1, 1},  {1, 9, 12, 32, 5, 6, 16, 2, 1, 1},
    {3, 3, 2, 16, 3, 2, 32, 1, 1, 1},    {1, 1, 1, 16, 1, 1, 16, 1, 1, 1},
    {1, 11, 37, 16, 9, 35, 80, 1, 0, 0}, {2, 8, 10, 48, 4, 5, 64, 2, 0, 1}};

class Separable : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!SeparableConvolution::is_available()) GTEST_SKIP() << "no 512-bit vectors here";
    }
};

}  // namespace

TEST_F(Separable, AgreesWithTheDefinitionForEveryEnding) {
    for (const Geometry& geometry : kGeometries) {
        const Case run(geometry);
        const ChannelEpilogue spread{.bias = run.spread_bias.as<float>().data(),
                                     .activation = Activation::kLeakyRelu};
        const float* bias = run.mix_bias.as<float>().data();
        for (const ChannelEpilogue& mix :
             {ChannelEpilogue{},
              ChannelEpilogue{.bias = bias, .activation = Activation::kLeakyRelu},
              ChannelEpilogue{.bias = bias, .adds_residual = true},
              ChannelEpilogue{.bias = bias,
              .activation = Activation::kPRelu,
              .slopes = run.slopes.as<float>().data()}}) {
            const std::vector<float> found = run.run(0, geometry.rows, 2, spread, mix);
            size_t at = 0;
            for (int64_t row = 0; row < geometry.rows; ++row)
                for (int64_t y = 0; y < geometry.result_height; ++y)
                    for (int64_t x = 0; x < geometry.result_width; ++x)
                        for (int64_t out = 0; out < geometry.result_channels; ++out, ++at) {
                            double sum = mix.bias ? mix.bias[out] : 0;
                            for (int64_t in = 0; in < geometry.channels; ++in)
                                sum += spread_at(run, row, y, x, in) *
                                       run.mix.as<float>()[out * geometry.channels + in];
                            if (mix.adds_residual) sum += run.residual.as<float>()[at];
                            if (mix.activation == Activation::kLeakyRelu) sum = std::max(sum, 0.0);
                            if (mix.activation == Activation::kPRelu && sum < 0)
                                sum *= mix.slopes[out];
                            ASSERT_NEAR(found[at], sum, 2e-4)
                                << "row " << row << " y " << y << " x " << x << " channel " << out;
                        }
        }
    }
}

TEST_F(Separable, ARowIsTheSameToTheLastBitInEveryBatchAndOnEveryNumberOfThreads) {
    const Case run({9, 10, 17, 32, 10, 17, 48, 1, 1, 1});
    const std::vector<float> together = run.run(0, 9, 1, {}, {});
    EXPECT_EQ(together, run.run(0, 9, 3, {}, {}));
    for (int64_t row = 0; row < 9; ++row) {
        const std::vector<float> alone = run.run(row, 1, 2, {}, {});
        EXPECT_TRUE(std::ranges::equal(
            alone, std::span(together).subspan(row * run.result_row(), run.result_row())))
            << "row " << row;
    }
}

}  // namespace facet::cpu
