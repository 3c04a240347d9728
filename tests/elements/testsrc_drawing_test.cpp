// SPDX-License-Identifier: MIT
// What facettestsrc draws, without GStreamer: the same everywhere, as many as asked for, and where
// the truth says.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "elements/testsrc/frame_painter.h"
#include "elements/testsrc/pixel_writer.h"

namespace facet::drawing {
namespace {

uint64_t hash_of(const std::vector<uint8_t>& bytes) {  // FNV-1a
    uint64_t hash = 0xCBF29CE484222325U;
    for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3U;
    return hash;
}

// One frame's planes, one after the other without gaps.
std::vector<uint8_t> written(const Canvas& canvas, FrameFormat format) {
    const int width = canvas.width();
    const int height = canvas.height();
    const int half = (width + 1) / 2;
    const int rows = (height + 1) / 2;
    FrameTarget target;
    target.format = format;
    std::vector<uint8_t> bytes;
    if (format == FrameFormat::kRgb || format == FrameFormat::kBgrx) {
        const int channels = format == FrameFormat::kRgb ? 3 : 4;
        bytes.resize(static_cast<size_t>(width * height * channels));
        target.planes = {bytes.data()};
        target.strides = {width * channels};
    } else {
        bytes.resize(static_cast<size_t>(width * height + 2 * half * rows));
        uint8_t* chroma = bytes.data() + width * height;
        target.planes = {bytes.data(), chroma, chroma + half * rows};
        target.strides = {width, format == FrameFormat::kNv12 ? 2 * half : half, half};
    }
    write_frame(canvas, target);
    return bytes;
}

SceneSettings busy(uint64_t seed) {
    SceneSettings settings;
    settings.seed = seed;
    settings.faces = 5;
    settings.arrival = Arrival::kCrowd;
    settings.occluders = 3;
    settings.lighting = 1;
    return settings;
}

std::vector<uint8_t> frame_of(const SceneSettings& settings, FrameFormat format, int steps = 30) {
    const FrameShape shape = {321, 181, 1.0 / 25};
    Scene scene(settings, shape);
    FramePainter painter(settings.seed, shape.width, shape.height, 3);
    for (int i = 0; i < steps; ++i) scene.step();
    return written(painter.paint(scene), format);
}

TEST(FacetTestSrcDrawing, FramesAreTheSameOnEveryMachine) {
    EXPECT_EQ(hash_of(frame_of(busy(7), FrameFormat::kI420)), 7072212963542910761U);
    EXPECT_EQ(hash_of(frame_of(busy(7), FrameFormat::kNv12)), 14378928788296511271U);
    EXPECT_EQ(hash_of(frame_of(busy(7), FrameFormat::kRgb)), 3441972517888239019U);
    EXPECT_EQ(hash_of(frame_of(busy(7), FrameFormat::kBgrx)), 15223612852423190069U);
    EXPECT_EQ(hash_of(frame_of(busy(123456789012345U), FrameFormat::kBgrx, 700)),
              12204805637562679081U);
}

TEST(FacetTestSrcDrawing, OneSeedGivesOneFilmAndAnotherSeedAnother) {
    EXPECT_EQ(frame_of(busy(7), FrameFormat::kRgb), frame_of(busy(7), FrameFormat::kRgb));
    EXPECT_NE(frame_of(busy(7), FrameFormat::kRgb), frame_of(busy(8), FrameFormat::kRgb));
}

TEST(FacetTestSrcDrawing, FormatsHoldTheSamePicture) {
    const auto rgb = frame_of(busy(3), FrameFormat::kRgb);
    const auto bgrx = frame_of(busy(3), FrameFormat::kBgrx);
    const auto i420 = frame_of(busy(3), FrameFormat::kI420);
    const auto nv12 = frame_of(busy(3), FrameFormat::kNv12);
    const size_t width = 321;
    const size_t height = 181;
    const size_t half = 161;
    double worst_luma = 0;
    for (size_t i = 0; i < width * height; ++i) {
        for (size_t channel = 0; channel < 3; ++channel)
            ASSERT_EQ(rgb[3 * i + channel], bgrx[4 * i + 2 - channel]);
        const double luma =
            16 + (65.481 * rgb[3 * i] + 128.553 * rgb[3 * i + 1] + 24.966 * rgb[3 * i + 2]) / 255;
        worst_luma = std::max(worst_luma, std::fabs(luma - i420[i]));
        ASSERT_EQ(i420[i], nv12[i]);
    }
    EXPECT_LE(worst_luma, 0.51);
    const size_t chroma = width * height;
    for (size_t y = 0; y < 91; ++y)
        for (size_t x = 0; x < half; ++x) {
            double blue_difference = 0;
            for (const size_t row : {2 * y, std::min(2 * y + 1, height - 1)})
                for (const size_t column : {2 * x, std::min(2 * x + 1, width - 1)}) {
                    const uint8_t* at = &rgb[3 * (row * width + column)];
                    blue_difference += (-37.797 * at[0] - 74.203 * at[1] + 112.0 * at[2]) / 255 / 4;
                }
            const size_t i = y * half + x;
            ASSERT_NEAR(i420[chroma + i], 128 + blue_difference, 0.51);
            ASSERT_EQ(i420[chroma + i], nv12[chroma + 2 * i]);
            ASSERT_EQ(i420[chroma + half * 91 + i], nv12[chroma + 2 * i + 1]);
        }
}

SceneSettings arriving(Arrival arrival, double faces) {
    SceneSettings settings;
    settings.seed = 99;
    settings.arrival = arrival;
    settings.faces = faces;
    return settings;
}

// Mean, and how often each number of people was there, over `seconds` at one frame a second.
std::pair<double, std::map<size_t, int>> census(const SceneSettings& settings, int seconds) {
    Scene scene(settings, {640, 360, 1.0});
    std::map<size_t, int> counts;
    double sum = 0;
    for (int i = 0; i < seconds; ++i, scene.step()) {
        sum += static_cast<double>(scene.people().size());
        ++counts[scene.people().size()];
    }
    return {sum / seconds, counts};
}

TEST(FacetTestSrcScene, ConstantArrivalKeepsTheNumberInEveryFrame) {
    const auto [mean, counts] = census(arriving(Arrival::kConstant, 4), 500);
    EXPECT_EQ(mean, 4.0);
    EXPECT_EQ(counts.size(), 1U);
}

TEST(FacetTestSrcScene, ConstantArrivalAlternatesForAFractionalMean) {
    const auto [mean, counts] = census(arriving(Arrival::kConstant, 2.25), 800);
    EXPECT_DOUBLE_EQ(mean, 2.25);
    EXPECT_EQ(counts.size(), 2U);
}

TEST(FacetTestSrcScene, RandomArrivalsHaveTheMeanAskedFor) {
    // Counts eight seconds apart are nearly independent; four standard errors either way.
    const int seconds = 20000;
    const double error = 4 * std::sqrt(3.0 * 16 / seconds);
    EXPECT_NEAR(census(arriving(Arrival::kPoisson, 3), seconds).first, 3, error);
    EXPECT_NEAR(census(arriving(Arrival::kCrowd, 3), seconds).first, 3, error);
    EXPECT_NEAR(census(arriving(Arrival::kBurst, 3), seconds).first, 3, error * 3);
}

TEST(FacetTestSrcScene, PoissonCountsVaryAsMuchAsTheirMeanAndBurstsFarMore) {
    const auto variance = [](Arrival arrival) {
        const auto [mean, counts] = census(arriving(arrival, 4), 20000);
        double sum = 0;
        for (const auto& [count, times] : counts)
            sum +=
                times * (static_cast<double>(count) - mean) * (static_cast<double>(count) - mean);
        return sum / 20000;
    };
    EXPECT_NEAR(variance(Arrival::kPoisson), 4, 0.7);
    EXPECT_GT(variance(Arrival::kBurst), 16);
}

TEST(FacetTestSrcScene, PeopleOfAllKindsComeIndependently) {
    std::set<uint64_t> identities;
    std::map<std::tuple<Gender, int>, int> kinds;
    double ages = 0;
    Scene scene(arriving(Arrival::kPoisson, 20), {640, 360, 1.0});
    for (int i = 0; i < 2000; ++i, scene.step())
        for (const Person& person : scene.people()) {
            if (!identities.insert(person.traits.identity).second) continue;
            ++kinds[{person.traits.gender, person.traits.skin_tone}];
            ages += person.traits.age;
        }
    const double people = static_cast<double>(identities.size());
    EXPECT_NEAR(ages / people, 45.5, 2);
    ASSERT_EQ(kinds.size(), 12U);
    for (const auto& [kind, count] : kinds) EXPECT_NEAR(count / people, 1.0 / 12, 0.02);
}

TEST(FacetTestSrcScene, MoodsChangeAtTheIntervalAndNeverWhenItIsZero) {
    const auto moods = [](double interval) {
        SceneSettings settings = arriving(Arrival::kConstant, 6);
        settings.mood_seconds = interval;
        Scene scene(settings, {640, 360, 0.1});
        std::map<uint64_t, std::set<Mood>> seen;
        for (int i = 0; i < 600; ++i, scene.step())
            for (const Person& person : scene.people())
                seen[person.traits.identity].insert(person.pose.mood);
        size_t most = 0;
        for (const auto& [identity, set] : seen) most = std::max(most, set.size());
        return most;
    };
    EXPECT_EQ(moods(0), 1U);
    EXPECT_EQ(moods(1), 5U);
}

TEST(FacetTestSrcScene, WithoutMotionNobodyMoves) {
    SceneSettings settings = arriving(Arrival::kConstant, 5);
    settings.motion = 0;
    Scene scene(settings, {640, 360, 0.04});
    std::map<uint64_t, float> places;
    for (int i = 0; i < 400; ++i, scene.step())
        for (const Person& person : scene.people()) {
            const auto [at, first] = places.emplace(person.traits.identity, person.box.left);
            EXPECT_EQ(at->second, person.box.left);
        }
    EXPECT_GT(places.size(), 5U);
}

TEST(FacetTestSrcScene, SizesStayWithinTheRangeAskedFor) {
    SceneSettings settings = arriving(Arrival::kCrowd, 10);
    settings.min_size = 0.1;
    settings.max_size = 0.2;
    Scene scene(settings, {640, 360, 1.0});
    float least = 1;
    float most = 0;
    for (int i = 0; i < 300; ++i, scene.step())
        for (const Person& person : scene.people()) {
            least = std::min(least, person.pose.placement.scale / 360);
            most = std::max(most, person.pose.placement.scale / 360);
        }
    EXPECT_GE(least, 0.0999F);
    EXPECT_LE(most, 0.2001F);
    EXPECT_GT(most - least, 0.08F);
}

// One person alone, against the empty room: where do pixels differ?
TEST(FacetTestSrcScene, TheTruthBoxIsWhereTheFaceIs) {
    SceneSettings settings = arriving(Arrival::kConstant, 1);
    settings.motion = 0;
    for (settings.seed = 0; settings.seed < 12; ++settings.seed) {
        const Scene scene(settings, {640, 360, 0.04});
        FramePainter painter(settings.seed, 640, 360, 0);
        const Canvas room = painter.paint_room(scene);
        const Canvas& frame = painter.paint(scene);
        ASSERT_EQ(scene.people().size(), 1U);
        const Person& person = scene.people().front();
        ASSERT_EQ(person.visible, 1.0F);
        const Box box = person.box;
        const float height = box.bottom - box.top;
        int changed = 0;
        int inside = 0;
        for (int y = 0; y < 360; ++y)
            for (int x = 0; x < 640; ++x) {
                bool differs = false;
                for (int c = 0; c < 3; ++c)
                    differs |= frame.row(y)[4 * x + c] != room.row(y)[4 * x + c];
                const auto px = static_cast<float>(x) + 0.5F;
                const auto py = static_cast<float>(y) + 0.5F;
                const float u = 2 * (px - box.left) / (box.right - box.left) - 1;
                const float v = 2 * (py - box.top) / height - 1;
                if (u * u + v * v < 0.9F) {
                    ++inside;
                    changed += differs ? 1 : 0;
                }
                // Hair reaches a little above and beside the face, the body only below it.
                const bool beyond =
                    py < box.top - 0.62F * height || (py < box.bottom && std::fabs(u) > 2.2F);
                ASSERT_FALSE(beyond && differs) << "seed " << settings.seed;
            }
        EXPECT_GT(changed, 0.99 * inside) << "seed " << settings.seed;
    }
}

TEST(FacetTestSrcScene, HiddenAndClippedFacesSayHowMuchIsSeen) {
    SceneSettings settings = arriving(Arrival::kConstant, 4);
    settings.occluders = 12;
    Scene scene(settings, {640, 360, 0.2});
    float least = 1;
    for (int i = 0; i < 300; ++i, scene.step())
        for (const Person& person : scene.people()) {
            ASSERT_GE(person.visible, 0.0F);
            ASSERT_LE(person.visible, 1.0F);
            least = std::min(least, person.visible);
            const bool outside = person.box.left < -20 || person.box.right > 660;
            ASSERT_FALSE(outside && person.visible == 1.0F);
        }
    EXPECT_LT(least, 0.4F);
}

}  // namespace
}  // namespace facet::drawing
