// SPDX-License-Identifier: MIT
// What several reference kernels need to read their operands.
#include "engine/backends/reference/operands.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace facet::reference {

namespace {

// Copies along `axis` and all axes behind it.
void copy_axis(const std::byte* input, const std::array<int64_t, Shape::kMaxRank>& strides,
               const AxisMaps& maps, size_t axis, size_t element_size, const std::byte* fill,
               std::byte*& output) {
    const bool last = axis + 1 == maps.size();
    for (const int64_t index : maps[axis]) {
        const bool outside = index == kFill || input == nullptr;
        const std::byte* source =
            outside ? nullptr : input + index * strides[axis] * static_cast<int64_t>(element_size);
        if (!last) {
            copy_axis(source, strides, maps, axis + 1, element_size, fill, output);
            continue;
        }
        std::memcpy(output, outside ? fill : source, element_size);
        output += element_size;
    }
}

}  // namespace

Result<void> require_f32(Inputs inputs, Outputs outputs) {
    const auto wrong = [](const TensorView& view) {
        return view.bytes != nullptr && view.type != DataType::kF32;
    };
    for (const TensorView& view : inputs) {
        if (wrong(view))
            return Error{ErrorCode::kUnsupported,
                         "input of type " + std::string(to_string(view.type)) + "; supported: f32"};
    }
    for (const TensorView view : outputs) {
        if (wrong(view))
            return Error{
                ErrorCode::kUnsupported,
                "output of type " + std::string(to_string(view.type)) + "; supported: f32"};
    }
    return {};
}

bool is_present(Inputs inputs, size_t index) {
    return index < inputs.size() && inputs[index].bytes != nullptr;
}

Result<std::vector<int64_t>> read_integers(const TensorView& tensor, std::string_view field) {
    std::vector<int64_t> values;
    if (tensor.type == DataType::kI64) {
        const auto elements = tensor.as<int64_t>();
        values.assign(elements.begin(), elements.end());
    } else if (tensor.type == DataType::kI32) {
        const auto elements = tensor.as<int32_t>();
        values.assign(elements.begin(), elements.end());
    } else {
        return Error{ErrorCode::kUnsupported, std::string(field) + " of type " +
                                                  std::string(to_string(tensor.type)) +
                                                  "; supported: i32, i64"};
    }
    return values;
}

int64_t product(const Shape& shape, int begin, int end) {
    int64_t count = 1;
    for (int axis = begin; axis < end; ++axis) count *= shape[axis];
    return count;
}

void copy_mapped(const TensorView& input, const AxisMaps& maps, const void* fill,
                 const MutableTensorView& output) {
    const size_t element_size = size_of(input.type);
    auto* destination = static_cast<std::byte*>(output.bytes);
    const auto* source = static_cast<const std::byte*>(input.bytes);
    if (maps.empty()) {
        std::memcpy(destination, source, element_size);
        return;
    }
    copy_axis(source, contiguous_strides(input.shape), maps, 0, element_size,
              static_cast<const std::byte*>(fill), destination);
}

}  // namespace facet::reference
