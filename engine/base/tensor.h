// SPDX-License-Identifier: MIT
// Tensor: dense row-major elements of one type, owned by or borrowed from shared storage.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "engine/base/shape.h"

namespace facet {

// IEEE 754 binary16 bits; arithmetic goes through float.
struct Half {
    uint16_t bits = 0;
};
[[nodiscard]] float to_float(Half value);
[[nodiscard]] Half to_half(float value);  // round to nearest even

enum class DataType { kF32, kF16, kI8, kU8, kI32, kI64, kBool };

[[nodiscard]] size_t size_of(DataType type);
[[nodiscard]] std::string_view to_string(DataType type);  // "f32", "i64", ...

template <typename T>
constexpr DataType data_type_of();
template <>
constexpr DataType data_type_of<float>() {
    return DataType::kF32;
}
template <>
constexpr DataType data_type_of<Half>() {
    return DataType::kF16;
}
template <>
constexpr DataType data_type_of<int8_t>() {
    return DataType::kI8;
}
template <>
constexpr DataType data_type_of<uint8_t>() {
    return DataType::kU8;
}
template <>
constexpr DataType data_type_of<int32_t>() {
    return DataType::kI32;
}
template <>
constexpr DataType data_type_of<int64_t>() {
    return DataType::kI64;
}
template <>
constexpr DataType data_type_of<bool>() {
    return DataType::kBool;
}

// A borrow of dense row-major elements; valid while the owner lives. Data may be unaligned for the
// type only if it came straight from a file; Tensor::from_file_bytes() copies in that case.
struct TensorView {
    DataType type = DataType::kF32;
    Shape shape;
    const void* bytes = nullptr;

    [[nodiscard]] size_t byte_size() const { return shape.elements() * size_of(type); }
    template <typename T>
    [[nodiscard]] std::span<const T> as() const {
        assert(type == data_type_of<T>());
        return {static_cast<const T*>(bytes), static_cast<size_t>(shape.elements())};
    }
};

struct MutableTensorView {
    DataType type = DataType::kF32;
    Shape shape;
    void* bytes = nullptr;

    operator TensorView() const { return {type, shape, bytes}; }
    [[nodiscard]] size_t byte_size() const { return shape.elements() * size_of(type); }
    template <typename T>
    [[nodiscard]] std::span<T> as() const {
        assert(type == data_type_of<T>());
        return {static_cast<T*>(bytes), static_cast<size_t>(shape.elements())};
    }
};

// Invariants: storage stays alive as long as any copy of the Tensor; copies share it. Elements may
// be written through mutable_view() only by the one who allocated it and before it is shared.
// Copies are reentrant; reading shared storage is thread-safe.
class Tensor {
  public:
    Tensor() = default;
    // Zeroed storage, aligned to 64 bytes.
    static Tensor allocate(DataType type, const Shape& shape);
    // Elements inside `owner`'s storage (a mapped file, a parsed message): no copy when `bytes` is
    // aligned for `type`, else an aligned copy. Precondition: enough bytes for the shape.
    static Tensor from_file_bytes(std::shared_ptr<const void> owner, const void* bytes,
                                  DataType type, const Shape& shape);
    template <typename T>
    static Tensor of(const Shape& shape, std::span<const T> values) {
        assert(static_cast<size_t>(shape.elements()) == values.size());
        Tensor tensor = allocate(data_type_of<T>(), shape);
        std::copy(values.begin(), values.end(), tensor.mutable_view().as<T>().begin());
        return tensor;
    }
    template <typename T>
    static Tensor scalar(T value) {
        return of<T>(Shape{}, std::span<const T>(&value, 1));
    }

    [[nodiscard]] bool empty() const { return bytes_ == nullptr; }
    [[nodiscard]] DataType type() const { return type_; }
    [[nodiscard]] const Shape& shape() const { return shape_; }
    [[nodiscard]] TensorView view() const { return {type_, shape_, bytes_}; }
    [[nodiscard]] MutableTensorView mutable_view() {
        return {type_, shape_, const_cast<void*>(bytes_)};
    }
    template <typename T>
    [[nodiscard]] std::span<const T> as() const {
        return view().as<T>();
    }
    // The same storage under another shape with as many elements.
    [[nodiscard]] Tensor reshaped(const Shape& shape) const;

  private:
    std::shared_ptr<const void> owner_;
    const void* bytes_ = nullptr;
    DataType type_ = DataType::kF32;
    Shape shape_;
};

}  // namespace facet
