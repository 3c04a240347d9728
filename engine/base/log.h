// SPDX-License-Identifier: MIT
// Where the engine's remarks go: a sink set by the embedding program. The engine never prints.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace facet {

enum class LogLevel { kWarning, kInfo, kDebug, kTrace };

using LogSink = std::function<void(LogLevel, std::string_view message)>;

// Thread-safe. Without a sink remarks are dropped. The sink may be called from any thread and must
// not call back into Facet.
void set_log_sink(LogSink sink);
void log(LogLevel level, std::string_view message);

}  // namespace facet
