// SPDX-License-Identifier: MIT
// Range checks of extents that come from a file.
#include "engine/formats/file_shape.h"

#include <algorithm>
#include <string>
#include <vector>

namespace facet {

Result<Shape> shape_from_file(std::span<const int64_t> extents) {
    if (extents.size() > static_cast<size_t>(Shape::kMaxRank)) {
        return Error{ErrorCode::kUnsupported, "shape with " + std::to_string(extents.size()) +
                                                  " axes; supported: up to " +
                                                  std::to_string(Shape::kMaxRank)};
    }
    int64_t elements = 1;
    for (int64_t extent : extents) {
        if (extent < 0)
            return Error{ErrorCode::kCorrupt, "shape with extent " + std::to_string(extent)};
        // An extent of 0 must not hide absurd ones beside it.
        const int64_t factor = extent == 0 ? 1 : extent;
        if (factor > kMaxElements / elements) {
            return Error{ErrorCode::kUnsupported, "shape with more than " +
                                                      std::to_string(kMaxElements) +
                                                      " elements (the most supported)"};
        }
        elements *= factor;
    }
    return Shape(extents);
}

Result<Shape> input_shape_from_file(std::string_view input_name,
                                    std::span<const std::optional<int64_t>> extents,
                                    const std::optional<Extent2>& open_size) {
    const std::string place = "input '" + std::string(input_name) + "'";
    std::vector<int64_t> known;
    std::vector<size_t> open_axes;
    for (size_t axis = 0; axis < extents.size(); ++axis) {
        if (!extents[axis] && axis > 0) open_axes.push_back(axis);
        known.push_back(extents[axis].value_or(1));
    }
    if (open_axes.size() == 2 && open_size) {
        known[open_axes[0]] = (*open_size)[0];
        known[open_axes[1]] = (*open_size)[1];
    } else if (!open_axes.empty()) {
        return Error{ErrorCode::kUnsupported,
                     place + ": axis " + std::to_string(open_axes[0]) +
                         " is dynamic; supported: axis 0, the batch, and height with width when "
                         "the model-info gives them"};
    }
    if (std::ranges::find(known, 0) != known.end())
        return Error{ErrorCode::kUnsupported, place + ": has an extent of 0"};
    auto shape = shape_from_file(known);
    if (!shape) return shape.error().within(place);
    return shape;
}

}  // namespace facet
