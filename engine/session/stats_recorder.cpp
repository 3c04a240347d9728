// SPDX-License-Identifier: MIT
// The figures' arithmetic.
#include "engine/session/stats_recorder.h"

#include <algorithm>

namespace facet {

namespace {

int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

void StatsRecorder::opened(OwnerId owner) {
    MutexLock lock(mutex_);
    stats_.owners.try_emplace(owner);
}

void StatsRecorder::closed(OwnerId owner) {
    MutexLock lock(mutex_);
    stats_.owners.erase(owner);
}

void StatsRecorder::submitted(size_t items, size_t refused, size_t queue_depth) {
    MutexLock lock(mutex_);
    counters_.items += items;
    counters_.failed_items += refused;
    stats_.queue_depth_max = std::max(stats_.queue_depth_max, queue_depth);
}

void StatsRecorder::ran(const Batch& batch, Duration service, size_t failed) {
    static_assert(kStartReasons == SessionStats::kReasons.size());
    MutexLock lock(mutex_);
    ++counters_.batches;
    ++counters_.batch_sizes[batch.items.size()];
    counters_.failed_items += failed;
    stats_.batch_size.add(static_cast<int64_t>(batch.items.size()));
    stats_.fill_percent.add(static_cast<int64_t>(batch.items.size() * 100 / max_batch_));
    stats_.service_us.add(microseconds(service));
    stats_.padding_rows += batch.run_size - batch.items.size();
    ++stats_.started_by[static_cast<size_t>(batch.reason)];
    for (const std::unique_ptr<BatchItem>& item : batch.items) {
        const bool late = batch.started > item->deadline;
        stats_.wait_us.add(microseconds(batch.started - item->enqueued));
        stats_.deadline_misses += late;
        const auto owner = stats_.owners.find(item->owner);
        if (owner == stats_.owners.end()) continue;
        ++owner->second.items;
        owner->second.late += late;
    }
}

void StatsRecorder::discarded(const std::vector<std::unique_ptr<BatchItem>>& items,
                              DiscardReason reason) {
    const bool shed = reason == DiscardReason::kOverload;
    MutexLock lock(mutex_);
    (shed ? stats_.shed : counters_.cancelled_items) += items.size();
    for (const std::unique_ptr<BatchItem>& item : items) {
        const auto owner = stats_.owners.find(item->owner);
        if (owner == stats_.owners.end()) continue;
        ++(shed ? owner->second.shed : owner->second.cancelled);
    }
}

SessionCounters StatsRecorder::counters() const {
    MutexLock lock(mutex_);
    return counters_;
}

SessionStats StatsRecorder::stats() const {
    MutexLock lock(mutex_);
    return stats_;
}

}  // namespace facet
