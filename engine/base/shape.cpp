// SPDX-License-Identifier: MIT
// Shape arithmetic.
#include "engine/base/shape.h"

#include <algorithm>
#include <cassert>

namespace facet {

Shape::Shape(std::span<const int64_t> extents) : rank_(static_cast<int>(extents.size())) {
    assert(extents.size() <= kMaxRank);
    std::copy(extents.begin(), extents.end(), extents_.begin());
}

int64_t Shape::elements() const {
    int64_t count = 1;
    for (int64_t extent : extents()) count *= extent;
    return count;
}

void Shape::append(int64_t extent) {
    assert(rank_ < kMaxRank);
    extents_[rank_++] = extent;
}

Shape Shape::scaled(int64_t rows) const {
    assert(rank_ >= 1);
    Shape result = *this;
    result[0] *= rows;
    return result;
}

std::string Shape::text() const {
    std::string result = "[";
    for (int axis = 0; axis < rank_; ++axis) {
        if (axis > 0) result += ',';
        result += std::to_string(extents_[axis]);
    }
    return result + ']';
}

bool operator==(const Shape& a, const Shape& b) {
    return std::ranges::equal(a.extents(), b.extents());
}

std::array<int64_t, Shape::kMaxRank> contiguous_strides(const Shape& shape) {
    std::array<int64_t, Shape::kMaxRank> strides{};
    int64_t stride = 1;
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
        strides[axis] = stride;
        stride *= shape[axis];
    }
    return strides;
}

}  // namespace facet
