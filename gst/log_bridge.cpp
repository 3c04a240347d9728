// SPDX-License-Identifier: MIT
// The engine's log sink set to a GStreamer debug category.
#include "gst/log_bridge.h"

#include <gst/gst.h>

#include <string>
#include <string_view>

#include "engine/base/log.h"

namespace facet {

namespace {

GstDebugLevel debug_level(LogLevel level) {
    switch (level) {
        case LogLevel::kWarning:
            return GST_LEVEL_WARNING;
        case LogLevel::kInfo:
            return GST_LEVEL_INFO;
        case LogLevel::kDebug:
            return GST_LEVEL_DEBUG;
        case LogLevel::kTrace:
            return GST_LEVEL_TRACE;
    }
    return GST_LEVEL_DEBUG;
}

}  // namespace

void bridge_engine_log() {
    GstDebugCategory* category = nullptr;
    GST_DEBUG_CATEGORY_INIT(category, "facet", 0, "Facet's inference engine");
    set_log_sink([category](LogLevel level, std::string_view message) {
        gst_debug_log(category, debug_level(level), "engine", "", 0, nullptr, "%s",
                      std::string(message).c_str());
    });
}

}  // namespace facet
