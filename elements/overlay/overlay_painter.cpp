// SPDX-License-Identifier: MIT
// Sizes, colours and the order of drawing.
#include "elements/overlay/overlay_painter.h"

#include <algorithm>
#include <cmath>

namespace facet {
namespace {

// Plates that would cover more of the frame than this go without their confidences.
constexpr double kCrowdedShare = 0.25;

// Orange, blue and near-white stay apart for colour-blind eyes and on skin, sky and night alike.
constexpr uint32_t kFemaleColour = 0xffa23a, kMaleColour = 0x4cb8ff, kNeutralColour = 0xeef1f4;

constexpr double kFontPerFace = 0.15;          // of the face's height
constexpr double kFontPerFrameMin = 1 / 52.0;  // of the frame's height
constexpr double kFontPerFrameMax = 1 / 30.0;
constexpr double kReadableFont = 10, kSmallestFont = 7, kLargestFont = 64;  // pixels
constexpr double kRowsPerLinePixel = 360;  // of the frame, for one pixel of line

uint32_t colour_of(const Face& face) {
    const FaceAttribute* gender = face.attribute("gender");
    if (!gender) return kNeutralColour;
    std::string label = gender->label;
    std::transform(label.begin(), label.end(), label.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (label == "female") return kFemaleColour;
    if (label == "male") return kMaleColour;
    return kNeutralColour;
}

// Even numbers only, so that a face that breathes does not redraw its plate in every frame.
int font_pixels_for(int face_height, int frame_height) {
    const double least = std::clamp(frame_height * kFontPerFrameMin, kReadableFont, kLargestFont);
    const double most = std::clamp(frame_height * kFontPerFrameMax, least + 1, kLargestFont);
    const double wanted = std::clamp(face_height * kFontPerFace, least, most);
    return wanted < 16 ? static_cast<int>(std::lround(wanted))
                       : 2 * static_cast<int>(std::lround(wanted / 2));
}

int line_thickness(OverlayStyle style, int frame_height) {
    const int thin =
        std::max(2 * static_cast<int>(std::lround(frame_height / kRowsPerLinePixel / 2)), 2);
    return style == OverlayStyle::kPlain ? thin : 2 * thin;
}

std::string key_of(const std::vector<LabelLine>& label, const PlateStyle& style) {
    std::string key = "plate " + std::to_string(style.accent) + ' ' + std::to_string(style.filled) +
                      ' ' + std::to_string(style.font_pixels);
    for (const LabelLine& line : label) {
        key += '\x1e';
        for (const LabelSpan& span : line) key += (span.faint ? '\x1c' : '\x1d') + span.text;
    }
    return key;
}

}  // namespace

// Labels of hundreds of faces could not be read, and their places take time to find.
void OverlayPainter::keep_largest(std::vector<Subject>& subjects) {
    if (subjects.size() <= kMostLabels) return;
    std::stable_sort(subjects.begin(), subjects.end(), [](const Subject& a, const Subject& b) {
        return long{a.box.width} * a.box.height > long{b.box.width} * b.box.height;
    });
    subjects.resize(kMostLabels);
}

std::vector<PlacedImage> OverlayPainter::paint(const std::vector<Face>& faces, int frame_width,
                                               int frame_height, const OverlaySettings& settings) {
    use_font(settings.font);
    const int thickness = line_thickness(settings.style, frame_height);
    std::vector<PlacedImage> images;
    std::vector<Subject> subjects;
    for (const Face& face : faces) {
        if (face.width <= 0 || face.height <= 0) continue;
        const PixelRect box = drawable_box({face.x, face.y, face.width, face.height}, thickness,
                                           frame_width, frame_height);
        if (box.width == 0) continue;
        subjects.push_back({&face, box, colour_of(face)});
        if (settings.show & kShowBoxes)
            append_box(
                box, {subjects.back().colour, thickness, settings.style == OverlayStyle::kCorners},
                cache_, images);
    }
    keep_largest(subjects);
    const Size frame{frame_width, frame_height};
    Labels labels = make_labels(subjects, frame, settings);
    const double room = kCrowdedShare * frame_width * frame_height;
    if (static_cast<double>(labels.area) > room && (settings.show & kShowConfidence)) {
        OverlaySettings shorter = settings;
        shorter.show &= ~kShowConfidence;
        labels = make_labels(subjects, frame, shorter);
    }
    const std::vector<PixelRect> places = place_labels(labels.requests, frame_width, frame_height);
    for (size_t i = 0; i < places.size(); ++i)
        images.push_back({labels.plates[i], places[i].x, places[i].y});
    return images;
}

OverlayPainter::Labels OverlayPainter::make_labels(const std::vector<Subject>& subjects,
                                                   const Size& frame,
                                                   const OverlaySettings& settings) {
    Labels labels;
    for (const Subject& subject : subjects) {
        const std::vector<LabelLine> label = face_label(*subject.face, settings.show);
        if (label.empty()) continue;
        const int font_pixels = fixed_font_pixels_ > 0
                                    ? fixed_font_pixels_
                                    : font_pixels_for(subject.face->height, frame.height);
        const PlateStyle style{subject.colour, settings.style == OverlayStyle::kBold, font_pixels};
        ImagePtr image = plate(label, style, frame);
        if (!image) continue;
        labels.requests.push_back({subject.box, image->width, image->height});
        labels.area += static_cast<long>(image->width) * image->height;
        labels.plates.push_back(std::move(image));
    }
    return labels;
}

// The plate, in a smaller font where it would not fit into the frame; nothing where none fits.
ImagePtr OverlayPainter::plate(const std::vector<LabelLine>& label, PlateStyle style,
                               const Size& frame) {
    for (; style.font_pixels >= kSmallestFont; style.font_pixels = style.font_pixels * 4 / 5) {
        ImagePtr image =
            cache_.get(key_of(label, style), [&] { return renderer_->draw(label, style); });
        if (image->width <= frame.width && image->height <= frame.height) return image;
    }
    return nullptr;
}

void OverlayPainter::use_font(const std::string& font) {
    if (renderer_ && font == font_) return;
    font_ = font;
    fixed_font_pixels_ = font_pixels_of(font);
    cache_.clear();
    renderer_.emplace(font);
}

}  // namespace facet
