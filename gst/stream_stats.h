// SPDX-License-Identifier: MIT
// The figures of one stream and of its session, as a GstStructure and as a Prometheus text file.
#pragma once

#include <gst/gst.h>

#include <filesystem>
#include <string>

#include "engine/base/result.h"
#include "engine/session.h"

namespace facet {

struct StreamStats {
    uint64_t frames = 0;       // that left
    uint64_t late_frames = 0;  // of which downstream had said that they come too late
    uint64_t shed = 0;         // items without a result for want of time
    double fps = 0;            // of late
    Duration latency{0};       // what LATENCY adds
};

// "facet-stats"; docs/batching.md lists the fields. Of the session first, then of the stream.
[[nodiscard]] GstStructure* stats_structure(const Session& session, const StreamStats& stream);

// Every number of such a structure as "facet_<field>{element="<name>"} <value>".
[[nodiscard]] std::string prometheus_text(const GstStructure* stats, const std::string& element);

// Readers find the old text or the new one, never a part of it. kIo names the file.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path, const std::string& text);

}  // namespace facet
