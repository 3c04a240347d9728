// SPDX-License-Identifier: MIT
// Classifier: which regions facetclassify runs, and what it writes on them.
#pragma once

#include <functional>
#include <string>

#include "elements/classify/face_memory.h"
#include "gst/filter_settings.h"
#include "gst/frame_behaviour.h"

namespace facet {

// What becomes of faces that cannot be classified in time.
enum class Overload {
    kBlock,  // there are none: upstream waits
    kReuse,  // they get what was said of them last
    kSkip,   // they get none, and a reason
};

// Those settings of facetclassify that may change at any frame.
struct RegionChoice {
    std::string object_class = "face";  // region type; empty: all
    int min_size = 0;                   // pixels, of the shorter side; smaller regions are skipped
    double roi_scale = 1;               // regions grow by it about their centre before cropping
    int overload = static_cast<int>(Overload::kBlock);
    double reclassify_interval_ms = 0;  // a known face is classified only that often; 0: always
};

struct ClassifySettings : FilterSettings, RegionChoice {
    std::string models;
};

class Classifier final : public FrameBehaviour {
  public:
    // `choice` is asked once per frame.
    explicit Classifier(std::function<RegionChoice()> choice) : choice_(std::move(choice)) {}

    // Regions of the class on the frame; a smaller one is marked as skipped at once.
    [[nodiscard]] std::vector<PlannedRegion> plan(GstBuffer* frame, const GstVideoInfo& info,
                                                  bool late) override;
    // Every attribute with how it came about, an earlier one of the same face, or why there is
    // none.
    void write(GstBuffer* frame, const GstVideoInfo& info, std::span<const PlannedRegion> regions,
               std::span<ItemResult> results) override;
    void forget() override { memory_.forget(); }

  private:
    void write_one(FaceWriter& faces, GstClockTime pts, const PlannedRegion& region,
                   ItemResult& result);
    void write_earlier(FaceWriter& faces, const PlannedRegion& region, SkipReason reason);

    const std::function<RegionChoice()> choice_;
    FaceMemory memory_;  // streaming thread
};

}  // namespace facet
