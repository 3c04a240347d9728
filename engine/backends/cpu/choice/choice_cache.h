// SPDX-License-Identifier: MIT
// Choices made by measurement, kept for this process and, per user, on disk.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/mutex.h"

namespace facet::cpu {

// A file of lines "<number> <key>" in FACET_CACHE_DIR/cpu, else XDG_CACHE_HOME/facet/cpu, else
// ~/.cache/facet/cpu, named by processor and oneDNN version. A file that is damaged, missing or not
// writable costs new measurements, nothing else. Thread-safe.
class ChoiceCache {
  public:
    // The process's one cache, in its place on disk.
    [[nodiscard]] static std::shared_ptr<ChoiceCache> shared();
    // An empty path: nothing is kept on disk.
    explicit ChoiceCache(std::filesystem::path file);

    [[nodiscard]] std::optional<int> find(const std::string& key) const;
    // Keys hold no line breaks.
    void store(const std::string& key, int choice);
    // Writes the file anew if anything was stored since; other processes see the old one or the
    // new one whole.
    void save();

  private:
    const std::filesystem::path file_;
    mutable Mutex mutex_;  // guards what is below; no other lock is taken while it is held
    std::map<std::string, int> choices_ FACET_GUARDED_BY(mutex_);
    bool changed_ FACET_GUARDED_BY(mutex_) = false;
};

}  // namespace facet::cpu
