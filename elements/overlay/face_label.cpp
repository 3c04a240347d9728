// SPDX-License-Identifier: MIT
// The words of a label.
#include "elements/overlay/face_label.h"

#include <algorithm>
#include <cmath>

namespace facet {
namespace {

void append_percent(LabelLine& line, double fraction) {
    std::string text = " ";
    text += std::to_string(std::lround(std::clamp(fraction, 0.0, 1.0) * 100));
    line.push_back({text += '%', true});
}

void append_word(LabelLine& line, const std::string& word) {
    std::string text = line.empty() ? "" : "  ";
    line.push_back({text += word});
}

void append_labelled(LabelLine& line, const FaceAttribute* attribute, unsigned show) {
    if (!attribute || attribute->label.empty()) return;
    append_word(line, attribute->label);
    if (show & kShowConfidence) append_percent(line, attribute->confidence);
}

void append_age(LabelLine& line, const FaceAttribute* age) {
    if (!age) return;
    if (age->value)
        append_word(line, std::to_string(std::lround(std::clamp(*age->value, 0.0, 999.0))) + " y");
    else if (!age->label.empty())
        append_word(line, age->label);
}

}  // namespace

std::vector<LabelLine> face_label(const Face& face, unsigned show) {
    LabelLine first, second, last;
    if ((show & kShowId) && face.object_id)
        first.push_back({std::string("#").append(std::to_string(*face.object_id)), true});
    if (show & kShowGender) append_labelled(first, face.attribute("gender"), show);
    if (show & kShowAge) append_age(first, face.attribute("age"));
    if (show & kShowMood) append_labelled(second, face.attribute("mood"), show);
    if (face.attributes.empty() && (show & kShowConfidence) && face.confidence > 0) {
        append_word(first, face.type.empty() ? "region" : face.type);
        append_percent(first, face.confidence);
    }
    if ((show & kShowSkipped) && !face.skipped.empty()) last.push_back({face.skipped, true});
    std::vector<LabelLine> lines;
    for (LabelLine* line : {&first, &second, &last})
        if (!line->empty()) lines.push_back(std::move(*line));
    return lines;
}

}  // namespace facet
