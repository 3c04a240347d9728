// SPDX-License-Identifier: MIT
// Rows of a port's memory: views of the first ones, and copies. Not installed.
#pragma once

#include <cstddef>
#include <cstring>

#include "engine/backends/backend.h"

namespace facet {

[[nodiscard]] inline Shape shape_of_rows(const Port& port, int rows) {
    return port.row_shape.rank() > 0 ? port.row_shape.scaled(rows) : port.row_shape;
}
[[nodiscard]] inline size_t bytes_of_rows(const Port& port, int rows) {
    return static_cast<size_t>(port.row_shape.elements()) * size_of(port.type) *
           static_cast<size_t>(rows);
}
[[nodiscard]] inline Tensor allocate_rows(const Port& port, int rows) {
    return Tensor::allocate(port.type, shape_of_rows(port, rows));
}

// Precondition: both hold so many rows of the port.
inline void copy_rows(const Port& port, const TensorView& from, int from_row,
                      const MutableTensorView& to, int to_row, int rows) {
    std::memcpy(static_cast<std::byte*>(to.bytes) + bytes_of_rows(port, to_row),
                static_cast<const std::byte*>(from.bytes) + bytes_of_rows(port, from_row),
                bytes_of_rows(port, rows));
}

}  // namespace facet
