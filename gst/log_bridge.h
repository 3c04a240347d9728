// SPDX-License-Identifier: MIT
// The engine's remarks as GStreamer debug output.
#pragma once

namespace facet {

// From now on what the engine logs appears in the debug category "facet". Thread-safe; a second
// call changes nothing.
void bridge_engine_log();

}  // namespace facet
