// SPDX-License-Identifier: MIT
// From frames to the whole-frame region, from detections to region metas.
#include "elements/detect/detector.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "gst/face_meta.h"

namespace facet {

std::vector<PlannedRegion> Detector::plan(GstBuffer*, const GstVideoInfo& info, bool) {
    const auto interval = static_cast<uint64_t>(inference_interval_());
    if (frames_since_inference_ != 0 && frames_since_inference_ < interval) {
        ++frames_since_inference_;
        return {};
    }
    frames_since_inference_ = 1;
    const auto width = static_cast<float>(GST_VIDEO_INFO_WIDTH(&info));
    const auto height = static_cast<float>(GST_VIDEO_INFO_HEIGHT(&info));
    std::vector<PlannedRegion> whole(1);
    whole.front().rect = {0, 0, width, height};
    return whole;
}

void Detector::write(GstBuffer* frame, const GstVideoInfo& info, std::span<const PlannedRegion>,
                     std::span<ItemResult> results) {
    const int width = GST_VIDEO_INFO_WIDTH(&info);
    const int height = GST_VIDEO_INFO_HEIGHT(&info);
    for (const Detection& detection : results.front().detections) {
        const Rect& box = detection.box;
        const Rect inside =
            clip(Rect{box.x * width, box.y * height, box.width * width, box.height * height}, width,
                 height);
        DetectedFace face;
        face.x = static_cast<int>(std::lround(inside.x));
        face.y = static_cast<int>(std::lround(inside.y));
        face.width = static_cast<int>(std::lround(inside.x + inside.width)) - face.x;
        face.height = static_cast<int>(std::lround(inside.y + inside.height)) - face.y;
        if (face.width < 1 || face.height < 1) continue;
        face.confidence = detection.confidence;
        face.label_id = detection.label_id;
        face.label = detection.label;
        face.model_name = model_name_;
        add_face(frame, face, width, height);
    }
}

}  // namespace facet
