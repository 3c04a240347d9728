// SPDX-License-Identifier: MIT
// What labels say, where their plates go, and what is kept of the drawing.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "elements/overlay/face_label.h"
#include "elements/overlay/image.h"
#include "elements/overlay/label_layout.h"
#include "elements/overlay/overlay_painter.h"

namespace facet {
namespace {

FaceAttribute attribute(const char* name, const char* label, double confidence) {
    FaceAttribute made;
    made.name = name;
    made.label = label;
    made.confidence = confidence;
    return made;
}

Face classified_face(int x, int y, int size) {
    Face face;
    face.type = "face";
    face.x = x;
    face.y = y;
    face.width = face.height = size;
    face.confidence = 0.98;
    face.object_id = 7;
    face.attributes = {attribute("age", "31", 1), attribute("gender", "female", 0.97),
                       attribute("mood", "happy", 0.876)};
    face.attributes[0].value = 31.4;
    return face;
}

std::string text_of(const std::vector<LabelLine>& lines) {
    std::string text;
    for (const LabelLine& line : lines) {
        if (!text.empty()) text += '/';
        for (const LabelSpan& span : line) text += span.text;
    }
    return text;
}

bool is_inside(const PixelRect& rect, int width, int height) {
    return rect.x >= 0 && rect.y >= 0 && rect.right() <= width && rect.bottom() <= height;
}

PixelRect rect_of(const PlacedImage& placed) {
    return {placed.x, placed.y, placed.image->width, placed.image->height};
}

TEST(FaceLabel, SaysWhatIsAskedFor) {
    const Face face = classified_face(0, 0, 50);
    EXPECT_EQ(text_of(face_label(face, kShowDefault)), "female 97%  31 y/happy 88%");
    EXPECT_EQ(text_of(face_label(face, kShowDefault & ~kShowConfidence)), "female  31 y/happy");
    EXPECT_EQ(text_of(face_label(face, kShowId | kShowAge)), "#7  31 y");
    EXPECT_EQ(text_of(face_label(face, kShowMood)), "happy");
    EXPECT_EQ(text_of(face_label(face, kShowBoxes)), "");
}

TEST(FaceLabel, WithoutAttributesGivesTheDetectionAndOnRequestTheReason) {
    Face face = classified_face(0, 0, 50);
    face.attributes.clear();
    face.skipped = "too-small";
    EXPECT_EQ(text_of(face_label(face, kShowDefault)), "face 98%");
    EXPECT_EQ(text_of(face_label(face, kShowSkipped)), "too-small");
}

TEST(FaceLabel, AgeWithoutValueShowsItsLabelAndOddNumbersStaySane) {
    Face face = classified_face(0, 0, 50);
    face.attributes = {attribute("age", "adult", 1), attribute("gender", "male", 97)};
    EXPECT_EQ(text_of(face_label(face, kShowDefault)), "male 100%  adult");
}

TEST(LabelLayout, PrefersThePlaceAboveTheBox) {
    const LabelRequest request{{100, 100, 40, 40}, 60, 20};
    const PixelRect plate = place_labels({&request, 1}, 640, 360).at(0);
    EXPECT_EQ(plate.x, 100);
    EXPECT_LT(plate.bottom(), 100);
    EXPECT_GE(plate.bottom(), 90);
}

TEST(LabelLayout, AtTheFramesUpperEdgeGoesBelow) {
    const LabelRequest request{{100, 4, 40, 40}, 60, 20};
    EXPECT_GT(place_labels({&request, 1}, 640, 360).at(0).y, 44);
}

TEST(LabelLayout, PlatesOfAdjacentFacesDoNotOverlapNorHideTheNeighbour) {
    const std::vector<LabelRequest> requests = {
        {{100, 100, 40, 40}, 90, 30}, {{142, 100, 40, 40}, 90, 30}, {{184, 100, 40, 40}, 90, 30}};
    const std::vector<PixelRect> plates = place_labels(requests, 640, 360);
    for (size_t i = 0; i < plates.size(); ++i)
        for (size_t k = 0; k < plates.size(); ++k) {
            EXPECT_EQ(overlap(plates[i], requests[k].box), 0) << i << " hides " << k;
            EXPECT_TRUE(i == k || overlap(plates[i], plates[k]) == 0) << i << " and " << k;
        }
}

TEST(LabelLayout, AnyCrowdStaysInsideTheFrame) {
    std::mt19937 random(7);
    const auto number = [&](int low, int high) {
        return std::uniform_int_distribution<int>(low, high)(random);
    };
    for (int round = 0; round < 50; ++round) {
        std::vector<LabelRequest> requests;
        for (int i = number(1, 40); i > 0; --i)
            requests.push_back({{number(0, 460), number(0, 250), number(1, 20), number(1, 20)},
                                number(10, 480),
                                number(10, 270)});
        for (const PixelRect& plate : place_labels(requests, 480, 270))
            EXPECT_TRUE(is_inside(plate, 480, 270)) << round;
    }
}

TEST(ImageCache, StaysWithinItsBudgetAndDropsTheLongestUnused) {
    const auto draw = [] { return Image{10, 10, std::vector<uint32_t>(100)}; };
    ImageCache cache(3 * 400);
    const ImagePtr first = cache.get("0", draw);
    for (int i = 1; i < 20; ++i) {
        cache.get(std::to_string(i), draw);
        EXPECT_EQ(cache.get("0", draw), first) << "used in every round";
        EXPECT_LE(cache.bytes(), 1200u);
    }
    int drawn = 0;
    cache.get("1", [&] { return ++drawn, draw(); });
    EXPECT_EQ(drawn, 1);
}

TEST(ImageCache, DoesNotKeepWhatIsLargerThanTheBudget) {
    ImageCache cache(399);
    const ImagePtr image = cache.get("0", [] { return Image{10, 10, std::vector<uint32_t>(100)}; });
    EXPECT_EQ(image->argb.size(), 100u);
    EXPECT_EQ(cache.bytes(), 0u);
}

TEST(BoxRenderer, DrawsOnlyOnTheBordersOfTheBox) {
    for (const bool corners_only : {false, true}) {
        ImageCache cache(1 << 20);
        std::vector<PlacedImage> images;
        const PixelRect box = drawable_box({101, 51, 83, 61}, 2, 640, 360);
        append_box(box, {0xff0000, 2, corners_only}, cache, images);
        long pixels = 0;
        for (const PlacedImage& placed : images) {
            const PixelRect rect = rect_of(placed);
            EXPECT_GE(rect.x, box.x - 1);
            EXPECT_GE(rect.y, box.y - 1);
            EXPECT_LE(rect.right(), box.right() + 1);
            EXPECT_LE(rect.bottom(), box.bottom() + 1);
            EXPECT_EQ(overlap(rect, {box.x + 12, box.y + 12, box.width - 24, box.height - 24}), 0);
            pixels += static_cast<long>(rect.width) * rect.height;
        }
        EXPECT_LT(pixels, box.width * box.height / 2);
    }
}

TEST(BoxRenderer, PixelsArePremultiplied) {
    ImageCache cache(1 << 20);
    std::vector<PlacedImage> images;
    append_box(drawable_box({100, 50, 80, 60}, 4, 640, 360), {0xffa23a, 4, false}, cache, images);
    for (const PlacedImage& placed : images)
        for (const uint32_t pixel : placed.image->argb)
            for (const int shift : {0, 8, 16})
                ASSERT_LE((pixel >> shift) & 0xff, pixel >> 24) << std::hex << pixel;
}

TEST(OverlayPainter, PlatesOfTwoFacesSideBySideDoNotOverlap) {
    OverlayPainter painter;
    OverlaySettings settings;
    settings.show &= ~kShowBoxes;
    const std::vector<PlacedImage> plates = painter.paint(
        {classified_face(300, 100, 60), classified_face(364, 102, 60)}, 640, 360, settings);
    ASSERT_EQ(plates.size(), 2u);
    EXPECT_EQ(overlap(rect_of(plates[0]), rect_of(plates[1])), 0);
}

TEST(OverlayPainter, EverythingStaysInsideFramesOfAllSizes) {
    OverlayPainter painter;
    for (const auto& [width, height] :
         {std::pair{1920, 1080}, {481, 271}, {64, 48}, {17, 9}, {1, 1}})
        for (const OverlayStyle style :
             {OverlayStyle::kPlain, OverlayStyle::kBold, OverlayStyle::kCorners}) {
            std::vector<Face> faces;
            for (const int x : {0, width / 2, width - 1})
                for (const int y : {0, height / 2, height - 1}) {
                    Face face = classified_face(x, y, 1);
                    face.width = std::max((width - x) / 2, 1);
                    face.height = std::max((height - y) / 2, 1);
                    faces.push_back(face);
                }
            for (const PlacedImage& placed : painter.paint(faces, width, height, {.style = style}))
                EXPECT_TRUE(is_inside(rect_of(placed), width, height)) << width << "x" << height;
        }
}

TEST(OverlayPainter, TheSameWordsAreDrawnOnce) {
    OverlayPainter painter;
    const auto first = painter.paint({classified_face(300, 100, 60)}, 640, 360, {});
    const auto second = painter.paint({classified_face(200, 90, 60)}, 640, 360, {});
    ASSERT_FALSE(first.empty());
    EXPECT_EQ(first.back().image, second.back().image);
    EXPECT_NE(first.back().x, second.back().x);
}

TEST(OverlayPainter, AFontWithASizeIsUsedAtThatSize) {
    OverlayPainter painter;
    const auto height_in = [&](const char* font) {
        return painter.paint({classified_face(300, 100, 60)}, 1280, 720, {.font = font})
            .back()
            .image->height;
    };
    EXPECT_GT(height_in("Sans 40px"), 2 * height_in("Sans 10px"));
}

TEST(OverlayPainter, ACrowdGoesWithoutConfidences) {
    OverlayPainter painter;
    std::vector<Face> crowd(1, classified_face(300, 100, 30));
    const int alone = painter.paint(crowd, 480, 270, {}).back().image->width;
    crowd.resize(20, crowd[0]);
    EXPECT_LT(painter.paint(crowd, 480, 270, {}).back().image->width, alone);
}

TEST(OverlayPainter, HundredsOfFacesGetAtMostAHundredLabels) {
    OverlayPainter painter;
    OverlaySettings settings;
    settings.show &= ~kShowBoxes;
    const std::vector<Face> crowd(3000, classified_face(300, 100, 30));
    EXPECT_EQ(painter.paint(crowd, 1280, 720, settings).size(), OverlayPainter::kMostLabels);
}

TEST(OverlayPainter, NothingToShowIsNothingToDraw) {
    OverlayPainter painter;
    EXPECT_TRUE(painter.paint({}, 640, 360, {}).empty());
    EXPECT_TRUE(painter.paint({classified_face(9, 9, 60)}, 640, 360, {.show = 0}).empty());
    EXPECT_TRUE(painter.paint({classified_face(9, 9, 0)}, 640, 360, {}).empty());
}

}  // namespace
}  // namespace facet
