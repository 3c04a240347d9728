// SPDX-License-Identifier: MIT
// Groups a trace's arrivals into frames.
#include "engine/tools/recorded_load.h"

#include <algorithm>
#include <map>
#include <string>

#include "engine/batching/trace.h"

namespace facet {

Result<RecordedLoad> read_recorded_load(std::string_view text) {
    FACET_ASSIGN(const Trace trace, parse_trace(text));
    RecordedLoad recorded{.load = {}, .costs = trace.costs};
    std::vector<LoadFrame>& frames = recorded.load.frames;
    std::map<std::string, int> streams;  // by owner
    Time first{0};
    for (const TraceLine& line : trace.lines) {
        if (line.verb != "push") continue;
        if (line.words.empty())
            return Error{ErrorCode::kCorrupt, "a 'push' of the trace names no owner"};
        if (frames.empty()) first = line.time;
        const int known = static_cast<int>(streams.size());
        const int stream = streams.try_emplace(line.words.front(), known).first->second;
        const Time at = line.time - first;
        if (frames.empty() || frames.back().at != at || frames.back().stream != stream)
            frames.push_back({at, stream, 0});
        ++frames.back().faces;
    }
    if (frames.empty()) return Error{ErrorCode::kInvalidArgument, "the trace records no arrivals"};
    recorded.load.streams = static_cast<int>(streams.size());
    // As if one more frame were to come at the mean pace: rates count intervals.
    const auto intervals = std::max<int64_t>(1, static_cast<int64_t>(frames.size()) - 1);
    recorded.load.length = frames.back().at + std::max(Duration{1}, frames.back().at / intervals);
    return recorded;
}

}  // namespace facet
