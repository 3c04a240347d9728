// SPDX-License-Identifier: MIT
// Anonymous mappings.
#include "engine/backends/cpu/program/pages.h"

#include <sys/mman.h>

#include <new>

namespace facet::cpu {

Pages::Pages(size_t bytes) : size_(bytes) {
    if (bytes == 0) return;
    void* mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    memory_.reset(static_cast<std::byte*>(mapped),
                  [bytes](std::byte* memory) { munmap(memory, bytes); });
}

}  // namespace facet::cpu
