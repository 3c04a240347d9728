// SPDX-License-Identifier: MIT
// A queue's life as lines of text: what came and when, what was decided, and the same again.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/batching/batch_queue.h"

namespace facet {

// Lines, each of words between single spaces; times and durations in nanoseconds, by the queue's
// clock, never falling; "-" is no time:
//   facet-trace 1                                       the first line
//   limits <max_batch> <timeout> <budget> <margin> <slots> <profile>...     the second
//   costs <rows>:<cost>...                              the third
//   open|close <time> <owner>
//   state <time> <owner> active|blocked|draining
//   weight <time> <owner> <weight>
//   sheds <time> <owner> 0|1
//   push <time> <owner> <generation> <filler 0|1> <value> <deadline> <due>  before push() lowers
//                                                       them; an item's number counts these lines
//                                                       from 0
//   cancel <time> <owner> <generation>
//   shed <time> <free slots> <number>...                numbers of the items that went
//   sleep <time> <free slots>                           a slot was free and nothing was to start
//   start <time> <free slots> <batch> <reason> <rows> <number>...
//   done <time> <rows> <took>                           a batch ran so many rows in so long
class TraceWriter {
  public:
    // Takes one line at a time, without its end.
    using Sink = std::function<void(std::string_view line)>;

    TraceWriter(Sink sink, const BatchLimits& limits, const CostTable& costs);

    void opened(Time now, OwnerId owner);
    void closed(Time now, OwnerId owner);
    void state(Time now, OwnerId owner, OwnerState state);
    void weight(Time now, OwnerId owner, double weight);
    void sheds(Time now, OwnerId owner, bool sheds);
    void pushed(Time now, const BatchItem& item);
    void cancelled(Time now, OwnerId owner, uint32_t generation);
    void shed(Time now, int free_slots, const std::vector<std::unique_ptr<BatchItem>>& items);
    void slept(Time now, int free_slots);
    void started(Time now, int free_slots, const Batch& batch);
    void done(Time now, int rows, Duration took);

  private:
    Sink sink_;
};

struct TraceLine {
    std::string verb;
    Time time{0};
    std::vector<std::string> words;  // after the time
};
struct TracedBatch {
    uint64_t id = 0;
    Time started{0};
    StartReason reason = StartReason::kFull;
    size_t run_size = 0;
    std::vector<uint64_t> items;  // numbers
    friend bool operator==(const TracedBatch&, const TracedBatch&) = default;
};
struct Trace {
    BatchLimits limits;
    CostTable costs;
    std::vector<TraceLine> lines;
    std::vector<TracedBatch> batches;  // as recorded
};

// Errors name the line. A last line without its end is left out: the writer may have been stopped.
[[nodiscard]] Result<Trace> parse_trace(std::string_view text);

// The batches that `policy` makes of the trace's arrivals, asked whenever the recorded queue was.
// With the recorded policy they are trace.batches.
[[nodiscard]] Result<std::vector<TracedBatch>> replay(const Trace& trace, const Policy& policy);

}  // namespace facet
