// SPDX-License-Identifier: MIT
// Gathered convolutions against the definition in doubles, and rows that are the same in any batch.
#include "engine/backends/cpu/convolution/gathered.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "engine/base/tensor.h"

namespace facet::cpu {

namespace {

using Geometry = GatheredConvolution::Geometry;

Tensor noise(int64_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> values(-1, 1);
    Tensor tensor = Tensor::allocate(DataType::kF32, Shape{count});
    for (float& value : tensor.mutable_view().as<float>()) value = values(random);
    return tensor;
}

// Whole sources as one window, pointwise, padded, strided, more positions than one block holds.
const Geometry kGeometries[] = {{3, 2, 3, 24, 1, 1, 48, 2, 3, 1, 1, 0, 0},
                                {9, 1, 1, 40, 1, 1, 80, 1, 1, 1, 1, 0, 0},
                                {2, 4, 5, 7, 4, 5, 32, 3, 3, 1, 1, 1, 1},
                                {2, 8, 7, 16, 4, 3, 16, 3, 3, 2, 2, 1, 0},
                                {16, 4, 4, 64, 4, 4, 96, 3, 3, 1, 1, 1, 1}};

struct Case {
    explicit Case(const Geometry& g)
        : geometry(g),
          source(noise(g.rows * source_row(), 1)),
          weights(noise(g.inner() * g.result_channels, 2)),
          bias(noise(g.result_channels, 3)) {}

    [[nodiscard]] int64_t source_row() const {
        return geometry.height * geometry.width * geometry.channels;
    }
    [[nodiscard]] int64_t result_row() const {
        return geometry.result_height * geometry.result_width * geometry.result_channels;
    }
    [[nodiscard]] std::vector<float> run(int64_t first, int64_t rows, int threads) const {
        Geometry part = geometry;
        part.rows = rows;
        const GatheredConvolution convolution(part, threads);
        Tensor packed = Tensor::allocate(DataType::kF32, weights.shape());
        GatheredConvolution::pack(part, weights.as<float>().data(),
                                  packed.mutable_view().as<float>().data());
        Tensor scratch = Tensor::allocate(
            DataType::kU8, Shape{static_cast<int64_t>(convolution.scratch_bytes()) + 1});
        ChannelEpilogue epilogue;
        epilogue.bias = bias.as<float>().data();
        epilogue.activation = ChannelEpilogue::Activation::kLeakyRelu;
        std::vector<float> result(rows * result_row());
        for (int thread = 0; thread < threads; ++thread)
            convolution.run(source.as<float>().data() + first * source_row(),
                            packed.as<float>().data(), epilogue, result.data(),
                            static_cast<std::byte*>(scratch.mutable_view().bytes),
                            {thread, threads});
        return result;
    }
    [[nodiscard]] double expected(int64_t position, int64_t channel) const {
        const Geometry& g = geometry;
        const int64_t x = position % g.result_width,
                      y = position / g.result_width % g.result_height;
        const int64_t row = position / (g.result_width * g.result_height);
        double sum = bias.as<float>()[channel];
        for (int64_t i = 0; i < g.kernel_height; ++i) {
            for (int64_t j = 0; j < g.kernel_width; ++j) {
                const int64_t down = y * g.stride_down - g.pad_top + i;
                const int64_t across = x * g.stride_across - g.pad_left + j;
                if (down < 0 || down >= g.height || across < 0 || across >= g.width) continue;
                for (int64_t c = 0; c < g.channels; ++c)
                    sum += double{source.as<float>()[((row * g.height + down) * g.width + across) *
                                                         g.channels +
                                                     c]} *
                           weights.as<float>()[((channel * g.channels + c) * g.kernel_height + i) *
                                                   g.kernel_width +
                                               j];
            }
        }
        return std::max(sum, 0.0);
    }

    Geometry geometry;
    Tensor source, weights, bias;
};

}  // namespace

class GatheredConvolutionTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!GatheredConvolution::is_available()) GTEST_SKIP() << "no AVX-512";
    }
};

TEST_F(GatheredConvolutionTest, AgreesWithTheDefinition) {
    for (const Geometry& geometry : kGeometries) {
        const Case test(geometry);
        const std::vector<float> found = test.run(0, geometry.rows, 1);
        for (int64_t position = 0; position < geometry.positions(); ++position)
            for (int64_t channel = 0; channel < geometry.result_channels; ++channel)
                EXPECT_NEAR(found[position * geometry.result_channels + channel],
                            test.expected(position, channel), 1e-4);
    }
}

TEST_F(GatheredConvolutionTest, RowsAreTheSameInAnyBatchOnAnyThreads) {
    for (const Geometry& geometry : kGeometries) {
        const Case test(geometry);
        const std::vector<float> together = test.run(0, geometry.rows, 1);
        EXPECT_EQ(together, test.run(0, geometry.rows, 3));
        for (int64_t row = 0; row < geometry.rows; ++row) {
            const auto begin = together.begin() + row * test.result_row();
            EXPECT_EQ(std::vector<float>(begin, begin + test.result_row()), test.run(row, 1, 2));
        }
    }
}

}  // namespace facet::cpu
