// SPDX-License-Identifier: MIT
// The facts of a face once more as GstAnalytics metas, where GStreamer has them (1.24 and later).
//
// A region becomes a GstAnalyticsODMtd, each attribute with a label a GstAnalyticsClsMtd of one
// class that the detection CONTAINs. Which mtd belongs to which region is kept on the region, in a
// param named "analytics" (ids as uint: "detection" and one field per attribute). Built without
// gstreamer-analytics-1.0 both functions do nothing. Thread-bound to the buffer.
#pragma once

#include <gst/video/video.h>

#include <string>

namespace facet::analytics {

// `region` lies on `buffer`. `confidence` of the detection, 0..1.
void mirror_region(GstBuffer* buffer, GstVideoRegionOfInterestMeta* region, double confidence);

// Relates the label to the region's detection, which is added first where another element made the
// region. An earlier label of the same attribute is no longer related.
void mirror_attribute(GstBuffer* buffer, GstVideoRegionOfInterestMeta* region,
                      const std::string& attribute, const std::string& label, double confidence);

}  // namespace facet::analytics
