// SPDX-License-Identifier: MIT
// Placed images as GStreamer's overlay composition.
#pragma once

#include <gst/video/video.h>

#include <vector>

#include "elements/overlay/image.h"

namespace facet {

// Precondition: `images` is not empty. Transfer full; the pixels are shared, not copied.
[[nodiscard]] GstVideoOverlayComposition* make_composition(const std::vector<PlacedImage>& images);

// Adds `composition` to the writable buffer, on top of what an element before may have attached.
void attach_composition(GstBuffer* buffer, GstVideoOverlayComposition* composition);

}  // namespace facet
