// SPDX-License-Identifier: MIT
// Classifier: which regions facetclassify runs, and what it writes on them.
#pragma once

#include <functional>
#include <string>

#include "gst/filter_settings.h"
#include "gst/frame_behaviour.h"

namespace facet {

// Those settings of facetclassify that may change at any frame.
struct RegionChoice {
    std::string object_class = "face";  // region type; empty: all
    int min_size = 0;                   // pixels, of the shorter side; smaller regions are skipped
    double roi_scale = 1;               // regions grow by it about their centre before cropping
};

struct ClassifySettings : FilterSettings, RegionChoice {
    std::string models;
};

class Classifier final : public FrameBehaviour {
  public:
    // `choice` is asked once per frame.
    explicit Classifier(std::function<RegionChoice()> choice) : choice_(std::move(choice)) {}

    // Regions of the class on the frame; a smaller one is marked as skipped at once.
    [[nodiscard]] std::vector<PlannedRegion> plan(GstBuffer* frame,
                                                  const GstVideoInfo& info) override;
    // Every attribute with how it came about, or why there is none.
    void write(GstBuffer* frame, const GstVideoInfo& info, const PlannedRegion& region,
               const ItemResult& result) override;

  private:
    const std::function<RegionChoice()> choice_;
};

}  // namespace facet
