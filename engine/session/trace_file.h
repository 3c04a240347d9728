// SPDX-License-Identifier: MIT
// Where a session's trace goes. Not installed.
#pragma once

#include <filesystem>

#include "engine/base/result.h"
#include "engine/batching/trace.h"

namespace facet {

// Writes lines to a new file. Errors name the setting and the path; one that comes later, with a
// full disk, is a warning in the log, and the trace ends there.
[[nodiscard]] Result<TraceWriter::Sink> open_trace_file(const std::filesystem::path& path);

}  // namespace facet
