// SPDX-License-Identifier: MIT
// Groups a trace's arrivals into frames, and follows each crop to the end of its batch.
#include "engine/tools/recorded_load.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

namespace facet {

namespace {

struct Pushed {
    Time at{0};
    int stream = 0;
};

std::optional<int64_t> number(const std::string& word) {
    int64_t value = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
    if (read.ec != std::errc() || read.ptr != word.data() + word.size()) return {};
    return value;
}

// Of the batches under way, the one that a 'done' line ends: as many rows, started `took` before.
std::vector<const TracedBatch*>::iterator ended_by(std::vector<const TracedBatch*>& running,
                                                   Time now, int64_t rows, Duration took) {
    auto found = running.end();
    const auto off = [&](const TracedBatch& batch) {
        return std::abs((now - took - batch.started).count());
    };
    for (auto batch = running.begin(); batch != running.end(); ++batch)
        if (static_cast<int64_t>((*batch)->run_size) == rows &&
            (found == running.end() || off(**batch) < off(**found)))
            found = batch;
    return found;
}

// Plays the trace's lines in order.
class RunReader {
  public:
    RunReader(const RecordedLoad& recorded, Duration deadline)
        : trace_(recorded.trace), deadline_(deadline) {
        record_.streams = recorded.load.streams;
        record_.slots = trace_.limits.slots;
        record_.length = recorded.load.length;
    }

    void read(const TraceLine& line) {
        if (line.verb == "push") {
            if (arrivals_.empty()) first_ = line.time;
            const int known = static_cast<int>(streams_.size());
            const int stream = streams_.try_emplace(line.words.front(), known).first->second;
            arrivals_.push_back({line.time, stream});
        } else if (line.verb == "shed") {
            for (size_t word = 1; word < line.words.size(); ++word)
                if (const Pushed* crop = arrival(number(line.words[word])))
                    record_.crops.push_back({.stream = crop->stream, .is_shed = true});
        } else if (line.verb == "start" && next_ < trace_.batches.size()) {
            running_.push_back(&trace_.batches[next_++]);
        } else if (line.verb == "done" && line.words.size() == 2) {
            end_batch(line);
        }
    }

    SimulationRecord take() && { return std::move(record_); }

  private:
    const Pushed* arrival(std::optional<int64_t> index) const {
        if (!index || *index < 0 || *index >= static_cast<int64_t>(arrivals_.size()))
            return nullptr;
        return &arrivals_[static_cast<size_t>(*index)];
    }

    void end_batch(const TraceLine& line) {
        const auto rows = number(line.words[0]), took = number(line.words[1]);
        if (!rows || !took) return;
        const auto ended = ended_by(running_, line.time, *rows, Duration{*took});
        if (ended == running_.end()) return;
        const TracedBatch& batch = **ended;
        running_.erase(ended);
        record_.ended = line.time - first_;
        record_.batches.push_back({.started = batch.started - first_,
                                   .ended = record_.ended,
                                   .items = static_cast<int>(batch.items.size()),
                                   .run_size = static_cast<int>(batch.run_size),
                                   .reason = batch.reason});
        for (const uint64_t index : batch.items) {
            const Pushed* crop = arrival(static_cast<int64_t>(index));
            if (crop == nullptr) continue;
            const Duration latency = line.time - crop->at;
            record_.crops.push_back({.stream = crop->stream,
                                     .met = latency <= deadline_,
                                     .wait = batch.started - crop->at,
                                     .latency = latency});
        }
    }

    const Trace& trace_;
    const Duration deadline_;
    SimulationRecord record_;
    Time first_{0};
    std::map<std::string, int> streams_;  // by owner
    std::vector<Pushed> arrivals_;        // by number
    std::vector<const TracedBatch*> running_;
    size_t next_ = 0;  // of the trace's batches
};

}  // namespace

Result<RecordedLoad> read_recorded_load(std::string_view text) {
    FACET_ASSIGN(Trace trace, parse_trace(text));
    RecordedLoad recorded{.load = {}, .costs = trace.costs, .trace = {}};
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
    recorded.trace = std::move(trace);
    return recorded;
}

SimulationRecord recorded_run(const RecordedLoad& recorded, Duration deadline) {
    RunReader reader(recorded, deadline);
    for (const TraceLine& line : recorded.trace.lines) reader.read(line);
    return std::move(reader).take();
}

}  // namespace facet
