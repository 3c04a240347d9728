// SPDX-License-Identifier: MIT
// facet::Error on GStreamer's bus.
#pragma once

#include <gst/gst.h>

#include "engine/base/result.h"

namespace facet {

// Domain and code that an application finds in the error message.
struct GstErrorCode {
    GQuark domain = 0;
    gint code = 0;
};

// Missing file: RESOURCE/NOT_FOUND; unreadable: RESOURCE/READ; broken: STREAM/FORMAT; well-formed
// but beyond Facet: STREAM/NOT_IMPLEMENTED; a setting: LIBRARY/SETTINGS; memory:
// RESOURCE/NO_SPACE_LEFT; an accelerator: RESOURCE/FAILED; else LIBRARY/FAILED.
[[nodiscard]] GstErrorCode gst_error_code(ErrorCode code);

// Posts one error message whose text is error.text(). The caller returns its flow or state failure.
void post_error(GstElement* element, const Error& error);

}  // namespace facet
