// SPDX-License-Identifier: MIT
// Shape rules of arithmetic: element by element, matrix products, reductions.
#include <algorithm>

#include "engine/graph/shape_rules.h"

namespace facet::shape_rules {

namespace {

// `field` must broadcast to x without enlarging it.
Result<void> require_broadcast_to(const InputInfo& input, std::string_view field, const Shape& x) {
    FACET_TRY(require_float(input, field));
    const auto joined = broadcast(x, input.typed.shape);
    if (joined && *joined == x) return {};
    return corrupt(std::string(field) + " of shape " + input.typed.shape.text() +
                   " does not broadcast to x " + x.text());
}

// One scale for all of x or one per index of `axis`, and zero points of the same number.
Result<void> check_scales(Inputs inputs, int64_t axis) {
    FACET_TRY(require_float(inputs[1], "scale"));
    const Shape& x = inputs[0].typed.shape;
    const Shape& scale = inputs[1].typed.shape;
    if (scale.rank() > 1)
        return unsupported("scale has the shape " + scale.text() + "; supported: one axis at most");
    if (scale.elements() != 1) {
        FACET_ASSIGN(const int index, normalize_axis(axis, x.rank()));
        if (scale[0] != x[index])
            return corrupt("scale has the shape " + scale.text() + " for axis " +
                           std::to_string(index) + " of x " + x.text());
    }
    if (is_present(inputs, 2) && inputs[2].typed.shape.elements() != scale.elements())
        return corrupt("the zero point has the shape " + inputs[2].typed.shape.text() +
                       " and scale " + scale.text());
    return {};
}

}  // namespace

Outputs infer(const MatMulParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "a"));
    FACET_TRY(require_float(inputs[1], "b"));
    const Shape& a = inputs[0].typed.shape;
    const Shape& b = inputs[1].typed.shape;
    if (a.rank() < 2 || b.rank() < 2)
        return unsupported("a " + a.text() + " and b " + b.text() +
                           "; supported: two axes or more");
    const int64_t rows = a[a.rank() - (params.transpose_a ? 1 : 2)];
    const int64_t inner_a = a[a.rank() - (params.transpose_a ? 2 : 1)];
    const int64_t inner_b = b[b.rank() - (params.transpose_b ? 1 : 2)];
    const int64_t columns = b[b.rank() - (params.transpose_b ? 2 : 1)];
    if (inner_a != inner_b)
        return corrupt("a " + a.text() + " and b " + b.text() + " disagree on the inner extent");
    FACET_ASSIGN(const Shape leading, broadcast(Shape(a.extents().first(a.rank() - 2)),
                                                Shape(b.extents().first(b.rank() - 2))));
    std::vector<int64_t> extents(leading.extents().begin(), leading.extents().end());
    extents.push_back(rows);
    extents.push_back(columns);
    return one_output(inputs[0].typed.type, extents);
}

Outputs infer(const BatchNormParams&, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    const Shape& x = inputs[0].typed.shape;
    if (x.rank() < 2)
        return unsupported("x has the shape " + x.text() + "; supported: two axes or more");
    static constexpr std::string_view kFields[] = {"x", "scale", "bias", "mean", "variance"};
    for (size_t i = 1; i < inputs.size(); ++i) {
        FACET_TRY(require_float(inputs[i], kFields[i]));
        if (inputs[i].typed.shape != Shape{x[1]})
            return corrupt(std::string(kFields[i]) + " has the shape " +
                           inputs[i].typed.shape.text() + "; expected: [" + std::to_string(x[1]) +
                           "]");
    }
    return one_output(inputs[0].typed.type, x);
}

Outputs infer(const LocalResponseNormParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_at_least({&params.size, 1}, 1, "size"));
    const Shape& x = inputs[0].typed.shape;
    if (x.rank() < 2)
        return unsupported("x has the shape " + x.text() + "; supported: two axes or more");
    return one_output(inputs[0].typed.type, x);
}

Outputs infer(const InstanceNormParams&, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    const Shape& x = inputs[0].typed.shape;
    if (x.rank() < 3)
        return unsupported("x has the shape " + x.text() + "; supported: three axes or more");
    static constexpr std::string_view kFields[] = {"x", "scale", "bias"};
    for (size_t i = 1; i < inputs.size(); ++i) {
        FACET_TRY(require_float(inputs[i], kFields[i]));
        if (inputs[i].typed.shape != Shape{x[1]})
            return corrupt(std::string(kFields[i]) + " has the shape " +
                           inputs[i].typed.shape.text() + "; expected: [" + std::to_string(x[1]) +
                           "]");
    }
    return one_output(inputs[0].typed.type, x);
}

Outputs infer(const CompareParams& params, Inputs inputs, size_t) {
    const DataType type = inputs[0].typed.type;
    const bool logical = params.kind == CompareParams::Kind::kAnd ||
                         params.kind == CompareParams::Kind::kOr ||
                         params.kind == CompareParams::Kind::kXor;
    if (type != inputs[1].typed.type || (logical && type != DataType::kBool))
        return unsupported("a is " + std::string(to_string(type)) + " and b is " +
                           std::string(to_string(inputs[1].typed.type)) +
                           "; supported: " + (logical ? "bool" : "both of one type"));
    FACET_ASSIGN(const Shape shape, broadcast(inputs[0].typed.shape, inputs[1].typed.shape));
    return one_output(DataType::kBool, shape);
}

Outputs infer(const SelectParams&, Inputs inputs, size_t) {
    const DataType type = inputs[1].typed.type;
    if (inputs[0].typed.type != DataType::kBool || type != inputs[2].typed.type)
        return unsupported("operands of types " + std::string(to_string(inputs[0].typed.type)) +
                           ", " + std::string(to_string(type)) + " and " +
                           std::string(to_string(inputs[2].typed.type)) +
                           "; supported: bool and two of one type");
    FACET_ASSIGN(const Shape both, broadcast(inputs[1].typed.shape, inputs[2].typed.shape));
    FACET_ASSIGN(const Shape shape, broadcast(inputs[0].typed.shape, both));
    return one_output(type, shape);
}

// The functions that stay within the integers are computed there as well.
Outputs infer(const ActivationParams& params, Inputs inputs, size_t) {
    using Kind = ActivationParams::Kind;
    const DataType type = inputs[0].typed.type;
    const bool bytes = type == DataType::kI8 || type == DataType::kU8;
    const bool integers = type == DataType::kI32 || type == DataType::kI64 || type == DataType::kI8;
    const bool exact = (bytes && params.kind == Kind::kClip) ||
                       (integers && (params.kind == Kind::kNegate || params.kind == Kind::kAbs));
    if (!exact) FACET_TRY(require_float(inputs[0], "x"));
    return one_output(inputs[0].typed.type, inputs[0].typed.shape);
}

Outputs infer(const PReluParams&, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_broadcast_to(inputs[1], "slope", inputs[0].typed.shape));
    return one_output(inputs[0].typed.type, inputs[0].typed.shape);
}

Outputs infer(const EltwiseParams&, Inputs inputs, size_t) {
    const DataType type = inputs[0].typed.type;
    if (type != inputs[1].typed.type)
        return unsupported("a is " + std::string(to_string(type)) + " and b is " +
                           std::string(to_string(inputs[1].typed.type)) +
                           "; supported: both of one type");
    if (type == DataType::kBool)
        return unsupported("a is bool; supported: f32, f16, i8, u8, i32, i64");
    FACET_ASSIGN(const Shape shape, broadcast(inputs[0].typed.shape, inputs[1].typed.shape));
    return one_output(type, shape);
}

Outputs infer(const ReduceParams& params, Inputs inputs, size_t) {
    const DataType type = inputs[0].typed.type;
    if (type != DataType::kI32 && type != DataType::kI64 && !require_float(inputs[0], "x"))
        return unsupported("x is " + std::string(to_string(type)) +
                           "; supported: f32, f16, i32, i64");
    const Shape& x = inputs[0].typed.shape;
    std::array<bool, Shape::kMaxRank> reduced{};
    if (params.spatial) {
        if (x.rank() < 3)
            return unsupported("x has the shape " + x.text() + "; supported: three axes or more");
        std::fill(reduced.begin() + 2, reduced.end(), true);
    } else if (params.axes.empty()) {
        reduced.fill(true);
    }
    for (int64_t axis : params.axes) {
        FACET_ASSIGN(const int index, normalize_axis(axis, x.rank()));
        if (reduced[index]) return corrupt("axes names axis " + std::to_string(index) + " twice");
        reduced[index] = true;
    }
    Shape output;
    for (int axis = 0; axis < x.rank(); ++axis) {
        if (reduced[axis] && x[axis] == 0)
            return corrupt("axis " + std::to_string(axis) + " is empty and cannot be reduced");
        if (!reduced[axis]) output.append(x[axis]);
        if (reduced[axis] && params.keep_axes) output.append(1);
    }
    return one_output(type, output);
}

Outputs infer(const SoftmaxParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    const Shape& x = inputs[0].typed.shape;
    FACET_TRY(normalize_axis(params.axis, x.rank()));
    return one_output(inputs[0].typed.type, x);
}

Outputs infer(const ConvertParams& params, Inputs inputs, size_t) {
    return one_output(params.to, inputs[0].typed.shape);
}

Outputs infer(const IdentityParams&, Inputs inputs, size_t) {
    return one_output(inputs[0].typed.type, inputs[0].typed.shape);
}

Outputs infer(const FakeQuantizeParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_at_least({&params.levels, 1}, 2, "levels"));
    static constexpr std::string_view kFields[] = {"x", "input_low", "input_high", "output_low",
                                                   "output_high"};
    for (size_t i = 1; i < inputs.size(); ++i)
        FACET_TRY(require_broadcast_to(inputs[i], kFields[i], inputs[0].typed.shape));
    return one_output(inputs[0].typed.type, inputs[0].typed.shape);
}

Outputs infer(const QuantizeLinearParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(check_scales(inputs, params.axis));
    const DataType type = is_present(inputs, 2) ? inputs[2].typed.type : DataType::kU8;
    if (type != DataType::kU8 && type != DataType::kI8)
        return unsupported("the zero point is " + std::string(to_string(type)) +
                           "; supported: u8, i8");
    return one_output(type, inputs[0].typed.shape);
}

Outputs infer(const DequantizeLinearParams& params, Inputs inputs, size_t) {
    const DataType type = inputs[0].typed.type;
    if (type != DataType::kU8 && type != DataType::kI8 && type != DataType::kI32)
        return unsupported("x is " + std::string(to_string(type)) + "; supported: u8, i8, i32");
    if (is_present(inputs, 2) && inputs[2].typed.type != type)
        return corrupt("x is " + std::string(to_string(type)) + " and the zero point " +
                       std::string(to_string(inputs[2].typed.type)));
    FACET_TRY(check_scales(inputs, params.axis));
    return one_output(DataType::kF32, inputs[0].typed.shape);
}

}  // namespace facet::shape_rules
