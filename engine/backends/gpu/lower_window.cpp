// SPDX-License-Identifier: MIT
// Pooling and resizing, and the geometry that they share with convolutions.
#include "engine/backends/gpu/lower_window.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/backends/gpu/chain.h"
#include "engine/backends/gpu/lowerings.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet::gpu {

void define_image(KernelSpec& spec, const View& x, const Shape& item) {
    define_operand(spec, "X", x.storage);
    spec.define("X_OFFSET", x.offset);
    spec.define("X_ITEM", x.item_stride);
    spec.define("X_CHANNEL", x.strides[1]);
    spec.define("X_ROW", x.strides[2]);
    spec.define("X_COLUMN", x.strides[3]);
    spec.define("IN_H", item[2]);
    spec.define("IN_W", item[3]);
}

void define_planes(KernelSpec& spec, const Shape& item) {
    spec.define("CHANNELS", item[1]);
    spec.define("OUT_W", item[3]);
    spec.define("OUT_PIXELS", item[2] * item[3]);
    spec.define("Y_ITEM", item[1] * item[2] * item[3]);
}

void define_window(KernelSpec& spec, const Window& window) {
    spec.define("KERNEL_H", window.kernel[0]);
    spec.define("KERNEL_W", window.kernel[1]);
    spec.define("STRIDE_H", window.strides[0]);
    spec.define("STRIDE_W", window.strides[1]);
    spec.define("DILATION_H", window.dilations[0]);
    spec.define("DILATION_W", window.dilations[1]);
    spec.define("PAD_TOP", window.pads[0]);
    spec.define("PAD_LEFT", window.pads[1]);
}

Result<void> lower_pooling(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<PoolingParams>(node.params);
    const ValueId result = builder.result(step);
    const Shape& from = builder.item(node.inputs[0]);
    const Shape& to = builder.item(result);
    const View x = builder.view(node.inputs[0]);
    const View y = builder.allocate(result);
    const Chain chain(builder, step);
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {from[2], from[3]},
                     params.kernel, params.strides, params.dilations);
    KernelSpec spec{"pool", {}, {}};
    define_image(spec, x, from);
    define_result(spec, y.storage);
    define_planes(spec, to);
    define_window(spec, {params.kernel, params.strides, params.dilations, pads.begin});
    spec.define("END_H", from[2] + pads.end[0]);
    spec.define("END_W", from[3] + pads.end[1]);
    spec.define("MAXIMUM", params.kind == PoolingParams::Kind::kMax);
    spec.define("COUNT_PADDING", params.count_include_pad);
    chain.define(spec);
    std::vector<BufferId> arguments{y.buffer, x.buffer};
    chain.append_arguments(arguments);
    builder.add(linear_step(builder.kernel(spec), std::move(arguments), to.elements(),
                            builder.batched(result)));
    builder.define(result, y);
    return {};
}

namespace {

// What the reference loops make of a ramp says where each element of the result comes from: row
// `axis` of a plane whose values are its row numbers, resized alone.
Result<Tensor> resized_ramp(const ProgramBuilder& builder, const Node& node, int axis) {
    const Shape& from = builder.item(node.inputs[0]);
    const Shape& to = builder.item(node.outputs[0]);
    Shape ramp_shape{1, 1, axis == 2 ? from[2] : 1, axis == 3 ? from[3] : 1};
    Tensor ramp = Tensor::allocate(DataType::kF32, ramp_shape);
    const auto values = ramp.mutable_view().as<float>();
    std::iota(values.begin(), values.end(), 0.0f);
    const Shape result_shape{1, 1, axis == 2 ? to[2] : 1, axis == 3 ? to[3] : 1};
    Tensor result = Tensor::allocate(DataType::kF32, result_shape);
    Tensor target = *builder.graph().constant_input(node, 1);
    if (std::get<ResizeParams>(node.params).by_scales) {
        const auto scales = target.as<float>();
        std::array<float, 4> own{1, 1, 1, 1};
        own[axis] = scales[axis];
        target = Tensor::of<float>({4}, std::span<const float>(own));
    }
    const std::array inputs{ramp.view(), target.view()};
    const std::array outputs{result.mutable_view()};
    FACET_TRY(reference::run(node.params, inputs, outputs));
    return result;
}

struct ResizeTables {
    std::vector<int32_t> lower;  // of rows, then of columns
    std::vector<float> shares;
};

Result<ResizeTables> resize_tables(const ProgramBuilder& builder, const Node& node) {
    ResizeTables tables;
    for (const int axis : {2, 3}) {
        FACET_ASSIGN(const Tensor positions, resized_ramp(builder, node, axis));
        for (const float position : positions.as<float>()) {
            tables.lower.push_back(static_cast<int32_t>(position));
            tables.shares.push_back(position - std::floor(position));
        }
    }
    return tables;
}

}  // namespace

Result<void> lower_resize(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const ValueId result = builder.result(step);
    const Shape& from = builder.item(node.inputs[0]);
    const Shape& to = builder.item(result);
    FACET_ASSIGN(const ResizeTables tables, resize_tables(builder, node));
    const View x = builder.dense(node.inputs[0]);
    const View y = builder.allocate(result);
    const Chain chain(builder, step);
    KernelSpec spec{"resize_linear", {}, {}};
    define_operand(spec, "X", x.storage);
    define_result(spec, y.storage);
    spec.define("IN_H", from[2]);
    spec.define("IN_W", from[3]);
    spec.define("OUT_H", to[2]);
    spec.define("OUT_W", to[3]);
    spec.define("ITEM_ELEMENTS", to.elements());
    spec.define("CHANNEL(i)", channel_text(to, "i"));
    chain.define(spec);
    std::vector<BufferId> arguments{y.buffer, x.buffer, builder.constant(tables.lower),
                                    builder.constant(tables.shares, Storage::kF32)};
    chain.append_arguments(arguments);
    builder.add(linear_step(builder.kernel(spec), std::move(arguments), to.elements(),
                            builder.batched(result)));
    builder.define(result, y);
    return {};
}

}  // namespace facet::gpu
