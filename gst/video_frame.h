// SPDX-License-Identifier: MIT
// GStreamer's raw video as the engine's ImageView, and the formats that both know.
#pragma once

#include <gst/video/video.h>

#include <optional>
#include <string>

#include "engine/vision/image_view.h"

namespace facet {

// The engine's name for a format of GStreamer's; alpha is ignored. Nothing: not accepted.
[[nodiscard]] std::optional<PixelFormat> pixel_format(GstVideoFormat format);

// Caps of every format that pixel_format() knows, in system memory; for pad templates.
[[nodiscard]] GstCaps* accepted_video_caps();  // transfer full

// A frame mapped for reading from construction to destruction. Takes no reference of the buffer:
// one more would make the buffer's metadata read-only while it is mapped. Thread-bound; the buffer
// outlives it.
class MappedFrame {
  public:
    // `info` describes the buffer and is of an accepted format.
    MappedFrame(GstBuffer* buffer, const GstVideoInfo& info);
    ~MappedFrame();
    MappedFrame(const MappedFrame&) = delete;
    MappedFrame& operator=(const MappedFrame&) = delete;

    // False when the buffer is too small for its caps or cannot be read.
    [[nodiscard]] bool ok() const { return mapped_; }
    // Precondition: ok(). Valid as long as this object.
    [[nodiscard]] ImageView view() const;

  private:
    GstVideoFrame frame_;
    bool mapped_ = false;
};

}  // namespace facet
