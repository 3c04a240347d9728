// SPDX-License-Identifier: MIT
// What was measured once and holds for the rest of the process, by a text that says of what. Not
// installed.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/base/mutex.h"

namespace facet {

// Thread-safe. An empty key is never found: nothing says then that it is the same thing again.
template <typename Value>
class Remembered {
  public:
    [[nodiscard]] std::optional<Value> recall(const std::string& key) const {
        MutexLock lock(mutex_);
        const auto found = by_key_.find(key);
        return found == by_key_.end() ? std::nullopt : std::optional(found->second);
    }
    void remember(const std::string& key, const Value& value) {
        if (key.empty()) return;
        MutexLock lock(mutex_);
        by_key_.insert_or_assign(key, value);
    }

  private:
    mutable Mutex mutex_;  // guards by_key_; no other lock is taken while it is held
    std::map<std::string, Value> by_key_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet
