// SPDX-License-Identifier: MIT
// Which GStreamer error each of the engine's errors becomes.
#include "gst/errors.h"

namespace facet {

GstErrorCode gst_error_code(ErrorCode code) {
    switch (code) {
        case ErrorCode::kNotFound:
            return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND};
        case ErrorCode::kIo:
            return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ};
        case ErrorCode::kCorrupt:
            return {GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT};
        case ErrorCode::kUnsupported:
            return {GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED};
        case ErrorCode::kInvalidArgument:
            return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS};
        case ErrorCode::kOutOfMemory:
            return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT};
        case ErrorCode::kDevice:
            return {GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED};
        case ErrorCode::kCancelled:
        case ErrorCode::kOverload:
        case ErrorCode::kInternal:
            break;
    }
    return {GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_FAILED};
}

void post_error(GstElement* element, const Error& error) {
    const GstErrorCode code = gst_error_code(error.code);
    // The message takes both strings.
    gst_element_message_full(element, GST_MESSAGE_ERROR, code.domain, code.code,
                             g_strdup(error.text().c_str()), nullptr, __FILE__, GST_FUNCTION,
                             __LINE__);
}

}  // namespace facet
