// SPDX-License-Identifier: MIT
// Memory straight from the system.
#pragma once

#include <cstddef>
#include <memory>

namespace facet::cpu {

// Zeroes, at the beginning of a page. Pages take memory from when they are first written, and all
// of them go back at the end, which an allocator shared with others does not promise.
class Pages {
  public:
    Pages() = default;
    // Throws std::bad_alloc.
    explicit Pages(size_t bytes);

    [[nodiscard]] std::byte* data() const { return memory_.get(); }
    [[nodiscard]] size_t size() const { return size_; }

  private:
    std::shared_ptr<std::byte> memory_;
    size_t size_ = 0;
};

}  // namespace facet::cpu
