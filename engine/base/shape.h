// SPDX-License-Identifier: MIT
// Shape: the extents of a tensor, outermost axis first.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace facet {

// Invariants: 0 <= rank() <= kMaxRank; every extent >= 0 (readers refuse dynamic extents or replace
// them before a Shape is made). Rank 0 is a scalar with one element. Reentrant value type.
class Shape {
  public:
    static constexpr int kMaxRank = 8;

    Shape() = default;
    Shape(std::initializer_list<int64_t> extents)
        : Shape(std::span<const int64_t>(extents.begin(), extents.size())) {}
    // Precondition: extents.size() <= kMaxRank; readers check before they build one.
    explicit Shape(std::span<const int64_t> extents);

    [[nodiscard]] int rank() const { return rank_; }
    [[nodiscard]] int64_t operator[](int axis) const { return extents_[axis]; }
    [[nodiscard]] int64_t& operator[](int axis) { return extents_[axis]; }
    [[nodiscard]] std::span<const int64_t> extents() const {
        return {extents_.data(), static_cast<size_t>(rank_)};
    }
    [[nodiscard]] int64_t elements() const;
    void append(int64_t extent);
    // The same extents with axis 0 multiplied by `rows`; precondition: rank() >= 1.
    [[nodiscard]] Shape scaled(int64_t rows) const;
    // "[1,3,62,62]"
    [[nodiscard]] std::string text() const;

    friend bool operator==(const Shape& a, const Shape& b);

  private:
    std::array<int64_t, kMaxRank> extents_{};
    int rank_ = 0;
};

// Row-major strides in elements.
[[nodiscard]] std::array<int64_t, Shape::kMaxRank> contiguous_strides(const Shape& shape);

}  // namespace facet
