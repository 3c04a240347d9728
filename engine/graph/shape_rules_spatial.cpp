// SPDX-License-Identifier: MIT
// Shape rules of operations that slide or stretch over height and width.
#include <algorithm>
#include <cmath>

#include "engine/graph/shape_rules.h"

namespace facet::shape_rules {

namespace {

template <size_t kAxes>
struct Window {
    Extents<kAxes> kernel{}, strides{}, dilations{}, pads_begin{}, pads_end{};
    AutoPad auto_pad = AutoPad::kExplicit;
    bool ceil_mode = false;
};

// The extents behind batch and channels. Precondition: the shape has so many axes.
template <size_t kAxes>
Extents<kAxes> spatial(const Shape& shape) {
    Extents<kAxes> extents;
    std::ranges::copy(shape.extents().subspan(2), extents.begin());
    return extents;
}

template <size_t kAxes>
Shape image_shape(int64_t rows, int64_t channels, const Extents<kAxes>& extents) {
    Shape shape{rows, channels};
    for (const int64_t extent : extents) shape.append(extent);
    return shape;
}

template <size_t kAxes>
Result<void> check_window(const Window<kAxes>& window) {
    FACET_TRY(require_at_least(window.kernel, 1, "kernel"));
    FACET_TRY(require_at_least(window.strides, 1, "strides"));
    FACET_TRY(require_at_least(window.dilations, 1, "dilations"));
    FACET_TRY(require_at_least(window.pads_begin, 0, "pads_begin"));
    return require_at_least(window.pads_end, 0, "pads_end");
}

Result<void> check_block(int64_t block) {
    constexpr int64_t kMostBlock = 1 << 12;
    if (block >= 1 && block <= kMostBlock) return {};
    return unsupported("block=" + std::to_string(block) + "; supported: 1 to " +
                       std::to_string(kMostBlock));
}

template <size_t kAxes>
Result<Extents<kAxes>> slide(const Window<kAxes>& window, Extents<kAxes> extent) {
    FACET_TRY(check_window(window));
    const auto pads = resolve_pads(window.auto_pad, window.pads_begin, window.pads_end, extent,
                                   window.kernel, window.strides, window.dilations);
    Extents<kAxes> output{};
    for (size_t axis = 0; axis < kAxes; ++axis) {
        const int64_t covered = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
        const int64_t room = extent[axis] + pads.begin[axis] + pads.end[axis] - covered;
        if (extent[axis] < 1 || room < 0)
            return corrupt("a window of " + std::to_string(covered) +
                           " does not fit an extent of " + std::to_string(extent[axis]) +
                           " with its padding");
        const int64_t stride = window.strides[axis];
        output[axis] = (window.ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
        // Rounding up may place a last window that begins behind the input: it does not count.
        if (window.ceil_mode && (output[axis] - 1) * stride >= extent[axis] + pads.begin[axis])
            --output[axis];
    }
    return output;
}

}  // namespace

template <size_t kAxes>
Outputs infer(const ConvolutionOver<kAxes>& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_float(inputs[1], "weights"));
    FACET_TRY(require_rank(inputs[0], "x", kAxes + 2));
    FACET_TRY(require_rank(inputs[1], "weights", kAxes + 2));
    const Shape& x = inputs[0].typed.shape;
    const Shape& weights = inputs[1].typed.shape;
    FACET_TRY(require_at_least({&params.groups, 1}, 1, "groups"));
    if (weights[1] == 0 || x[1] % params.groups != 0 || x[1] / params.groups != weights[1] ||
        weights[0] % params.groups != 0)
        return corrupt("weights " + weights.text() + " do not fit x " + x.text() + " in " +
                       std::to_string(params.groups) + " groups");
    if (is_present(inputs, 2)) {
        FACET_TRY(require_float(inputs[2], "bias"));
        if (inputs[2].typed.shape != Shape{weights[0]})
            return corrupt("bias has the shape " + inputs[2].typed.shape.text() + "; expected: [" +
                           std::to_string(weights[0]) + "]");
    }
    const Window<kAxes> window{spatial<kAxes>(weights), params.strides,  params.dilations,
                               params.pads_begin,       params.pads_end, params.auto_pad};
    FACET_ASSIGN(const Extents<kAxes> output, slide(window, spatial<kAxes>(x)));
    return one_output(inputs[0].typed.type, image_shape(x[0], weights[0], output));
}
template Outputs infer(const ConvolutionParams&, Inputs, size_t);
template Outputs infer(const VolumeConvolutionParams&, Inputs, size_t);

template <size_t kAxes>
Outputs infer(const TransposedConvolutionOver<kAxes>& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_float(inputs[1], "weights"));
    FACET_TRY(require_rank(inputs[0], "x", kAxes + 2));
    FACET_TRY(require_rank(inputs[1], "weights", kAxes + 2));
    const Shape& x = inputs[0].typed.shape;
    const Shape& weights = inputs[1].typed.shape;
    FACET_TRY(require_at_least({&params.groups, 1}, 1, "groups"));
    if (weights[0] != x[1] || x[1] % params.groups != 0)
        return corrupt("weights " + weights.text() + " do not fit x " + x.text() + " in " +
                       std::to_string(params.groups) + " groups");
    FACET_TRY(check_window(Window<kAxes>{spatial<kAxes>(weights), params.strides, params.dilations,
                                         params.pads_begin, params.pads_end, params.auto_pad}));
    FACET_TRY(require_at_least(params.output_padding, 0, "output_padding"));
    FACET_TRY(require_at_least(x.extents().subspan(2), 1, "an extent of x"));
    const int64_t channels = weights[1] * params.groups;
    if (is_present(inputs, 2)) {
        FACET_TRY(require_float(inputs[2], "bias"));
        if (inputs[2].typed.shape != Shape{channels})
            return corrupt("bias has the shape " + inputs[2].typed.shape.text() + "; expected: [" +
                           std::to_string(channels) + "]");
    }
    const auto window = resolve_transposed(params, spatial<kAxes>(x), spatial<kAxes>(weights));
    FACET_TRY(require_at_least(window.output, 1, "an extent of the output"));
    return one_output(inputs[0].typed.type, image_shape(x[0], channels, window.output));
}
template Outputs infer(const TransposedConvolutionParams&, Inputs, size_t);
template Outputs infer(const VolumeTransposedConvolutionParams&, Inputs, size_t);

Outputs infer(const DepthToSpaceParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_rank(inputs[0], "x", 4));
    FACET_TRY(check_block(params.block));
    const Shape& x = inputs[0].typed.shape;
    const int64_t area = params.block * params.block;
    if (x[1] % area != 0)
        return corrupt("block=" + std::to_string(params.block) + " does not divide x " + x.text());
    return one_output(inputs[0].typed.type,
                      Shape{x[0], x[1] / area, x[2] * params.block, x[3] * params.block});
}

Outputs infer(const SpaceToDepthParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_rank(inputs[0], "x", 4));
    FACET_TRY(check_block(params.block));
    const Shape& x = inputs[0].typed.shape;
    if (x[2] % params.block != 0 || x[3] % params.block != 0)
        return corrupt("block=" + std::to_string(params.block) + " does not divide x " + x.text());
    return one_output(inputs[0].typed.type, Shape{x[0], x[1] * params.block * params.block,
                                                  x[2] / params.block, x[3] / params.block});
}

template <size_t kAxes>
Outputs infer(const PoolingOver<kAxes>& params, Inputs inputs, size_t) {
    const DataType type = inputs[0].typed.type;
    const bool bytes = type == DataType::kI8 || type == DataType::kU8;
    if (!bytes || params.kind == PoolingKind::kAverage) FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_rank(inputs[0], "x", kAxes + 2));
    const Shape& x = inputs[0].typed.shape;
    const Window<kAxes> window{params.kernel,     params.strides,  params.dilations,
                               params.pads_begin, params.pads_end, params.auto_pad,
                               params.ceil_mode};
    FACET_ASSIGN(const Extents<kAxes> output, slide(window, spatial<kAxes>(x)));
    for (size_t axis = 0; axis < kAxes; ++axis) {
        const int64_t covered = (params.kernel[axis] - 1) * params.dilations[axis] + 1;
        if (params.pads_begin[axis] >= covered || params.pads_end[axis] >= covered)
            return unsupported("pads reach the kernel's extent of " + std::to_string(covered) +
                               "; supported: pads smaller than the kernel");
    }
    const bool indices = params.kind == PoolingKind::kMaxIndex;
    return one_output(indices ? DataType::kI64 : type, image_shape(x[0], x[1], output));
}
template Outputs infer(const PoolingParams&, Inputs, size_t);
template Outputs infer(const VolumePoolingParams&, Inputs, size_t);

Outputs infer(const PadParams& params, Inputs inputs, size_t) {
    const Shape& x = inputs[0].typed.shape;
    FACET_ASSIGN(const std::vector<int64_t> pads, constant_integers(inputs[1], "pads"));
    if (pads.size() != 2 * static_cast<size_t>(x.rank()))
        return corrupt("pads has " + std::to_string(pads.size()) + " elements for " +
                       std::to_string(x.rank()) + " axes");
    FACET_TRY(require_at_least(pads, 0, "pads"));
    if (is_present(inputs, 2)) {
        if (inputs[2].constant == nullptr) return unsupported("value is not constant");
        if (inputs[2].typed.type != inputs[0].typed.type || inputs[2].typed.shape.elements() != 1)
            return corrupt("value is not one " + std::string(to_string(inputs[0].typed.type)));
    }
    Shape output = x;
    for (int axis = 0; axis < x.rank(); ++axis) {
        const int64_t begin = pads[axis];
        const int64_t end = pads[axis + x.rank()];
        const int64_t most = std::max(begin, end);
        if (params.mode == PadParams::Mode::kReflect && most > 0 && most >= x[axis])
            return corrupt("pads=" + std::to_string(most) + " reflects beyond an extent of " +
                           std::to_string(x[axis]));
        if (params.mode == PadParams::Mode::kSymmetric && most > x[axis])
            return corrupt("pads=" + std::to_string(most) + " reflects beyond an extent of " +
                           std::to_string(x[axis]));
        if (params.mode != PadParams::Mode::kConstant && most > 0 && x[axis] == 0)
            return corrupt("pads repeats the edge of an empty axis");
        output[axis] = begin + x[axis] + end;
    }
    return one_output(inputs[0].typed.type, output);
}

namespace {

Result<void> check_region(const std::vector<float>& region) {
    if (region.size() != 8)
        return corrupt("the region has " + std::to_string(region.size()) + " numbers; expected: 8");
    if (region[0] != 0 || region[1] != 0 || region[4] != 1 || region[5] != 1)
        return unsupported("a region that cuts rows or channels; supported: height and width");
    return {};
}

}  // namespace

Outputs infer(const ResizeParams& params, Inputs inputs, size_t) {
    FACET_TRY(require_float(inputs[0], "x"));
    FACET_TRY(require_rank(inputs[0], "x", 4));
    const Shape& x = inputs[0].typed.shape;
    if (x.elements() == 0) return corrupt("x is empty");
    const bool crops = params.coordinates == ResizeParams::Coordinates::kCropAndResize;
    if (crops) FACET_TRY(check_region(params.region));
    std::vector<int64_t> sizes;
    if (!params.by_scales) {
        FACET_ASSIGN(sizes, constant_integers(inputs[1], "sizes"));
    } else {
        const Tensor* scales = inputs[1].constant;
        if (scales == nullptr) return unsupported("scales is not constant");
        if (scales->type() != DataType::kF32 || scales->shape() != Shape{4})
            return unsupported("scales is " + std::string(to_string(scales->type())) +
                               scales->shape().text() + "; supported: f32[4]");
        for (int axis = 0; axis < 4; ++axis) {
            float scale = scales->as<float>()[axis];
            if (crops) scale *= params.region[axis + 4] - params.region[axis];
            const double size = std::floor(static_cast<double>(x[axis]) * scale);
            // Written so that a NaN fails as well.
            if (!(size >= 1.0 && size <= static_cast<double>(kMaxElements)))
                return corrupt("scales=" + std::to_string(scale) + " for an extent of " +
                               std::to_string(x[axis]));
            sizes.push_back(static_cast<int64_t>(size));
        }
    }
    if (sizes.size() != 4)
        return corrupt("sizes has " + std::to_string(sizes.size()) + " elements; expected: 4");
    FACET_TRY(require_at_least(sizes, 1, "sizes"));
    return one_output(inputs[0].typed.type, sizes);
}

}  // namespace facet::shape_rules
