// SPDX-License-Identifier: MIT
// Reference gathers whose indices are of every element (GatherElements) or of places (GatherND).
#include <cstring>
#include <string>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

// An index counted from the back made positive; kCorrupt outside the extent.
Result<int64_t> place_of(int64_t index, int64_t extent) {
    const int64_t place = index < 0 ? index + extent : index;
    if (place >= 0 && place < extent) return place;
    return Error{ErrorCode::kCorrupt, "index " + std::to_string(index) +
                                          " lies outside an extent of " + std::to_string(extent)};
}

void copy_block(const TensorView& from, int64_t from_block, const MutableTensorView& to,
                int64_t to_block, size_t bytes) {
    std::memcpy(static_cast<std::byte*>(to.bytes) + static_cast<size_t>(to_block) * bytes,
                static_cast<const std::byte*>(from.bytes) + static_cast<size_t>(from_block) * bytes,
                bytes);
}

}  // namespace

Result<void> run_op(const GatherElementsParams& params, Inputs inputs, Outputs outputs) {
    const Shape& x = inputs[0].shape;
    const Shape& y = outputs[0].shape;
    FACET_ASSIGN(const int along, normalize_axis(params.axis, x.rank()));
    FACET_ASSIGN(const auto indices, read_integers(inputs[1], "indices"));
    for (int64_t element = 0; element < y.elements(); ++element) {
        int64_t rest = element, source = 0, step = 1;
        for (int axis = x.rank(); axis-- > 0; rest /= y[axis], step *= x[axis]) {
            int64_t place = rest % y[axis];
            if (axis == along) {
                FACET_ASSIGN(place, place_of(indices[element], x[axis]));
            }
            source += place * step;
        }
        copy_block(inputs[0], source, outputs[0], element, size_of(inputs[0].type));
    }
    return {};
}

Result<void> run_op(const GatherNdParams& params, Inputs inputs, Outputs outputs) {
    const Shape& x = inputs[0].shape;
    const Shape& shape = inputs[1].shape;
    FACET_ASSIGN(const auto indices, read_integers(inputs[1], "indices"));
    const auto batch = static_cast<int>(params.batch_axes);
    const auto picked = static_cast<int>(shape[shape.rank() - 1]);
    const int64_t places = product(shape, 0, shape.rank() - 1);
    const int64_t places_per_batch = product(shape, batch, shape.rank() - 1);
    const size_t bytes = product(x, batch + picked, x.rank()) * size_of(inputs[0].type);
    for (int64_t place = 0; place < places; ++place) {
        int64_t source = places_per_batch > 0 ? place / places_per_batch : 0;
        for (int i = 0; i < picked; ++i) {
            const int64_t extent = x[batch + i];
            FACET_ASSIGN(const int64_t at, place_of(indices[place * picked + i], extent));
            source = source * extent + at;
        }
        copy_block(inputs[0], source, outputs[0], place, bytes);
    }
    return {};
}

}  // namespace facet::reference
