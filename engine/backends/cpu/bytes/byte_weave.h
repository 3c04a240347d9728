// SPDX-License-Identifier: MIT
// Lines of an image woven into one, so that more of the bytes that a convolution reads for one
// position lie together.
#pragma once

#include <cstdint>

namespace facet::cpu {

// A woven line holds, group after group, `pixels` pixels of each of `lines` lines; the next woven
// line begins `advance` lines further down.
struct ByteWeave {
    int64_t lines = 1, pixels = 1, advance = 1;

    [[nodiscard]] bool is_active() const { return lines > 1; }
};

// Weaves lines of one shape: of each woven one `groups` times `group_bytes` bytes of each of
// `lines` lines. Reads and writes nothing else. Immutable.
class LineWeaver {
  public:
    LineWeaver() = default;
    // `plain`: without vectors.
    LineWeaver(int64_t lines, int64_t group_bytes, int64_t groups, bool plain);
    // The lines lie `line_bytes` apart.
    void run(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const;

  private:
    enum class Loop { kPlain, kGroups, kVectors };

    void run_plain(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const;
    void run_groups(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const;
    void run_vectors(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const;

    static constexpr int64_t kVector = 64;  // bytes
    static constexpr int64_t kMostLines = 32;
    int64_t lines_ = 1, group_bytes_ = 1, groups_ = 0;
    Loop loop_ = Loop::kPlain;
    // Of a vector of woven bytes: the byte of its line that each is, and those of each line.
    alignas(kVector) uint8_t from_[kVector] = {};
    uint64_t of_line_[kMostLines] = {};
};

}  // namespace facet::cpu
