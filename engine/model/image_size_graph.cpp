// SPDX-License-Identifier: MIT
// The input's new shape, and the comparison of constants.
#include "engine/model/image_size_graph.h"

#include <cstring>
#include <map>
#include <vector>

namespace facet {

namespace {

bool is_channels(int64_t extent) {
    return extent == 1 || extent == 3;
}

bool is_image(const Shape& shape) {
    return shape.rank() == 4 && (is_channels(shape[1]) || is_channels(shape[3]));
}

}  // namespace

Result<void> set_image_size(Graph& graph, ImageSize size) {
    ValueId image = kNoValue;
    std::string inputs;
    for (const ValueId id : graph.inputs) {
        const Value& value = graph.value(id);
        inputs += (inputs.empty() ? "'" : ", '") + value.name + "' " + value.shape.text();
        if (!is_image(value.shape)) continue;
        if (image != kNoValue) {
            image = kNoValue;
            break;
        }
        image = id;
    }
    if (image == kNoValue)
        return Error{
            ErrorCode::kUnsupported,
            "inputs " + inputs + "; supported: one image, [1,C,H,W] or [1,H,W,C] with C = 1 or 3"};
    Shape& shape = graph.value(image).shape;
    const int height_axis = is_channels(shape[1]) ? 2 : 1;
    shape[height_axis] = size.height;
    shape[height_axis + 1] = size.width;
    return {};
}

void share_constants(Graph& graph, const Graph& holder) {
    std::multimap<size_t, const Tensor*> held;  // by bytes
    for (const Value& value : holder.values)
        if (value.constant) held.emplace(value.constant->view().byte_size(), &*value.constant);
    for (Value& value : graph.values) {
        if (!value.constant) continue;
        const TensorView view = value.constant->view();
        const auto [begin, end] = held.equal_range(view.byte_size());
        for (auto candidate = begin; candidate != end; ++candidate) {
            const Tensor& tensor = *candidate->second;
            if (tensor.type() != view.type || !(tensor.shape() == view.shape) ||
                std::memcmp(tensor.view().bytes, view.bytes, view.byte_size()) != 0)
                continue;
            value.constant = tensor;
            break;
        }
    }
}

}  // namespace facet
