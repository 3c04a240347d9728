// SPDX-License-Identifier: MIT
// Cutting boxes out of tensors, and nearest-neighbour resize.
#include <algorithm>
#include <cstring>

#include "engine/backends/cpu/loops/loops.h"

namespace facet::cpu {

CutLoop::CutLoop(std::vector<Axis> axes, int64_t offset, size_t element_size)
    : axes_(std::move(axes)), offset_(offset), element_size_(element_size) {
    // Innermost axes that are taken as they lie become one axis of larger elements.
    while (!axes_.empty() && axes_.back().step == 1 && axes_.back().extent > 0) {
        const int64_t extent = axes_.back().extent;
        bool divisible = offset_ % extent == 0;
        for (const Axis& axis : axes_)
            if (&axis != &axes_.back()) divisible &= axis.step % extent == 0;
        if (!divisible) break;
        axes_.pop_back();
        for (Axis& axis : axes_) axis.step /= extent;
        offset_ /= extent;
        element_size_ *= extent;
    }
}

void CutLoop::run(const void* source, void* result) const {
    const auto* from =
        static_cast<const std::byte*>(source) + offset_ * static_cast<int64_t>(element_size_);
    copy(0, from, static_cast<std::byte*>(result));
}

std::byte* CutLoop::copy(size_t axis, const std::byte* source, std::byte* result) const {
    const auto size = static_cast<int64_t>(element_size_);
    if (axis == axes_.size()) {
        std::memcpy(result, source, size);
        return result + size;
    }
    const auto [extent, step] = axes_[axis];
    const bool innermost = axis + 1 == axes_.size();
    if (innermost && step == 1) {
        std::memcpy(result, source, extent * size);
        return result + extent * size;
    }
    if (innermost && step > 0) {
        copy_strided(source, step * size, result, size, size, extent);
        return result + extent * size;
    }
    for (int64_t i = 0; i < extent; ++i) result = copy(axis + 1, source + i * step * size, result);
    return result;
}

NearestLoop::NearestLoop(const onednn::ChannelView& source, int64_t source_width,
                         std::vector<int64_t> rows, std::vector<int64_t> columns)
    : planes_(source.outer * source.blocks),
      plane_(source.inner * source.lanes),
      width_(source_width),
      lanes_(source.lanes),
      rows_(std::move(rows)),
      columns_(std::move(columns)) {}

void NearestLoop::run(const float* source, float* result) const {
    const auto row_size = static_cast<int64_t>(columns_.size()) * lanes_;
    const int64_t plane_size = row_size * static_cast<int64_t>(rows_.size());
#pragma omp parallel for schedule(static)
    for (int64_t plane = 0; plane < planes_; ++plane) {
        float* to = result + plane * plane_size;
        for (const int64_t row : rows_) {
            const float* from = source + plane * plane_ + row * width_ * lanes_;
            for (const int64_t column : columns_)
                to = std::copy_n(from + column * lanes_, lanes_, to);
        }
    }
}

}  // namespace facet::cpu
