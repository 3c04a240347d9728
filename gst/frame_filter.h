// SPDX-License-Identifier: MIT
// GstFacetFrameFilter: the base of elements that look at every frame and write what they see on it.
#pragma once

#include <gst/gst.h>

#include "engine/base/result.h"
#include "gst/frame_stream.h"

#define GST_TYPE_FACET_FRAME_FILTER (gst_facet_frame_filter_get_type())
GType gst_facet_frame_filter_get_type();

struct GstFacetFrameFilterState;

// Abstract: one always sink pad, one always source pad, all of accepted_video_caps(). Frames pass
// through unchanged but for their metadata. What GStreamer asks of an element in between (flow
// returns, flush, seek, caps, EOS, LATENCY, ALLOCATION, states) is answered here.
struct GstFacetFrameFilter {
    GstElement parent;
    GstFacetFrameFilterState* state;  // made in init, deleted in finalize
};

struct GstFacetFrameFilterClass {
    GstElementClass parent_class;
    // READY -> PAUSED: what to open, from one copy of the properties. An error is posted and the
    // state change fails.
    facet::Result<facet::StreamSetup> (*configure)(GstFacetFrameFilter* filter);
};
