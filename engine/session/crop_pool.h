// SPDX-License-Identifier: MIT
// CropPool: where a session's crop buffers come from and go back to.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/session.h"

namespace facet {

// Invariants: a buffer has room for one crop of every spec; at most `most_kept` unused ones are
// kept, so that a burst's memory goes back to the system. Thread-safe; buffers may outlive the
// pool.
class CropPool {
  public:
    CropPool(const std::vector<CropSpec>& specs, size_t most_kept);

    // Contents are those of an earlier use, or undefined.
    [[nodiscard]] CropBuffer acquire();
    // Unused buffers kept.
    [[nodiscard]] size_t kept() const;

  private:
    friend class CropBuffer;
    struct Shelf;

    std::shared_ptr<Shelf> shelf_;
};

}  // namespace facet
