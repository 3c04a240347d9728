// SPDX-License-Identifier: MIT
// Shape rules of operations that join, part, permute and rename axes.
#include <algorithm>
#include <numeric>

#include "engine/graph/shape_rules.h"

namespace facet::shape_rules {

namespace {

// Which of `rank` axes the constant vector `field` names; each once at most.
Result<std::vector<bool>> named_axes(const InputInfo& input, std::string_view field, int rank) {
    FACET_ASSIGN(const std::vector<int64_t> axes, constant_integers(input, field));
    std::vector<bool> named(rank, false);
    for (int64_t axis : axes) {
        FACET_ASSIGN(const int index, normalize_axis(axis, rank));
        if (named[index])
            return corrupt(std::string(field) + " names axis " + std::to_string(index) + " twice");
        named[index] = true;
    }
    return named;
}

// The sizes of a Split with its one permitted -1 replaced.
Result<std::vector<int64_t>> split_sizes(const InputInfo& input, int64_t extent) {
    FACET_ASSIGN(std::vector<int64_t> sizes, constant_integers(input, "sizes"));
    int64_t sum = 0;
    int64_t* deduced = nullptr;
    for (int64_t& size : sizes) {
        if (size == -1 && deduced == nullptr) {
            deduced = &size;
        } else if (size < 0 || size > extent - sum) {
            return corrupt("sizes do not add up to the extent " + std::to_string(extent));
        } else {
            sum += size;
        }
    }
    if (deduced != nullptr) *deduced = extent - sum;
    return sizes;
}

}  // namespace

Outputs infer(const ConcatParams& params, Inputs inputs, size_t) {
    const TypedShape& first = inputs[0].typed;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, first.shape.rank()));
    Shape output = first.shape;
    for (size_t i = 1; i < inputs.size(); ++i) {
        if (!inputs[i].present) return corrupt("input " + std::to_string(i) + " is missing");
        const TypedShape& part = inputs[i].typed;
        Shape expected = part.shape;
        if (part.shape.rank() == output.rank()) expected[axis] = first.shape[axis];
        if (part.type != first.type || expected != first.shape)
            return corrupt("input " + std::to_string(i) + " is " +
                           std::string(to_string(part.type)) + part.shape.text() +
                           ", which does not join " + std::string(to_string(first.type)) +
                           first.shape.text() + " along axis " + std::to_string(axis));
        output[axis] += part.shape[axis];
    }
    return one_output(first.type, output);
}

Outputs infer(const SplitParams& params, Inputs inputs, size_t output_count) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const int axis, normalize_axis(params.axis, x.rank()));
    const auto count = static_cast<int64_t>(output_count);
    std::vector<int64_t> sizes(output_count, x[axis] / count);
    if (is_present(inputs, 1)) {
        FACET_ASSIGN(sizes, split_sizes(inputs[1], x[axis]));
    }
    if (sizes.size() != output_count ||
        std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) != x[axis])
        return corrupt("an extent of " + std::to_string(x[axis]) + " does not split into " +
                       std::to_string(output_count) + " outputs of these sizes");
    std::vector<TypedShape> outputs(output_count, inputs[0].typed);
    for (size_t i = 0; i < output_count; ++i) outputs[i].shape[axis] = sizes[i];
    return outputs;
}

Outputs infer(const TransposeParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    Shape output = x;
    if (params.order.empty()) {
        for (int axis = 0; axis < x.rank(); ++axis) output[axis] = x[x.rank() - 1 - axis];
        return one_output(inputs[0].typed.type, output);
    }
    if (params.order.size() != static_cast<size_t>(x.rank()))
        return corrupt("order has " + std::to_string(params.order.size()) + " elements for " +
                       std::to_string(x.rank()) + " axes");
    std::array<bool, Shape::kMaxRank> seen{};
    for (int axis = 0; axis < x.rank(); ++axis) {
        const int64_t source = params.order[axis];
        if (source < 0 || source >= x.rank() || seen[source])
            return corrupt("order is not a permutation of " + std::to_string(x.rank()) + " axes");
        seen[source] = true;
        output[axis] = x[static_cast<int>(source)];
    }
    return one_output(inputs[0].typed.type, output);
}

Outputs infer(const ReshapeParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(std::vector<int64_t> target, constant_integers(inputs[1], "target"));
    if (target.size() > Shape::kMaxRank)
        return unsupported("target has " + std::to_string(target.size()) +
                           " elements; supported: up to " + std::to_string(Shape::kMaxRank));
    const std::string asked = Shape(target).text();
    int64_t* deduced = nullptr;
    for (size_t i = 0; i < target.size(); ++i) {
        if (target[i] == 0 && params.zero_copies) {
            if (i >= static_cast<size_t>(x.rank()))
                return corrupt("target " + asked + " copies an axis that x " + x.text() + " lacks");
            target[i] = x[static_cast<int>(i)];
        } else if (target[i] == -1) {
            if (deduced != nullptr) return corrupt("target " + asked + " has two -1");
            deduced = &target[i];
        }
    }
    if (deduced != nullptr) *deduced = 1;
    FACET_ASSIGN(const Shape known, checked_shape(target));
    if (deduced != nullptr) {
        if (known.elements() == 0 || x.elements() % known.elements() != 0)
            return corrupt("target " + asked + " does not divide x " + x.text());
        *deduced = x.elements() / known.elements();
    }
    FACET_ASSIGN(const Shape output, checked_shape(target));
    if (output.elements() != x.elements())
        return corrupt("target " + asked + " holds another number of elements than x " + x.text());
    return one_output(inputs[0].typed.type, output);
}

Outputs infer(const SqueezeParams&, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    std::vector<bool> squeezed(x.rank());
    if (is_present(inputs, 1)) {
        FACET_ASSIGN(squeezed, named_axes(inputs[1], "axes", x.rank()));
    } else {
        for (int axis = 0; axis < x.rank(); ++axis) squeezed[axis] = x[axis] == 1;
    }
    Shape output;
    for (int axis = 0; axis < x.rank(); ++axis) {
        if (!squeezed[axis]) output.append(x[axis]);
        if (squeezed[axis] && x[axis] != 1)
            return corrupt("axes names axis " + std::to_string(axis) + " of x " + x.text() +
                           ", whose extent is not 1");
    }
    return one_output(inputs[0].typed.type, output);
}

Outputs infer(const UnsqueezeParams&, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const std::vector<int64_t> axes, constant_integers(inputs[1], "axes"));
    if (axes.size() + x.rank() > Shape::kMaxRank)
        return unsupported("axes has " + std::to_string(axes.size()) + " elements for x " +
                           x.text() + "; supported: up to " + std::to_string(Shape::kMaxRank) +
                           " axes in all");
    const int rank = x.rank() + static_cast<int>(axes.size());
    FACET_ASSIGN(const std::vector<bool> inserted, named_axes(inputs[1], "axes", rank));
    Shape output;
    int source = 0;
    for (int axis = 0; axis < rank; ++axis) output.append(inserted[axis] ? 1 : x[source++]);
    return one_output(inputs[0].typed.type, output);
}

Outputs infer(const FlattenParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    // Unlike other axes this one may lie behind the last.
    if (params.axis < -x.rank() || params.axis > x.rank())
        return corrupt("axis=" + std::to_string(params.axis) + " for " + std::to_string(x.rank()) +
                       " axes");
    const int64_t axis = params.axis < 0 ? params.axis + x.rank() : params.axis;
    const Shape before(x.extents().first(axis));
    const Shape after(x.extents().subspan(axis));
    return one_output(inputs[0].typed.type, Shape{before.elements(), after.elements()});
}

Outputs infer(const ExpandParams&, Inputs inputs, size_t) {
    FACET_ASSIGN(const std::vector<int64_t> target, constant_integers(inputs[1], "target"));
    FACET_ASSIGN(const Shape wanted, checked_shape(target));
    FACET_ASSIGN(const Shape shape, broadcast(inputs[0].typed.shape, wanted));
    return one_output(inputs[0].typed.type, shape);
}

Outputs infer(const TileParams&, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(std::vector<int64_t> extents, constant_integers(inputs[1], "repeats"));
    if (extents.size() != static_cast<size_t>(x.rank()))
        return corrupt("repeats has " + std::to_string(extents.size()) + " elements for " +
                       std::to_string(x.rank()) + " axes");
    FACET_TRY(require_at_least(extents, 0, "repeats"));
    for (int axis = 0; axis < x.rank(); ++axis) extents[axis] *= x[axis];
    return one_output(inputs[0].typed.type, extents);
}

Outputs infer(const ShapeOfParams&, Inputs inputs, size_t) {
    return one_output(DataType::kI64, Shape{inputs[0].typed.shape.rank()});
}

}  // namespace facet::shape_rules
