// SPDX-License-Identifier: MIT
// Detector: which frames facetdetect looks at, and what it writes on them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "gst/filter_settings.h"
#include "gst/frame_behaviour.h"

namespace facet {

struct DetectSettings : FilterSettings {
    DetectSettings() {
        max_batch = 4;
        timeout_ms = 0;
        queue_depth = 4;
    }
    std::string model;
    std::string model_info;
    std::string image_size_profiles;
    double threshold = -1;       // 0..1; below 0: the model's own
    int inference_interval = 1;  // every Nth frame, from the first
};

class Detector final : public FrameBehaviour {
  public:
    // `inference_interval` is asked at each frame. `model_name` goes into the metadata.
    Detector(std::function<int()> inference_interval, std::string model_name)
        : inference_interval_(std::move(inference_interval)), model_name_(std::move(model_name)) {}

    // The whole frame, or nothing when it is not this frame's turn.
    [[nodiscard]] std::vector<PlannedRegion> plan(GstBuffer* frame, const GstVideoInfo& info,
                                                  bool late) override;
    // One region per detection, clipped to the frame; those that keep less than a pixel are
    // dropped.
    void write(GstBuffer* frame, const GstVideoInfo& info, std::span<const PlannedRegion> regions,
               std::span<ItemResult> results) override;

  private:
    const std::function<int()> inference_interval_;
    const std::string model_name_;
    uint64_t frames_since_inference_ = 0;  // streaming thread; 0: none yet
};

}  // namespace facet
