// SPDX-License-Identifier: MIT
// Strides: composing them, recognising them, writing them as C.
#include "engine/backends/gpu/view.h"

namespace facet::gpu {

size_t size_of(Storage storage) {
    switch (storage) {
        case Storage::kU8:
            return 1;
        case Storage::kF16:
            return 2;
        case Storage::kF32:
            break;
    }
    return 4;
}

std::string_view macro_suffix(Storage storage) {
    if (storage == Storage::kU8) return "U8";
    return storage == Storage::kF16 ? "F16" : "F32";
}

std::string_view type_name(Storage storage) {
    if (storage == Storage::kU8) return "uchar";
    return storage == Storage::kF16 ? "half" : "float";
}

View dense_view(BufferId buffer, Storage storage, const Shape& item, bool batched) {
    const auto strides = contiguous_strides(item);
    return {buffer, storage, 0, batched ? item.elements() : 0,
            std::vector<int64_t>(strides.begin(), strides.begin() + item.rank())};
}

bool is_dense(const View& view, const Shape& item) {
    const auto strides = contiguous_strides(item);
    if (view.offset != 0) return false;
    if (view.item_stride != 0 && view.item_stride != item.elements()) return false;
    for (int axis = 0; axis < item.rank(); ++axis)
        if (item[axis] != 1 && view.strides[axis] != strides[axis]) return false;
    return true;
}

int64_t element_offset(const View& view, const Shape& item, int64_t index) {
    int64_t offset = view.offset;
    for (int axis = item.rank() - 1; axis >= 0; --axis) {
        offset += index % item[axis] * view.strides[axis];
        index /= item[axis];
    }
    return offset;
}

std::optional<View> affine_view(const View& like, const Shape& item,
                                std::span<const int64_t> offsets) {
    View view = like;
    view.offset = offsets.empty() ? 0 : offsets[0];
    view.strides.assign(item.rank(), 0);
    const auto steps = contiguous_strides(item);
    for (int axis = 0; axis < item.rank(); ++axis)
        if (item[axis] > 1) view.strides[axis] = offsets[steps[axis]] - view.offset;
    for (size_t e = 0; e < offsets.size(); ++e)
        if (element_offset(view, item, static_cast<int64_t>(e)) != offsets[e]) return {};
    return view;
}

View broadcast_view(const View& view, const Shape& from, const Shape& to) {
    View result = view;
    const int shift = to.rank() - from.rank();
    result.strides.assign(to.rank(), 0);
    for (int axis = 0; axis < from.rank(); ++axis)
        result.strides[axis + shift] = from[axis] == 1 ? 0 : view.strides[axis];
    return result;
}

std::string index_text(std::span<const AxisStep> axes, int64_t offset, const std::string& index) {
    std::vector<AxisStep> merged;
    for (size_t axis = 0; axis < axes.size(); ++axis) {
        if (axis > 0 && axes[axis].extent == 1) continue;
        if (!merged.empty() && merged.back().stride == axes[axis].stride * axes[axis].extent) {
            merged.back().extent *= axes[axis].extent;
            merged.back().stride = axes[axis].stride;
        } else {
            merged.push_back(axes[axis]);
        }
    }
    std::string text;
    int64_t inner = 1;
    for (size_t axis = merged.size(); axis-- > 0;) {
        const AxisStep& step = merged[axis];
        if (step.stride != 0) {
            std::string part = inner == 1 ? index : index + " / " + std::to_string(inner);
            if (axis > 0) part += " % " + std::to_string(step.extent);
            if (step.stride != 1) part = "(" + part + ") * (" + std::to_string(step.stride) + ")";
            text += (text.empty() ? "" : " + ") + part;
        }
        inner *= step.extent;
    }
    if (offset != 0 || text.empty()) text += (text.empty() ? "" : " + ") + std::to_string(offset);
    return "(" + text + ")";
}

std::string index_text(const View& view, const Shape& item, const std::string& index) {
    std::vector<AxisStep> axes{{1, view.item_stride}};
    for (int axis = 0; axis < item.rank(); ++axis) axes.push_back({item[axis], view.strides[axis]});
    return index_text(axes, view.offset, index);
}

}  // namespace facet::gpu
