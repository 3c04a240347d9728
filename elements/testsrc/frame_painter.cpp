// SPDX-License-Identifier: MIT
// Frames out of a room, people, exposure and grain.
#include "elements/testsrc/frame_painter.h"

#include "elements/testsrc/backdrop.h"

namespace facet::drawing {
namespace {

constexpr int kGrainPixels = 16384;  // every row of a frame starts somewhere in it

std::vector<int16_t> grain_of(uint64_t seed, int width, double noise) {
    if (noise <= 0) return {};
    Random random(seed, 21);
    std::vector<int16_t> grain;
    grain.reserve(static_cast<size_t>(kGrainPixels + width) * Canvas::kChannels);
    for (int i = 0; i < kGrainPixels + width; ++i) {
        const float value = random.around(0, static_cast<float>(noise));
        const auto step = static_cast<int16_t>(std::floor(value + 0.5F));
        grain.insert(grain.end(), {step, step, step, 0});
    }
    return grain;
}

}  // namespace

FramePainter::FramePainter(uint64_t seed, int width, int height, double noise)
    : seed_(seed),
      room_(backdrop(seed, width, height)),
      canvas_(room_),
      grain_(grain_of(seed, width, noise)) {}

const Canvas& FramePainter::paint_room(const Scene& scene) {
    canvas_ = room_;
    expose(scene.exposure());
    return canvas_;
}

const Canvas& FramePainter::paint(const Scene& scene) {
    canvas_ = room_;
    for (const Person& person : scene.people())
        paint_person(canvas_, person.look, person.pose, scene.light());
    for (const Occluder& occluder : scene.occluders()) paint_occluder(canvas_, occluder);
    expose(scene.exposure());
    add_grain(scene.frame());
    return canvas_;
}

void FramePainter::expose(float exposure) {
    const int gain = static_cast<int>(exposure * 256.0F + 0.5F);
    if (gain == 256) return;
    const int bytes = canvas_.width() * Canvas::kChannels;
    for (int y = 0; y < canvas_.height(); ++y) {
        uint8_t* row = canvas_.row(y);
        for (int i = 0; i < bytes; ++i)
            row[i] = static_cast<uint8_t>(std::min((row[i] * gain + 128) >> 8, 255));
    }
}

void FramePainter::add_grain(uint64_t frame) {
    if (grain_.empty()) return;
    Random random(seed_, 40000 + frame);
    const int bytes = canvas_.width() * Canvas::kChannels;
    for (int y = 0; y < canvas_.height(); ++y) {
        const int16_t* grain =
            grain_.data() + static_cast<ptrdiff_t>(random.below(kGrainPixels)) * Canvas::kChannels;
        uint8_t* row = canvas_.row(y);
        for (int i = 0; i < bytes; ++i)
            row[i] = static_cast<uint8_t>(std::clamp(row[i] + grain[i], 0, 255));
    }
}

}  // namespace facet::drawing
