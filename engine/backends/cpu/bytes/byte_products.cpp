// SPDX-License-Identifier: MIT
// Which instructions there are, and the sums one product at a time.
#include "engine/backends/cpu/bytes/byte_products.h"

#include "engine/backends/cpu/bytes/byte_intrinsics.h"

#ifdef FACET_HAS_BYTE_KERNELS
#include <cpuid.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace facet::cpu {

namespace {

#if defined(FACET_HAS_BYTE_KERNELS) && defined(__linux__) && defined(SYS_arch_prctl)
// Tiles are large, so Linux gives them to processes that ask.
bool may_use_tiles() {
    constexpr unsigned kTileAndBytes = 1U << 24 | 1U << 25;  // of CPUID leaf 7, EDX
    constexpr int kRequestPermission = 0x1023, kTileState = 18;
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & kTileAndBytes) != kTileAndBytes)
        return false;
    return syscall(SYS_arch_prctl, kRequestPermission, kTileState) == 0;
}
#else
bool may_use_tiles() {
    return false;
}
#endif

ByteInstructions detect() {
#ifdef FACET_HAS_BYTE_KERNELS
    const bool has_vnni = __builtin_cpu_supports("avx512vnni") &&
                          __builtin_cpu_supports("avx512bw") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    if (!has_vnni) return ByteInstructions::kPlain;
    return may_use_tiles() ? ByteInstructions::kAmx : ByteInstructions::kVnni;
#else
    return ByteInstructions::kPlain;
#endif
}

}  // namespace

ByteInstructions best_byte_instructions() {
    static const ByteInstructions best = detect();
    return best;
}

void multiply_bytes_plain(const PositionTiles& tiles, const BytePieces& pieces,
                          const int8_t* packed, int64_t panel_bytes, int panels, int32_t* sums) {
    for (int row = 0; row < tiles.tiles * tiles.rows; ++row) {
        const int tile = row / tiles.rows;
        const uint8_t* position = tiles.source[tile] + row % tiles.rows * tiles.step;
        int32_t* to = sums + (tile * PositionTiles::kRows + row % tiles.rows) * 2 * kPanelChannels;
        for (int64_t channel = 0; channel < panels * kPanelChannels; ++channel) {
            const int8_t* right = packed + channel / kPanelChannels * panel_bytes;
            int32_t sum = 0;
            for (size_t piece = 0; piece < pieces.offsets.size(); ++piece) {
                for (int64_t i = 0; i < pieces.bytes; ++i) {
                    const int64_t quad = (static_cast<int64_t>(piece) * pieces.bytes + i) / 4;
                    sum += position[pieces.offsets[piece] + i] *
                           right[(quad * kPanelChannels + channel % kPanelChannels) * 4 + i % 4];
                }
            }
            to[channel] = sum;
        }
    }
}

}  // namespace facet::cpu
