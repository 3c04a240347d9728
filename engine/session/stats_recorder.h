// SPDX-License-Identifier: MIT
// StatsRecorder: keeps a session's figures under a lock of its own. Not installed.
#pragma once

#include "engine/base/mutex.h"
#include "engine/batching/batcher.h"
#include "engine/session.h"

namespace facet {

// Thread-safe; one short lock per call.
class StatsRecorder {
  public:
    explicit StatsRecorder(int max_batch) : max_batch_(max_batch) {
        counters_.batch_sizes.resize(max_batch + 1);
    }

    void opened(OwnerId owner);
    void closed(OwnerId owner);
    void submitted(size_t items, size_t refused, size_t queue_depth);
    // `failed` of the batch's items have no result.
    void ran(const Batch& batch, Duration service, size_t failed);
    void discarded(const std::vector<std::unique_ptr<BatchItem>>& items, DiscardReason reason);

    [[nodiscard]] SessionCounters counters() const;
    [[nodiscard]] SessionStats stats() const;

  private:
    const int max_batch_;
    mutable Mutex mutex_;  // guards all below; no other lock is taken while it is held
    SessionCounters counters_ FACET_GUARDED_BY(mutex_);
    SessionStats stats_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet
