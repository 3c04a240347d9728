// SPDX-License-Identifier: MIT
// Rows stretched and interleaved by shuffles, against the same without, and in memory that ends.
#include "engine/vision/shuffle.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "tests/vision/frame_maker.h"

namespace facet {
namespace {

using testing::Guard;
using testing::GuardedBytes;

void fill_with_noise(uint8_t* bytes, size_t count, unsigned seed) {
    std::mt19937 random(seed);
    for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(random());
}

// One way of finding a channel's bytes in a row of a frame.
struct Row {
    int channels;
    std::array<int, 3> offsets;
    int step;
};

const std::vector<Row> kRows{{1, {0}, 1},       {3, {0, 0, 0}, 1}, {1, {1}, 2},
                             {3, {2, 1, 0}, 3}, {3, {0, 1, 2}, 3}, {3, {1, 2, 3}, 4}};

TEST(RowStretch, ByShufflesIsTheSameToTheBitAndReadsTheRowAlone) {
    for (const Row& row : kRows) {
        for (const int samples : {1, 2, 5, 16, 17, 40, 62, 100, 123}) {
            for (const Guard guard : {Guard::kAfter, Guard::kBefore}) {
                const int bytes = samples * row.step;
                const GuardedBytes source(bytes, guard);
                fill_with_noise(source.data(), bytes, samples);
                for (const int outputs : {62, 64, 75}) {
                    if (samples >= 2 * outputs) continue;
                    AxisTaps taps;
                    taps.plan(0.3, samples - 0.4, samples, outputs, Interpolation::kLinear);
                    RowStretch stretch;
                    stretch.plan(taps, row.channels, row.offsets, row.step, bytes);
                    const size_t count = static_cast<size_t>(outputs) * row.channels;
                    std::vector<Fixed> values(count + 16), plain(count + 16);
                    stretch.apply(source.data(), values.data());
                    stretch.apply_plain(source.data(), plain.data());
                    values.resize(count);
                    plain.resize(count);
                    ASSERT_EQ(values, plain) << samples << " samples, step " << row.step << ", to "
                                             << outputs << " of " << row.channels;
                }
            }
        }
    }
}

TEST(RowStretch, BlendsTheNeighboursOfEachOutput) {
    const std::vector<uint8_t> row{0, 200, 100};
    AxisTaps taps;
    taps.plan(0, 3, 3, 6, Interpolation::kLinear);
    RowStretch stretch;
    stretch.plan(taps, 1, {0}, 1, 3);
    std::vector<Fixed> values(16);
    stretch.apply(row.data(), values.data());
    values.resize(6);
    const Fixed one = 1 << kFractionBits;
    EXPECT_EQ(values,
              (std::vector<Fixed>{0, static_cast<Fixed>(50 * one), static_cast<Fixed>(150 * one),
                                  static_cast<Fixed>(175 * one), static_cast<Fixed>(125 * one),
                                  static_cast<Fixed>(100 * one)}));
}

TEST(Interleave, PutsThreeRowsIntoOneAndWritesNoMore) {
    for (const size_t count : {1, 15, 31, 32, 33, 62, 64, 300}) {
        std::array<std::vector<uint8_t>, 3> rows;
        for (size_t row = 0; row < 3; ++row) {
            rows[row].resize(count);
            fill_with_noise(rows[row].data(), count, static_cast<unsigned>(count + row));
        }
        for (const Guard guard : {Guard::kAfter, Guard::kBefore}) {
            const GuardedBytes pixels(3 * count, guard);
            std::vector<uint8_t> plain(3 * count);
            interleave(rows[0].data(), rows[1].data(), rows[2].data(), count, pixels.data());
            interleave_plain(rows[0].data(), rows[1].data(), rows[2].data(), count, plain.data());
            for (size_t i = 0; i < plain.size(); ++i) {
                ASSERT_EQ(pixels.data()[i], plain[i]) << count << " at " << i;
                ASSERT_EQ(plain[i], rows[i % 3][i / 3]);
            }
        }
    }
}

}  // namespace
}  // namespace facet
