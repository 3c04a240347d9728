// SPDX-License-Identifier: MIT
// A whole file mapped read-only into memory, the owner of the weights that tensors borrow from it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "engine/base/result.h"

namespace facet {

// Invariant: bytes() stays valid and unchanged in place as long as the object lives. A file cut
// short by another process meanwhile is outside what a mapping can survive. Reading is thread-safe.
class MappedFile {
  public:
    // kNotFound when there is no such file, kIo when it is no regular file or cannot be read; the
    // message lacks the path, which the caller adds.
    [[nodiscard]] static Result<std::shared_ptr<const MappedFile>> open(
        const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

  private:
    explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::span<const std::byte> bytes_;
};

}  // namespace facet
