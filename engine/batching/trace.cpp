// SPDX-License-Identifier: MIT
// Writing lines, reading them, and living them again.
#include "engine/batching/trace.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace facet {

namespace {

constexpr std::string_view kHeader = "facet-trace 1";
constexpr std::array<std::string_view, 3> kStates = {"active", "blocked", "draining"};

std::string word(int64_t number) {
    return ' ' + std::to_string(number);
}
std::string word(Time time) {
    return time == kNever ? " -" : word(time.count());
}
// The shortest text that reads as the same number.
std::string word(double number) {
    std::array<char, 40> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return ' ' + std::string(text.data(), end);
}
std::string begin(std::string_view verb, Time now) {
    return std::string(verb) + word(now.count());
}
std::string numbers(const std::vector<std::unique_ptr<BatchItem>>& items) {
    std::string text;
    for (const std::unique_ptr<BatchItem>& item : items)
        text += word(static_cast<int64_t>(item->order));
    return text;
}

std::vector<std::string> split(std::string_view line) {
    std::vector<std::string> words;
    while (!line.empty()) {
        const size_t end = std::min(line.find(' '), line.size());
        words.emplace_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

// Reads words in order; the first that is missing or is not what it should be fails all.
class Words {
  public:
    explicit Words(const std::vector<std::string>& words) : words_(words) {}

    template <typename Number>
    Number number() {
        Number value{};
        if (next_ >= words_.size()) return failed_ = true, value;
        const std::string& text = words_[next_++];
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size()) failed_ = true;
        return value;
    }
    int at_least(int low) {
        const int value = number<int>();
        if (value < low) failed_ = true;
        return value;
    }
    Duration duration() {
        const int64_t value = number<int64_t>();
        if (value < 0) failed_ = true;
        return Duration{value};
    }
    Time time() {
        if (next_ < words_.size() && words_[next_] == "-") return ++next_, kNever;
        return Time{number<int64_t>()};
    }
    template <typename Names>
    size_t one_of(const Names& names) {
        for (size_t i = 0; next_ < words_.size() && i < names.size(); ++i)
            if (words_[next_] == names[i]) return ++next_, i;
        failed_ = true;
        return 0;
    }
    [[nodiscard]] bool more() const { return !failed_ && next_ < words_.size(); }
    [[nodiscard]] bool good() const { return !failed_ && next_ == words_.size(); }

  private:
    const std::vector<std::string>& words_;
    size_t next_ = 0;
    bool failed_ = false;
};

constexpr std::array<StartReason, kStartReasons> kReasons = {
    StartReason::kFull, StartReason::kDeadline, StartReason::kIdle, StartReason::kAllIn,
    StartReason::kDrain};

std::array<std::string_view, kStartReasons> reason_names() {
    std::array<std::string_view, kStartReasons> names;
    for (size_t i = 0; i < names.size(); ++i) names[i] = to_string(kReasons[i]);
    return names;
}

Error corrupt(size_t line, std::string_view what) {
    return {ErrorCode::kCorrupt, "line " + std::to_string(line) + ": " + std::string(what)};
}

bool read_limits(const std::vector<std::string>& words, BatchLimits& limits) {
    if (words.empty() || words[0] != "limits") return false;
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    Words read(rest);
    limits.max_batch = read.at_least(1);
    limits.timeout = read.duration();
    limits.latency_budget = read.duration();
    limits.margin = read.duration();
    limits.slots = read.at_least(1);
    while (read.more())
        limits.profiles.push_back(
            read.at_least(limits.profiles.empty() ? 1 : limits.profiles.back() + 1));
    return read.good();
}

bool read_start(const TraceLine& line, TracedBatch& batch) {
    Words read(line.words);
    batch.started = line.time;
    read.at_least(1);
    batch.id = read.number<uint64_t>();
    batch.reason = kReasons[read.one_of(reason_names())];
    batch.run_size = read.number<size_t>();
    while (read.more()) batch.items.push_back(read.number<uint64_t>());
    return read.good();
}

TracedBatch traced(const Batch& batch) {
    TracedBatch result{batch.id, batch.started, batch.reason, batch.run_size, {}};
    for (const std::unique_ptr<BatchItem>& item : batch.items) result.items.push_back(item->order);
    return result;
}

class Player {
  public:
    Player(const Trace& trace, const Policy& policy) : queue_(trace.limits, trace.costs, policy) {}

    // Whether the line made sense.
    [[nodiscard]] bool play(const TraceLine& line) {
        Words read(line.words);
        if (line.verb == "sleep" || line.verb == "start") return ask(line.time, read.at_least(1));
        if (line.verb == "shed") {
            (void)queue_.shed(line.time, read.at_least(0));
            return true;
        }
        if (line.verb == "done") {
            const int rows = read.at_least(1);
            const Duration took{read.number<int64_t>()};
            if (read.good()) queue_.observe(rows, took);
            return read.good();
        }
        const OwnerId owner = read.number<OwnerId>();
        if (line.verb == "open") queue_.open_owner(owner);
        if (line.verb == "close") queue_.close_owner(owner);
        if (line.verb == "push") return push(line.time, owner, read);
        if (line.verb == "state")
            queue_.set_owner_state(owner, static_cast<OwnerState>(read.one_of(kStates)));
        if (line.verb == "sheds") queue_.set_owner_sheds(owner, read.number<int>() != 0);
        if (line.verb == "cancel") queue_.cancel(owner, read.number<uint32_t>());
        if (line.verb == "weight") {
            const double weight = read.number<double>();
            if (!(weight > 0)) return false;
            queue_.set_owner_weight(owner, weight);
        }
        return read.good();
    }
    [[nodiscard]] std::vector<TracedBatch> batches() && { return std::move(batches_); }

  private:
    bool ask(Time now, int free_slots) {
        const Decision decision = queue_.decide(now, free_slots);
        if (decision.kind == Decision::Kind::kStart)
            batches_.push_back(traced(queue_.take(decision, now)));
        return true;
    }
    bool push(Time now, OwnerId owner, Words& read) {
        auto item = std::make_unique<BatchItem>();
        item->owner = owner;
        item->generation = read.number<uint32_t>();
        item->filler = read.number<int>() != 0;
        item->value = read.number<double>();
        item->deadline = read.time();
        item->due = read.time();
        if (!read.good() || !queue_.is_open(owner)) return false;
        queue_.push(std::move(item), now);
        return true;
    }

    BatchQueue queue_;
    std::vector<TracedBatch> batches_;
};

}  // namespace

TraceWriter::TraceWriter(Sink sink, const BatchLimits& limits, const CostTable& costs)
    : sink_(std::move(sink)) {
    std::string line = "limits" + word(int64_t{limits.max_batch}) + word(limits.timeout.count()) +
                       word(limits.latency_budget.count()) + word(limits.margin.count()) +
                       word(int64_t{limits.slots});
    for (const int profile : limits.profiles) line += word(int64_t{profile});
    sink_(kHeader);
    sink_(line);
    sink_("costs " + costs.text());
}

void TraceWriter::opened(Time now, OwnerId owner) {
    sink_(begin("open", now) + word(static_cast<int64_t>(owner)));
}
void TraceWriter::closed(Time now, OwnerId owner) {
    sink_(begin("close", now) + word(static_cast<int64_t>(owner)));
}
void TraceWriter::state(Time now, OwnerId owner, OwnerState state) {
    sink_(begin("state", now) + word(static_cast<int64_t>(owner)) + ' ' +
          std::string(kStates[static_cast<size_t>(state)]));
}
void TraceWriter::weight(Time now, OwnerId owner, double weight) {
    sink_(begin("weight", now) + word(static_cast<int64_t>(owner)) + word(weight));
}
void TraceWriter::sheds(Time now, OwnerId owner, bool sheds) {
    sink_(begin("sheds", now) + word(static_cast<int64_t>(owner)) + word(int64_t{sheds}));
}
void TraceWriter::pushed(Time now, const BatchItem& item) {
    sink_(begin("push", now) + word(static_cast<int64_t>(item.owner)) +
          word(int64_t{item.generation}) + word(int64_t{item.filler}) + word(item.value) +
          word(item.deadline) + word(item.due));
}
void TraceWriter::cancelled(Time now, OwnerId owner, uint32_t generation) {
    sink_(begin("cancel", now) + word(static_cast<int64_t>(owner)) + word(int64_t{generation}));
}
void TraceWriter::shed(Time now, int free_slots,
                       const std::vector<std::unique_ptr<BatchItem>>& items) {
    sink_(begin("shed", now) + word(int64_t{free_slots}) + numbers(items));
}
void TraceWriter::slept(Time now, int free_slots) {
    sink_(begin("sleep", now) + word(int64_t{free_slots}));
}
void TraceWriter::started(Time now, int free_slots, const Batch& batch) {
    sink_(begin("start", now) + word(int64_t{free_slots}) + word(static_cast<int64_t>(batch.id)) +
          ' ' + std::string(to_string(batch.reason)) + word(static_cast<int64_t>(batch.run_size)) +
          numbers(batch.items));
}
void TraceWriter::done(Time now, int rows, Duration took) {
    sink_(begin("done", now) + word(int64_t{rows}) + word(took.count()));
}

Result<Trace> parse_trace(std::string_view text) {
    Trace trace;
    size_t number = 0;
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (++number == 1) {
            if (line != kHeader) return corrupt(1, "no trace; expected 'facet-trace 1'");
            continue;
        }
        const std::vector<std::string> words = split(line);
        if (number == 2) {
            if (!read_limits(words, trace.limits))
                return corrupt(2, "expected limits, all of them in range");
            continue;
        }
        if (number == 3) {
            if (!line.starts_with("costs")) return corrupt(3, "expected costs");
            Result<CostTable> costs = CostTable::parse(line.substr(5));
            if (!costs.ok()) return costs.error().within("line 3");
            trace.costs = *std::move(costs);
            continue;
        }
        if (words.size() < 2) return corrupt(number, "expected a verb and a time");
        TraceLine read{words[0], Time{0}, {words.begin() + 2, words.end()}};
        const std::vector<std::string> time{words[1]};
        Words time_word(time);
        read.time = Time{time_word.number<int64_t>()};
        if (!time_word.good()) return corrupt(number, "'" + words[1] + "' is no time");
        if (read.verb == "start" && !read_start(read, trace.batches.emplace_back()))
            return corrupt(number, "expected free slots, batch, reason, rows and items");
        trace.lines.push_back(std::move(read));
    }
    if (number < 3) return corrupt(number + 1, "the trace ends within its head");
    return trace;
}

Result<std::vector<TracedBatch>> replay(const Trace& trace, const Policy& policy) {
    Player player(trace, policy);
    for (size_t line = 0; line < trace.lines.size(); ++line)
        if (!player.play(trace.lines[line]))
            return corrupt(line + 4, "'" + trace.lines[line].verb + "' does not fit here");
    return std::move(player).batches();
}

}  // namespace facet
