// SPDX-License-Identifier: MIT
// Convolutions: implicit GEMM, the direct kernel for few channels per group, transposed ones; and
// matrix products, which are convolutions of one pixel where their weights are constant.
#include "engine/backends/gpu/chain.h"
#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/lower_window.h"
#include "engine/backends/gpu/lowerings.h"

namespace facet::gpu {

namespace {

// Groups of fewer input channels run on the direct kernel: a tile of the GEMM would be empty.
constexpr int64_t kFewChannels = 4;

struct Convolution {
    Window window;
    int64_t groups = 1, in_channels = 1, out_channels = 1;  // channels per group
};

void define_channels(KernelSpec& spec, const Convolution& convolution) {
    spec.define("IN_CHANNELS", convolution.in_channels);
    spec.define("OUT_CHANNELS", convolution.out_channels);
}

// One work item per result, for both kernels that need no tiles.
void add_direct(ProgramBuilder& builder, const PlannedStep& step, const std::string& file,
                const Convolution& convolution) {
    const Node& node = builder.node(step);
    const ValueId result = builder.result(step);
    const View x = builder.view(node.inputs[0]);
    const View y = builder.allocate(result);
    const Chain chain = Chain(builder, step);
    const Storage storage = builder.target().storage;
    KernelSpec spec{file, {}, {}};
    define_image(spec, x, builder.item(node.inputs[0]));
    define_operand(spec, "W", storage);
    define_result(spec, y.storage);
    define_planes(spec, builder.item(result));
    define_window(spec, convolution.window);
    define_channels(spec, convolution);
    chain.define(spec);
    const auto weights = builder.graph().constant_input(node, 1)->as<float>();
    std::vector<BufferId> arguments{y.buffer, x.buffer, builder.constant(weights, storage)};
    chain.append_arguments(arguments);
    builder.add(linear_step(builder.kernel(spec), std::move(arguments),
                            builder.item(result).elements(), builder.batched(result)));
    builder.define(result, y);
}

// Winograd's kernel knows 3x3 windows that move by single pixels over neighbouring ones.
bool suits_winograd(const Window& window) {
    constexpr Extent2 kOne{1, 1};
    return window.kernel == Extent2{3, 3} && window.strides == kOne && window.dilations == kOne;
}

void add_gemm(ProgramBuilder& builder, const PlannedStep& step, const Convolution& convolution) {
    const Node& node = builder.node(step);
    const ValueId result = builder.result(step);
    const Shape& to = builder.item(result);
    const View x = builder.view(node.inputs[0]);
    const View y = builder.allocate(result);
    const Chain chain = Chain(builder, step);
    const int64_t taps = convolution.window.kernel[0] * convolution.window.kernel[1];
    GemmStep gemm{.size = gemm_size(to[2] * to[3], convolution.out_channels,
                                    convolution.in_channels * taps, convolution.groups),
                  .filter = {builder.graph().constant_input(node, 1)->as<float>(),
                             convolution.in_channels, taps},
                  .out = {to[2], to[3]},
                  .winograd = suits_winograd(convolution.window),
                  .y = y.buffer,
                  .x = x.buffer};
    KernelSpec& spec = gemm.spec;
    spec.define("ITEM_PIXELS", to[2] * to[3]);
    spec.define("CHANNEL(i, channel)", "channel");
    define_image(spec, x, builder.item(node.inputs[0]));
    define_operand(spec, "W", builder.target().storage);
    define_result(spec, y.storage);
    define_planes(spec, to);
    define_window(spec, convolution.window);
    define_channels(spec, convolution);
    chain.define(spec);
    chain.append_arguments(gemm.chain);
    KernelStep action{.batched = builder.batched(result)};
    action.choice = add_gemm_variants(builder, gemm, action);
    builder.add(std::move(action));
    builder.define(result, y);
}

}  // namespace

Result<void> lower_convolution(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<ConvolutionParams>(node.params);
    const Shape& from = builder.item(node.inputs[0]);
    const Shape& filter = builder.item(node.inputs[1]);
    const Extent2 kernel{filter[2], filter[3]};
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {from[2], from[3]},
                     kernel, params.strides, params.dilations);
    const Convolution convolution{{kernel, params.strides, params.dilations, pads.begin},
                                  params.groups,
                                  filter[1],
                                  filter[0] / params.groups};
    const bool whole_image = params.groups == 1 && kernel == Extent2{from[2], from[3]} &&
                             pads.begin == Extent2{0, 0} && pads.end == Extent2{0, 0};
    if (whole_image)
        lower_product(builder, step, {1, filter[0], from.elements() / from[0], true});
    else if (params.groups > 1 && convolution.in_channels <= kFewChannels)
        add_direct(builder, step, "conv_direct", convolution);
    else
        add_gemm(builder, step, convolution);
    return {};
}

Result<void> lower_transposed_convolution(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<TransposedConvolutionParams>(node.params);
    const Shape& from = builder.item(node.inputs[0]);
    const Shape& filter = builder.item(node.inputs[1]);
    const Extent2 kernel{filter[2], filter[3]};
    const auto window = resolve_transposed(params, {from[2], from[3]}, kernel);
    add_direct(builder, step, "conv_transposed",
               {{kernel, params.strides, params.dilations, window.pads_begin},
                params.groups,
                from[1] / params.groups,
                filter[1]});
    return {};
}

}  // namespace facet::gpu
