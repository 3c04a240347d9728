// SPDX-License-Identifier: MIT
// Dispatches to the rule of an operation and holds the checks all rules share.
#include "engine/graph/shape_inference.h"

#include <algorithm>

#include "engine/graph/op_arity.h"
#include "engine/graph/shape_rules.h"

namespace facet {

namespace shape_rules {

Error corrupt(std::string message) {
    return {ErrorCode::kCorrupt, std::move(message)};
}

Error unsupported(std::string message) {
    return {ErrorCode::kUnsupported, std::move(message)};
}

Result<Shape> checked_shape(std::span<const int64_t> extents) {
    if (extents.size() > Shape::kMaxRank)
        return unsupported("a shape of " + std::to_string(extents.size()) +
                           " axes; supported: up to " + std::to_string(Shape::kMaxRank));
    const Shape shape(extents);
    int64_t elements = 1;
    bool too_large = false;
    for (int64_t extent : extents) {
        if (extent < 0) return corrupt("the shape " + shape.text() + " has a negative extent");
        // An extent of zero must not hide another that would overflow a stride.
        if (extent > kMaxElements) too_large = true;
        if (!too_large && extent > 0 && elements > kMaxElements / extent) too_large = true;
        if (!too_large && extent > 0) elements *= extent;
    }
    if (too_large)
        return unsupported("the shape " + shape.text() +
                           " has too many elements; supported: " + std::to_string(kMaxElements));
    return shape;
}

Outputs one_output(DataType type, std::span<const int64_t> extents) {
    FACET_ASSIGN(const Shape shape, checked_shape(extents));
    return std::vector<TypedShape>{{type, shape}};
}

Outputs one_output(DataType type, const Shape& shape) {
    return one_output(type, shape.extents());
}

Result<void> require_float(const InputInfo& input, std::string_view field) {
    if (input.typed.type == DataType::kF32 || input.typed.type == DataType::kF16) return {};
    return unsupported(std::string(field) + " is " + std::string(to_string(input.typed.type)) +
                       "; supported: f32, f16");
}

Result<void> require_rank(const InputInfo& input, std::string_view field, int rank) {
    if (input.typed.shape.rank() == rank) return {};
    return unsupported(std::string(field) + " has the shape " + input.typed.shape.text() +
                       "; supported: " + std::to_string(rank) + " axes");
}

Result<void> require_at_least(std::span<const int64_t> values, int64_t low,
                              std::string_view field) {
    for (int64_t value : values) {
        if (value < low || value > kMaxElements)
            return unsupported(std::string(field) + "=" + std::to_string(value) + "; supported: " +
                               std::to_string(low) + " to " + std::to_string(kMaxElements));
    }
    return {};
}

Result<std::vector<int64_t>> constant_integers(const InputInfo& input, std::string_view field) {
    if (input.constant == nullptr) return unsupported(std::string(field) + " is not constant");
    const Tensor& tensor = *input.constant;
    if (tensor.shape().rank() > 1)
        return corrupt(std::string(field) + " has the shape " + tensor.shape().text() +
                       "; expected: one axis at most");
    if (tensor.type() == DataType::kI64) {
        const auto elements = tensor.as<int64_t>();
        return std::vector<int64_t>(elements.begin(), elements.end());
    }
    if (tensor.type() == DataType::kI32) {
        const auto elements = tensor.as<int32_t>();
        return std::vector<int64_t>(elements.begin(), elements.end());
    }
    return unsupported(std::string(field) + " is " + std::string(to_string(tensor.type())) +
                       "; supported: i32, i64");
}

bool is_present(Inputs inputs, size_t index) {
    return index < inputs.size() && inputs[index].present;
}

}  // namespace shape_rules

Result<std::vector<TypedShape>> infer_output_shapes(const OpParams& params,
                                                    std::span<const InputInfo> inputs,
                                                    size_t output_count) {
    const OpArity arity = arity_of(params);
    if (inputs.size() < arity.min_inputs || inputs.size() > arity.max_inputs)
        return shape_rules::corrupt("has " + std::to_string(inputs.size()) + " inputs");
    if (output_count < arity.min_outputs || output_count > arity.max_outputs)
        return shape_rules::corrupt("has " + std::to_string(output_count) + " outputs");
    for (size_t i = 0; i < inputs.size(); ++i) {
        if (inputs[i].present) {
            const auto checked = shape_rules::checked_shape(inputs[i].typed.shape.extents());
            if (!checked) return checked.error().within("input " + std::to_string(i));
        } else if (i < arity.min_inputs) {
            return shape_rules::corrupt("input " + std::to_string(i) + " is missing");
        }
    }
    return std::visit([&](const auto& op) { return shape_rules::infer(op, inputs, output_count); },
                      params);
}

template <size_t kAxes>
ResolvedPadsOver<kAxes> resolve_pads(AutoPad mode, Extents<kAxes> begin, Extents<kAxes> end,
                                     Extents<kAxes> extent, Extents<kAxes> kernel,
                                     Extents<kAxes> strides, Extents<kAxes> dilations) {
    if (mode == AutoPad::kExplicit) return {begin, end};
    ResolvedPadsOver<kAxes> pads;
    if (mode == AutoPad::kValid) return pads;
    for (size_t axis = 0; axis < kAxes; ++axis) {
        const int64_t output = (extent[axis] + strides[axis] - 1) / strides[axis];
        const int64_t window = (kernel[axis] - 1) * dilations[axis] + 1;
        const int64_t total =
            std::max<int64_t>((output - 1) * strides[axis] + window - extent[axis], 0);
        const int64_t smaller = total / 2;
        const bool upper = mode == AutoPad::kSameUpper;
        pads.begin[axis] = upper ? smaller : total - smaller;
        pads.end[axis] = total - pads.begin[axis];
    }
    return pads;
}
template ResolvedPadsOver<2> resolve_pads(AutoPad, Extent2, Extent2, Extent2, Extent2, Extent2,
                                          Extent2);
template ResolvedPadsOver<3> resolve_pads(AutoPad, Extent3, Extent3, Extent3, Extent3, Extent3,
                                          Extent3);

template <size_t kAxes>
TransposedWindowOver<kAxes> resolve_transposed(const TransposedConvolutionOver<kAxes>& params,
                                               Extents<kAxes> extent, Extents<kAxes> kernel) {
    TransposedWindowOver<kAxes> window;
    for (size_t axis = 0; axis < kAxes; ++axis) {
        const int64_t full = params.strides[axis] * (extent[axis] - 1) +
                             params.output_padding[axis] +
                             (kernel[axis] - 1) * params.dilations[axis] + 1;
        const bool same =
            params.auto_pad == AutoPad::kSameUpper || params.auto_pad == AutoPad::kSameLower;
        if (!params.output_size && !same) {
            const bool padded = params.auto_pad == AutoPad::kExplicit;
            window.pads_begin[axis] = padded ? params.pads_begin[axis] : 0;
            window.output[axis] =
                full - (padded ? params.pads_begin[axis] + params.pads_end[axis] : 0);
            continue;
        }
        window.output[axis] =
            params.output_size ? (*params.output_size)[axis] : extent[axis] * params.strides[axis];
        const int64_t total = std::max<int64_t>(full - window.output[axis], 0);
        const bool upper = params.auto_pad == AutoPad::kSameUpper;
        window.pads_begin[axis] = upper ? total / 2 : total - total / 2;
    }
    return window;
}
template TransposedWindowOver<2> resolve_transposed(const TransposedConvolutionParams&, Extent2,
                                                    Extent2);
template TransposedWindowOver<3> resolve_transposed(const VolumeTransposedConvolutionParams&,
                                                    Extent3, Extent3);

Result<int> normalize_axis(int64_t axis, int rank) {
    if (axis < -rank || axis >= rank)
        return shape_rules::corrupt("axis=" + std::to_string(axis) + " for " +
                                    std::to_string(rank) + " axes");
    return static_cast<int>(axis < 0 ? axis + rank : axis);
}

Result<Shape> broadcast(const Shape& a, const Shape& b) {
    std::vector<int64_t> extents(std::max(a.rank(), b.rank()));
    const int rank = static_cast<int>(extents.size());
    for (int axis = 0; axis < rank; ++axis) {
        const int axis_a = axis - (rank - a.rank());
        const int axis_b = axis - (rank - b.rank());
        const int64_t extent_a = axis_a < 0 ? 1 : a[axis_a];
        const int64_t extent_b = axis_b < 0 ? 1 : b[axis_b];
        if (extent_a != extent_b && extent_a != 1 && extent_b != 1)
            return shape_rules::corrupt("the shapes " + a.text() + " and " + b.text() +
                                        " do not broadcast");
        extents[axis] = extent_a == 1 ? extent_b : extent_a;
    }
    return shape_rules::checked_shape(extents);
}

}  // namespace facet
