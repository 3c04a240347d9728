// SPDX-License-Identifier: MIT
// Draws the frames of a scene: room, people, passing things, exposure and noise.
#pragma once

#include "elements/testsrc/canvas.h"
#include "elements/testsrc/scene.h"

namespace facet::drawing {

// Keeps the room and the noise from frame to frame. Thread-bound.
class FramePainter {
  public:
    // `noise`: standard deviation of the grain in steps of 255, 0 for none.
    FramePainter(uint64_t seed, int width, int height, double noise);

    // The room alone under the scene's exposure, without grain: what people are seen against.
    const Canvas& paint_room(const Scene& scene);
    // Precondition: the scene's frames have this painter's size. Valid until the next call.
    const Canvas& paint(const Scene& scene);

  private:
    void expose(float exposure);
    void add_grain(uint64_t frame);

    uint64_t seed_;
    Canvas room_, canvas_;
    std::vector<int16_t> grain_;  // three equal values and a 0 per pixel; empty: none
};

}  // namespace facet::drawing
