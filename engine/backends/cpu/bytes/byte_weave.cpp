// SPDX-License-Identifier: MIT
// Byte permutations of whole vectors where the processor has them (AVX-512 VBMI).
#include "engine/backends/cpu/bytes/byte_weave.h"

#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/bytes/byte_intrinsics.h"

namespace facet::cpu {

namespace {

#ifdef FACET_HAS_BYTE_KERNELS
uint64_t first_bytes(int64_t count) {
    return count >= 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
}
#else
bool has_byte_permutations() {
    return false;
}
#endif

}  // namespace

LineWeaver::LineWeaver(int64_t lines, int64_t group_bytes, int64_t groups, bool plain)
    : lines_(lines), group_bytes_(group_bytes), groups_(groups) {
    const int64_t knot = lines * group_bytes;
    if (plain || !has_byte_permutations() || group_bytes > kVector) return;
    loop_ = Loop::kGroups;
    if (2 * knot > kVector) return;
    loop_ = Loop::kVectors;
    for (int64_t byte = 0; byte < kVector / knot * knot; ++byte) {
        from_[byte] = static_cast<uint8_t>(byte / knot * group_bytes + byte % group_bytes);
        of_line_[byte % knot / group_bytes] |= uint64_t{1} << byte;
    }
}

void LineWeaver::run(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const {
    if (loop_ == Loop::kVectors)
        run_vectors(source, line_bytes, woven);
    else if (loop_ == Loop::kGroups)
        run_groups(source, line_bytes, woven);
    else
        run_plain(source, line_bytes, woven);
}

void LineWeaver::run_plain(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const {
    for (int64_t group = 0; group < groups_; ++group)
        for (int64_t line = 0; line < lines_; ++line, woven += group_bytes_)
            std::memcpy(woven, source + line * line_bytes + group * group_bytes_, group_bytes_);
}

#ifdef FACET_HAS_BYTE_KERNELS

// As many groups as one vector holds at a time.
FACET_PERMUTES void LineWeaver::run_vectors(const uint8_t* source, int64_t line_bytes,
                                            uint8_t* woven) const {
    const int64_t knot = lines_ * group_bytes_, together = kVector / knot;
    const __m512i order = _mm512_load_si512(from_);
    int64_t group = 0;
    // Whole vectors while there are as many bytes left; what is too much of each the next replaces.
    for (; (groups_ - group) * group_bytes_ >= kVector; group += together) {
        __m512i bytes = _mm512_setzero_si512();
        for (int64_t line = 0; line < lines_; ++line)
            bytes = _mm512_mask_permutexvar_epi8(
                bytes, of_line_[line], order,
                _mm512_loadu_si512(source + line * line_bytes + group * group_bytes_));
        _mm512_storeu_si512(woven + group * knot, bytes);
    }
    for (; group < groups_; group += together) {
        const int64_t count = std::min(together, groups_ - group);
        const __mmask64 read = first_bytes(count * group_bytes_);
        __m512i bytes = _mm512_setzero_si512();
        for (int64_t line = 0; line < lines_; ++line) {
            const __m512i pixels =
                _mm512_maskz_loadu_epi8(read, source + line * line_bytes + group * group_bytes_);
            bytes = _mm512_mask_permutexvar_epi8(bytes, of_line_[line], order, pixels);
        }
        _mm512_mask_storeu_epi8(woven + group * knot, first_bytes(count * knot), bytes);
    }
}

// Groups of a vector at most, one by one.
FACET_BYTES void LineWeaver::run_groups(const uint8_t* source, int64_t line_bytes,
                                        uint8_t* woven) const {
    const __mmask64 mask = first_bytes(group_bytes_);
    for (int64_t group = 0; group < groups_; ++group)
        for (int64_t line = 0; line < lines_; ++line, woven += group_bytes_)
            _mm512_mask_storeu_epi8(
                woven, mask,
                _mm512_maskz_loadu_epi8(mask, source + line * line_bytes + group * group_bytes_));
}

#else

void LineWeaver::run_vectors(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const {
    run_plain(source, line_bytes, woven);
}
void LineWeaver::run_groups(const uint8_t* source, int64_t line_bytes, uint8_t* woven) const {
    run_plain(source, line_bytes, woven);
}

#endif

}  // namespace facet::cpu
