// SPDX-License-Identifier: MIT
// Tensor storage and half-precision conversion.
#include "engine/base/tensor.h"

#include <bit>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace facet {

namespace {

constexpr size_t kAlignment = 64;

}  // namespace

float to_float(Half value) {
    const uint32_t sign = (value.bits & 0x8000u) << 16;
    const uint32_t exponent = (value.bits >> 10) & 0x1f;
    const uint32_t mantissa = value.bits & 0x3ffu;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
    if (exponent == 0) {
        // Subnormal half: mantissa * 2^-24, exact in float.
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
        return sign ? -magnitude : magnitude;
    }
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

Half to_half(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
    const uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) return {static_cast<uint16_t>(sign | 0x7e00u)};
    if (magnitude >= 0x477ff000u) return {static_cast<uint16_t>(sign | 0x7c00u)};
    if (magnitude < 0x38800000u) {
        // Adding 0.5f aligns the half's subnormal unit (2^-24) with float's unit at 0.5.
        const float aligned = std::bit_cast<float>(magnitude) + 0.5f;
        return {static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(aligned) - 0x3f000000u))};
    }
    const uint32_t odd = (magnitude >> 13) & 1u;
    return {static_cast<uint16_t>(sign | ((magnitude - 0x38000000u + 0xfffu + odd) >> 13))};
}

size_t size_of(DataType type) {
    switch (type) {
        case DataType::kF32:
        case DataType::kI32:
            return 4;
        case DataType::kF16:
            return 2;
        case DataType::kI64:
            return 8;
        case DataType::kI8:
        case DataType::kU8:
        case DataType::kBool:
            return 1;
    }
    return 0;
}

std::string_view to_string(DataType type) {
    switch (type) {
        case DataType::kF32:
            return "f32";
        case DataType::kF16:
            return "f16";
        case DataType::kI8:
            return "i8";
        case DataType::kU8:
            return "u8";
        case DataType::kI32:
            return "i32";
        case DataType::kI64:
            return "i64";
        case DataType::kBool:
            return "bool";
    }
    return "?";
}

Tensor Tensor::allocate(DataType type, const Shape& shape) {
    // One extra element keeps empty tensors distinguishable from absent ones.
    const size_t size = (shape.elements() + 1) * size_of(type);
    // The system's own zeroes: large blocks get their pages when they are first written.
    size_t space = size + kAlignment;
    void* bytes = std::calloc(space, 1);
    if (bytes == nullptr) throw std::bad_alloc();
    Tensor tensor;
    tensor.owner_ = std::shared_ptr<void>(bytes, [](void* block) { std::free(block); });
    std::align(kAlignment, size, bytes, space);
    tensor.bytes_ = bytes;
    tensor.type_ = type;
    tensor.shape_ = shape;
    return tensor;
}

Tensor Tensor::from_file_bytes(std::shared_ptr<const void> owner, const void* bytes, DataType type,
                               const Shape& shape) {
    if (reinterpret_cast<uintptr_t>(bytes) % size_of(type) != 0) {
        Tensor copy = allocate(type, shape);
        std::memcpy(copy.mutable_view().bytes, bytes, copy.view().byte_size());
        return copy;
    }
    Tensor tensor;
    tensor.owner_ = std::move(owner);
    tensor.bytes_ = bytes;
    tensor.type_ = type;
    tensor.shape_ = shape;
    return tensor;
}

Tensor Tensor::reshaped(const Shape& shape) const {
    assert(shape.elements() == shape_.elements());
    Tensor tensor = *this;
    tensor.shape_ = shape;
    return tensor;
}

}  // namespace facet
