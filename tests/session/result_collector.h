// SPDX-License-Identifier: MIT
// Collects the results of numbered items, and how often each came.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"
#include "engine/session.h"

namespace facet::testing {

// Thread-safe; outlives the items.
class ResultCollector {
  public:
    explicit ResultCollector(size_t items) : items_(items), results_(items), calls_(items) {}

    [[nodiscard]] Done done(size_t number) {
        return [this, number](ItemResult result) {
            MutexLock lock(mutex_);
            results_[number] = std::move(result);
            ++calls_[number];
            ++finished_;
            changed_.notify_all();
        };
    }
    // Waits until `count` items are finished.
    void wait_for(size_t count) {
        MutexLock lock(mutex_);
        while (finished_ < count) changed_.wait(mutex_);
    }
    std::vector<ItemResult> wait_for_all() {
        wait_for(items_);
        MutexLock lock(mutex_);
        return results_;
    }
    [[nodiscard]] size_t finished() {
        MutexLock lock(mutex_);
        return finished_;
    }
    [[nodiscard]] bool each_once() {
        MutexLock lock(mutex_);
        return std::ranges::all_of(calls_, [](int calls) { return calls == 1; });
    }

  private:
    const size_t items_;
    Mutex mutex_;  // guards all below
    CondVar changed_;
    std::vector<ItemResult> results_ FACET_GUARDED_BY(mutex_);
    std::vector<int> calls_ FACET_GUARDED_BY(mutex_);
    size_t finished_ FACET_GUARDED_BY(mutex_) = 0;
};

}  // namespace facet::testing
