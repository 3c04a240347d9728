// SPDX-License-Identifier: MIT
// Convolutions, with what follows them fused where oneDNN has fast code for the whole.
#include "engine/backends/cpu/lower/gathered_step.h"
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/backends/cpu/lower/separable_step.h"
#include "engine/backends/cpu/lower/winograd_step.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Candidate;
using onednn::Desc;
using onednn::Dims;
using onednn::PostOps;

Dims dims(const Extent2& extents) {
    return {extents[0], extents[1]};
}

struct Weights {
    ValueId value = kNoValue;
    const void* elements = nullptr;
    Desc layout;  // row-major, with the group axis oneDNN wants
};

Weights weights_of(const ProgramBuilder& builder, const Node& node, int64_t groups) {
    const ValueId value = node.inputs[1];
    Dims extents = builder.extents(value);
    if (groups > 1) {
        extents[0] /= groups;
        extents.insert(extents.begin(), groups);
    }
    return {value, builder.graph().value(value).constant->view().bytes, onednn::plain_f32(extents)};
}

onednn::ConvolutionRequest describe(const ProgramBuilder& builder, const Node& node) {
    const auto& params = std::get<ConvolutionParams>(node.params);
    const Dims source = builder.extents(node.inputs[0]);
    const Dims kernel = builder.extents(node.inputs[1]);
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {source[2], source[3]},
                     {kernel[2], kernel[3]}, params.strides, params.dilations);
    onednn::ConvolutionRequest request;
    request.source = onednn::any_f32(source);
    request.destination = onednn::any_f32(builder.extents(node.outputs[0]));
    if (node.inputs.size() > 2 && node.inputs[2] != kNoValue)
        request.bias = onednn::plain_f32({kernel[0]});
    request.strides = dims(params.strides);
    request.dilations = dims(params.dilations);
    request.pads_begin = dims(pads.begin);
    request.pads_end = dims(pads.end);
    return request;
}

// A primitive for the node, and whether it covers the followers.
struct Choice {
    Candidate candidate;
    onednn::ConvolutionRequest request;
    PostOps post_ops;
    std::vector<Argument> arguments;  // of the followers
    bool fused = false;
};

// Post-operations in the followers' order, and the constants they read.
Choice with_followers(ProgramBuilder& builder, const PlannedStep& step) {
    Choice choice;
    choice.fused = true;
    for (const Follower& follower : step.followers) {
        if (follower.kind == Follower::Kind::kResidual) {
            choice.post_ops.append_sum();
        } else if (follower.kind == Follower::Kind::kPRelu) {
            const int64_t count = builder.graph().value(follower.other).shape.elements();
            const int name = choice.post_ops.append_prelu(count > 1);
            choice.arguments.push_back(
                {name, builder.primary(follower.other).buffer, onednn::plain_f32({count})});
        } else {
            append_activation(choice.post_ops, builder.graph().nodes[follower.node].params);
        }
    }
    return choice;
}

// Fast code for everything, else for the convolution alone; weights as packed already where that
// is as good, so that every batch size shares them.
Choice choose(ProgramBuilder& builder, const PlannedStep& step, const Weights& weights) {
    onednn::ConvolutionRequest request = describe(builder, builder.node(step));
    std::vector<Desc> layouts;
    if (const auto packed = builder.packing().preferred(weights.value)) layouts.push_back(*packed);
    if (step.bf16) request.source = onednn::any_bf16(onednn::extents_of(request.source));
    const Dims kernel = onednn::extents_of(weights.layout);
    layouts.push_back(step.bf16 ? onednn::any_bf16(kernel) : onednn::any_f32(kernel));

    Choice slow;
    for (const bool fused : {true, false}) {
        Choice choice = fused ? with_followers(builder, step) : Choice{};
        for (const Desc& layout : layouts) {
            request.weights = layout;
            choice.request = request;
            choice.candidate = onednn::convolution(request, choice.post_ops);
            if (choice.candidate.is_fast()) return choice;
            if (choice.candidate && !slow.candidate) slow = choice;
        }
    }
    return slow;
}

const Follower* residual_of(const PlannedStep& step) {
    for (const Follower& follower : step.followers)
        if (follower.kind == Follower::Kind::kResidual) return &follower;
    return nullptr;
}

// The buffer of the result; with a fused residual it holds the other summand when the step runs.
BufferId destination(ProgramBuilder& builder, const PlannedStep& step, const Choice& choice) {
    const Desc layout = choice.candidate.destination();
    const Follower* residual = choice.fused ? residual_of(step) : nullptr;
    if (!residual) return builder.allocate(layout.get_size());
    const Location summand = builder.floats(residual->other);
    if (summand.layout == layout && builder.may_overwrite(residual->other, summand.buffer))
        return summand.buffer;
    const BufferId buffer = builder.allocate(layout.get_size());
    builder.add_reorder(summand, {buffer, layout});
    return buffer;
}

}  // namespace

Result<void> lower_convolution(ProgramBuilder& builder, const PlannedStep& step) {
    if (!step.producers.empty()) return lower_separable(builder, step);
    if (step.gathered) return lower_gathered(builder, step);
    if (step.winograd_tile != 0) return lower_winograd(builder, step);
    const Node& node = builder.node(step);
    if (!builder.graph().constant_input(node, 1)) return lower_by_reference(builder, step);
    const auto& params = std::get<ConvolutionParams>(node.params);
    const Weights weights = weights_of(builder, node, params.groups);
    const Choice choice = choose(builder, step, weights);
    if (!choice.candidate) return lower_by_reference(builder, step);

    const Location source = builder.in_layout(node.inputs[0], choice.candidate.source());
    const Desc packed_layout = choice.candidate.weights();
    const void* packed =
        builder.packing().pack(weights.value, weights.elements, weights.layout, packed_layout);
    const BufferId packed_buffer = builder.constant(packed, packed_layout.get_size());
    const Location result{destination(builder, step, choice), choice.candidate.destination()};

    std::vector<Argument> arguments = choice.arguments;
    arguments.push_back({DNNL_ARG_SRC, source.buffer, source.layout});
    arguments.push_back({DNNL_ARG_WEIGHTS, packed_buffer, packed_layout});
    arguments.push_back({DNNL_ARG_DST, result.buffer, result.layout});
    if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
        const Location bias = builder.primary(node.inputs[2]);
        arguments.push_back({DNNL_ARG_BIAS, bias.buffer, bias.layout});
    }
    onednn::ConvolutionRequest request = choice.request;
    request.source = source.layout;
    request.weights = packed_layout;
    request.destination = result.layout;
    builder.add_primitive(
        choice.candidate, std::move(arguments),
        cut_convolution(std::move(request), choice.post_ops,
                        {.implementation = std::string(choice.candidate.implementation())}));
    if (choice.fused) {
        builder.define(result_of(builder, step), result);
        return {};
    }
    builder.define(node.outputs[0], result);
    return builder.lower_followers(step);
}

}  // namespace facet::cpu
