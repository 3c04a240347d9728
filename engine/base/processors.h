// SPDX-License-Identifier: MIT
// Which of the machine's processors threads run on.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/result.h"

namespace facet {

// Those that the calling thread may run on, ascending; empty where the system does not tell.
[[nodiscard]] std::vector<int> allowed_processors();

// "0-3,6", ascending; empty text: none.
[[nodiscard]] std::string processors_text(const std::vector<int>& processors);

// While it lives, the thread that made it and all threads that it starts run on these processors
// alone, and the threads for their whole lives. Thread-bound: destroyed by the thread that made it.
class ProcessorScope {
  public:
    // No processors: nothing changes. kInvalidArgument names those that the thread may not run on;
    // kUnsupported: not on this system.
    [[nodiscard]] static Result<std::unique_ptr<ProcessorScope>> enter(
        const std::vector<int>& processors);
    ~ProcessorScope();
    ProcessorScope(const ProcessorScope&) = delete;
    ProcessorScope& operator=(const ProcessorScope&) = delete;

  private:
    explicit ProcessorScope(std::vector<int> before) : before_(std::move(before)) {}

    const std::vector<int> before_;  // empty: nothing to put back
};

}  // namespace facet
