// SPDX-License-Identifier: MIT
// Convolutions of bytes against the definition, on every kind of instructions this machine has.
#include "engine/backends/cpu/bytes/byte_convolution.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "engine/backends/cpu/bytes/byte_map.h"
#include "engine/base/tensor.h"

namespace facet::cpu {

namespace {

using Geometry = ByteGeometry;
using Op = ByteFinish::Op;
using Stored = ByteFinish::Stored;

Tensor bytes(int64_t count) {
    return Tensor::allocate(DataType::kU8, Shape{count});
}

Tensor random_bytes(int64_t count, uint32_t seed) {
    Tensor tensor = bytes(count);
    std::mt19937 random(seed);
    for (uint8_t& byte : tensor.mutable_view().as<uint8_t>()) byte = static_cast<uint8_t>(random());
    return tensor;
}

std::vector<ByteInstructions> instructions_here() {
    std::vector<ByteInstructions> all{ByteInstructions::kPlain};
    if (best_byte_instructions() >= ByteInstructions::kVnni) all.push_back(ByteInstructions::kVnni);
    if (best_byte_instructions() >= ByteInstructions::kAmx) all.push_back(ByteInstructions::kAmx);
    return all;
}

int64_t pixels_of(const Geometry& geometry) {
    return geometry.rows * geometry.result_height * geometry.result_width;
}

int64_t source_bytes(const Geometry& geometry) {
    return geometry.rows * geometry.height * geometry.width * geometry.channels;
}

// The sum over what lies inside, of true values times weights.
int64_t sum_at(const Geometry& geometry, const uint8_t* source, const int8_t* weights,
               int64_t pixel, int64_t out) {
    const int64_t x = pixel % geometry.result_width;
    const int64_t y = pixel / geometry.result_width % geometry.result_height;
    const int64_t row = pixel / geometry.result_width / geometry.result_height;
    int64_t sum = 0;
    for (int64_t i = 0; i < geometry.kernel[0]; ++i) {
        for (int64_t j = 0; j < geometry.kernel[1]; ++j) {
            const int64_t at_y =
                y * geometry.strides[0] + i * geometry.dilations[0] - geometry.pad_top;
            const int64_t at_x =
                x * geometry.strides[1] + j * geometry.dilations[1] - geometry.pad_left;
            if (at_y < 0 || at_x < 0 || at_y >= geometry.height || at_x >= geometry.width) continue;
            for (int64_t in = 0; in < geometry.channels; ++in) {
                const uint8_t byte =
                    source[((row * geometry.height + at_y) * geometry.width + at_x) *
                               geometry.channels +
                           in];
                const int value = geometry.is_signed ? static_cast<int8_t>(byte) : byte;
                sum += (value - geometry.zero_point) *
                       weights[((out * geometry.channels + in) * geometry.kernel[0] + i) *
                                   geometry.kernel[1] +
                               j];
            }
        }
    }
    return sum;
}

// Stores the sums themselves, as floats.
ByteFinish sums_as_floats(const Geometry& geometry, const Tensor& weights) {
    ByteFinish finish;
    finish.stored = Stored::kF32;
    finish.channels = finish.pitch = geometry.result_channels;
    Op affine;
    affine.scale.assign((geometry.result_channels + 31) / 32 * 32, 1.0f);
    affine.shift.assign(affine.scale.size(), 0.0f);
    finish.excess.assign(affine.scale.size(), 0);
    const int64_t inner = geometry.channels * geometry.kernel[0] * geometry.kernel[1];
    const auto* all = reinterpret_cast<const int8_t*>(weights.view().bytes);
    for (int64_t out = 0; out < geometry.result_channels; ++out)
        for (int64_t i = 0; i < inner; ++i)
            finish.excess[out] += geometry.offset() * all[out * inner + i];
    finish.ops = {affine};
    return finish;
}

Tensor run(const Geometry& geometry, ByteInstructions instructions, int threads,
           const Tensor& source, const Tensor& weights, const ByteFinish& finish,
           const Tensor* summand = nullptr) {
    const ByteReading reading(geometry);
    Tensor packed = bytes(static_cast<int64_t>(reading.packed_bytes()));
    reading.pack(static_cast<const int8_t*>(weights.view().bytes),
                 static_cast<int8_t*>(packed.mutable_view().bytes));
    const ByteConvolution convolution(reading, threads, instructions);
    Tensor scratch = bytes(static_cast<int64_t>(convolution.scratch_bytes()));
    Tensor result = bytes(pixels_of(geometry) * geometry.result_channels * finish.element_bytes());
    const ByteConvolution::Memory memory{
        static_cast<const uint8_t*>(source.view().bytes),
        static_cast<const int8_t*>(packed.view().bytes), summand ? summand->view().bytes : nullptr,
        result.mutable_view().bytes, static_cast<std::byte*>(scratch.mutable_view().bytes)};
    if (convolution.copies())
        for (int thread = 0; thread < threads; ++thread)
            convolution.copy(memory, {thread, threads});
    if (convolution.weaves())
        for (int thread = 0; thread < threads; ++thread)
            convolution.weave(memory, {thread, threads});
    for (int thread = 0; thread < threads; ++thread)
        convolution.run(memory, finish, {thread, threads});
    return result;
}

Geometry shape(int64_t rows, int64_t extent, int64_t channels, int64_t kernel, int64_t stride,
               int64_t pad, int64_t result_channels) {
    Geometry geometry;
    geometry.rows = rows;
    geometry.height = extent;
    geometry.width = extent + 1;
    geometry.channels = channels;
    geometry.kernel = {kernel, kernel};
    geometry.strides = {stride, stride};
    geometry.pad_top = geometry.pad_left = pad;
    geometry.result_height = (geometry.height + 2 * pad - kernel) / stride + 1;
    geometry.result_width = (geometry.width + 2 * pad - kernel) / stride + 1;
    geometry.result_channels = result_channels;
    return geometry;
}

std::vector<Geometry> odd_shapes() {
    std::vector<Geometry> shapes{
        shape(1, 9, 3, 3, 1, 0, 48),   shape(2, 40, 3, 3, 1, 0, 48),  shape(1, 40, 3, 7, 2, 3, 33),
        shape(2, 38, 24, 3, 1, 1, 96), shape(2, 20, 3, 7, 2, 3, 33),  shape(3, 5, 8, 1, 1, 0, 16),
        shape(1, 30, 24, 3, 1, 1, 17), shape(2, 7, 96, 3, 1, 0, 40),  shape(7, 5, 66, 3, 1, 1, 5),
        shape(2, 6, 64, 3, 2, 1, 64),  shape(3, 4, 130, 1, 2, 0, 24), shape(1, 40, 4, 3, 2, 1, 16),
        shape(5, 2, 70, 2, 1, 0, 2),   shape(1, 1, 1, 1, 1, 0, 1)};
    Geometry whole = shape(7, 3, 40, 3, 1, 0, 31);  // the kernel is the image
    whole.width = 3;
    whole.result_width = 1;
    shapes.push_back(whole);
    Geometry dilated = shape(2, 12, 20, 3, 1, 2, 20);
    dilated.dilations = {2, 2};
    dilated.result_height = dilated.height;
    dilated.result_width = dilated.width;
    shapes.push_back(dilated);
    Geometry is_signed = shape(2, 11, 12, 3, 1, 1, 20);
    is_signed.is_signed = true;
    shapes.push_back(is_signed);
    Geometry shifted = shape(2, 8, 3, 3, 2, 1, 20);
    shifted.zero_point = 97;
    shapes.push_back(shifted);
    return shapes;
}

std::string text_of(const Geometry& g, ByteInstructions instructions, int threads) {
    return std::to_string(g.rows) + "x" + std::to_string(g.channels) + "x" +
           std::to_string(g.height) + "x" + std::to_string(g.width) + " kernel " +
           std::to_string(g.kernel[0]) + " stride " + std::to_string(g.strides[0]) + ", kind " +
           std::to_string(static_cast<int>(instructions)) + ", threads " + std::to_string(threads);
}

// A chain with every operation, ending in bytes.
ByteFinish long_chain(int64_t channels, Stored stored) {
    ByteFinish finish;
    finish.stored = stored;
    finish.channels = finish.pitch = channels;
    finish.summand_is_signed = stored == Stored::kI8;
    const auto op = [&](Op::Kind kind, float scale, float shift) {
        Op made;
        made.kind = kind;
        for (int64_t i = 0; i < (channels + 31) / 32 * 32; ++i) {
            made.scale.push_back(scale * (1.0f + 0.01f * static_cast<float>(i)));
            made.shift.push_back(shift - 0.1f * static_cast<float>(i));
        }
        made.low = -20.0f;
        made.high = 90.5f;
        return made;
    };
    finish.ops = {op(Op::Kind::kAffine, 0.0007f, 3.0f), op(Op::Kind::kRound, 0, 0),
                  op(Op::Kind::kSum, 0.4f, 0), op(Op::Kind::kClip, 0, 0),
                  op(Op::Kind::kAffine, 0.9f, 1.0f)};
    for (size_t i = 0; i < finish.ops[0].scale.size(); ++i)
        finish.excess.push_back(static_cast<int32_t>(i) * 1000 - 7);
    return finish;
}

}  // namespace

TEST(ByteConvolution, SumsAreThoseOfTheDefinition) {
    for (const Geometry& geometry : odd_shapes()) {
        const Tensor source = random_bytes(source_bytes(geometry), 1);
        const Tensor weights = random_bytes(
            geometry.result_channels * geometry.channels * geometry.kernel[0] * geometry.kernel[1],
            2);
        const ByteFinish finish = sums_as_floats(geometry, weights);
        for (const ByteInstructions instructions : instructions_here()) {
            for (const int threads : {1, 2}) {
                const Tensor result = run(geometry, instructions, threads, source, weights, finish);
                const auto* sums = static_cast<const float*>(result.view().bytes);
                for (int64_t at = 0; at < pixels_of(geometry) * geometry.result_channels; ++at)
                    ASSERT_EQ(sums[at],
                              static_cast<float>(sum_at(
                                  geometry, static_cast<const uint8_t*>(source.view().bytes),
                                  static_cast<const int8_t*>(weights.view().bytes),
                                  at / geometry.result_channels, at % geometry.result_channels)))
                        << text_of(geometry, instructions, threads) << " at " << at;
            }
        }
    }
}

// Raised by 128 they are up to 66 million, of which floats would keep every fourth.
TEST(ByteConvolution, LongSumsOfSignedSourcesKeepEveryUnit) {
    Geometry geometry = shape(1, 3, 2048, 1, 1, 0, 33);
    geometry.is_signed = true;
    const Tensor source = random_bytes(source_bytes(geometry), 8);
    Tensor weights = random_bytes(geometry.result_channels * geometry.channels, 9);
    auto* all = reinterpret_cast<int8_t*>(weights.mutable_view().bytes);
    for (int64_t i = 0; i < geometry.channels; ++i) all[i] = 127;
    const ByteFinish finish = sums_as_floats(geometry, weights);
    for (const ByteInstructions instructions : instructions_here()) {
        const Tensor result = run(geometry, instructions, 1, source, weights, finish);
        const auto* sums = static_cast<const float*>(result.view().bytes);
        for (int64_t at = 0; at < pixels_of(geometry) * geometry.result_channels; ++at)
            ASSERT_EQ(sums[at], static_cast<float>(sum_at(
                                    geometry, static_cast<const uint8_t*>(source.view().bytes),
                                    static_cast<const int8_t*>(weights.view().bytes),
                                    at / geometry.result_channels, at % geometry.result_channels)));
    }
}

TEST(ByteConvolution, ARowIsTheSameInEveryBatch) {
    for (const Geometry& geometry : odd_shapes()) {
        const Tensor source = random_bytes(source_bytes(geometry), 3);
        const Tensor weights = random_bytes(
            geometry.result_channels * geometry.channels * geometry.kernel[0] * geometry.kernel[1],
            4);
        const ByteFinish finish = sums_as_floats(geometry, weights);
        Geometry alone = geometry;
        alone.rows = 1;
        const int64_t row_bytes = source_bytes(alone);
        const int64_t result_bytes = pixels_of(alone) * geometry.result_channels * 4;
        const auto best = best_byte_instructions();
        const Tensor together = run(geometry, best, 1, source, weights, finish);
        for (int64_t row = 0; row < geometry.rows; ++row) {
            Tensor one = bytes(row_bytes);
            std::memcpy(one.mutable_view().bytes,
                        static_cast<const uint8_t*>(source.view().bytes) + row * row_bytes,
                        row_bytes);
            const Tensor result = run(alone, best, 1, one, weights, finish);
            EXPECT_EQ(0, std::memcmp(result.view().bytes,
                                     static_cast<const uint8_t*>(together.view().bytes) +
                                         row * result_bytes,
                                     result_bytes));
        }
    }
}

TEST(ByteConvolution, EveryKindOfInstructionsStoresTheSameBits) {
    const Geometry geometry = shape(2, 13, 16, 3, 1, 1, 41);
    const Tensor source = random_bytes(source_bytes(geometry), 5);
    const Tensor weights = random_bytes(geometry.result_channels * geometry.channels * 9, 6);
    const Tensor summand = random_bytes(pixels_of(geometry) * geometry.result_channels, 7);
    for (const Stored stored : {Stored::kU8, Stored::kI8, Stored::kF32}) {
        ByteFinish finish = long_chain(geometry.result_channels, stored);
        for (const size_t length : {5, 2, 1}) {
            if (length == 2) finish.ops[1] = finish.ops[3];
            finish.ops.resize(length);
            if (length == 2) finish.ops[1].low = -200.0f;
            finish.simplify(255.0 * 128 * 16 * 9);
            EXPECT_EQ(finish.is_affine, length < 3 && stored != Stored::kF32);
            const Tensor expected =
                run(geometry, ByteInstructions::kPlain, 1, source, weights, finish, &summand);
            for (const ByteInstructions instructions : instructions_here()) {
                const Tensor result =
                    run(geometry, instructions, 2, source, weights, finish, &summand);
                EXPECT_EQ(0, std::memcmp(result.view().bytes, expected.view().bytes,
                                         expected.view().byte_size()))
                    << static_cast<int>(instructions) << " with " << length << " operations";
            }
        }
    }
}

TEST(ByteConvolution, LinesOfFewChannelsAreWoven) {
    const ByteReading strided(shape(2, 20, 3, 7, 2, 3, 33));
    EXPECT_EQ(strided.weave.pixels, 2);
    EXPECT_EQ(strided.taps, 4) << "of two lines each";
    const ByteReading dense(shape(1, 60, 3, 3, 1, 0, 48));
    EXPECT_EQ(dense.weave.lines, 3);
    EXPECT_EQ(dense.taps, 1);
    EXPECT_FALSE(ByteReading(shape(1, 30, 64, 3, 1, 1, 64)).weave.is_active());
}

TEST(ByteConvolution, VectorsWeaveTheSameBytesAndNoOthers) {
    for (const int64_t lines : {2, 3, 5, 7}) {
        for (const int64_t group_bytes : {1, 3, 6, 16, 31, 64, 70}) {
            for (const int64_t groups : {1, 5, 37}) {
                const int64_t size = lines * group_bytes * groups;
                const Tensor source = random_bytes(size, 8);
                const auto woven_by = [&](bool plain) {
                    std::vector<uint8_t> woven(size + 64, 0xAB);
                    LineWeaver(lines, group_bytes, groups, plain)
                        .run(static_cast<const uint8_t*>(source.view().bytes), group_bytes * groups,
                             woven.data());
                    return woven;
                };
                EXPECT_EQ(woven_by(false), woven_by(true))
                    << lines << " lines, " << groups << " groups of " << group_bytes;
            }
        }
    }
}

TEST(ByteConvolution, VectorsMapTheSameBytesAndNoOthers) {
    for (const int64_t channels : {1, 2, 3}) {
        const Tensor tables = random_bytes(256 * channels, 9);
        for (const int64_t positions : {1, 21, 64, 700}) {
            const Tensor source = random_bytes(positions * channels, 10);
            const auto mapped_by = [&](const auto& map) {
                std::vector<uint8_t> mapped(positions * channels + 64, 0xAB);
                map(static_cast<const uint8_t*>(tables.view().bytes), channels,
                    static_cast<const uint8_t*>(source.view().bytes), mapped.data(), positions);
                return mapped;
            };
            EXPECT_EQ(mapped_by(map_bytes), mapped_by(map_bytes_plain))
                << positions << " positions of " << channels;
        }
    }
}

TEST(ByteConvolution, ChainsThatCouldLeaveWholeNumbersAreNoAffineOnes) {
    ByteFinish finish;
    finish.channels = 1;
    Op affine;
    affine.scale.assign(32, 1.0e6f);
    affine.shift.assign(32, 0.0f);
    finish.ops = {affine};
    finish.simplify(1.0e6);
    EXPECT_FALSE(finish.is_affine);
    finish.simplify(100.0);
    EXPECT_TRUE(finish.is_affine);
}

}  // namespace facet::cpu
