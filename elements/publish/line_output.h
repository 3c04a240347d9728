// SPDX-License-Identifier: MIT
// LineOutput: a file that several elements of the process may append whole lines to.
#pragma once

#include <memory>
#include <string>

#include "engine/base/mutex.h"
#include "engine/base/result.h"

namespace facet {

// Invariants:
// - The bytes given to the system are always whole lines, each by one writer; a line that the
//   system takes only in part because it fails is followed by nothing.
// - After the first failure every call fails with that same error.
// Thread-safe.
class LineOutput {
  public:
    // "-" is standard output. Elements that open the same place while one holds it share it, so
    // their lines do not cut into each other; the first of them empties the file. Errors: kIo.
    [[nodiscard]] static Result<std::shared_ptr<LineOutput>> open(const std::string& location);

    ~LineOutput();
    LineOutput(const LineOutput&) = delete;
    LineOutput& operator=(const LineOutput&) = delete;

    // Appends `line` and a line break. Regular files get them in blocks, all else (terminals,
    // pipes) at once.
    [[nodiscard]] Result<void> write_line(const std::string& line);
    // Hands everything written so far to the system.
    [[nodiscard]] Result<void> flush();

  private:
    LineOutput(std::string name, int descriptor, bool buffered);

    Result<void> flush_locked() FACET_REQUIRES(mutex_);

    const std::string name_;
    const int descriptor_;
    const bool buffered_;
    Mutex mutex_;  // guards all below; innermost
    std::string pending_ FACET_GUARDED_BY(mutex_);
    Result<void> state_ FACET_GUARDED_BY(mutex_);
};

}  // namespace facet
