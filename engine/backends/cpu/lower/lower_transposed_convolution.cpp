// SPDX-License-Identifier: MIT
// Transposed convolution by oneDNN's deconvolution.
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Candidate;
using onednn::Desc;
using onednn::Dims;

// The file's [C, O/groups, kH, kW] seen as oneDNN's [groups,] O/groups, C/groups, kH, kW.
Desc weights_layout(const Dims& file, int64_t groups) {
    if (groups == 1) return onednn::permuted(onednn::plain_f32(file), {1, 0, 2, 3});
    const Desc grouped = onednn::plain_f32({groups, file[0] / groups, file[1], file[2], file[3]});
    return onednn::permuted(grouped, {0, 2, 1, 3, 4});
}

// Empty where the result reaches beyond what the padding cuts off, which output_padding brings.
std::optional<onednn::ConvolutionRequest> describe(const ProgramBuilder& builder,
                                                   const Node& node) {
    const auto& params = std::get<TransposedConvolutionParams>(node.params);
    const Dims source = builder.extents(node.inputs[0]);
    const Dims kernel = builder.extents(node.inputs[1]);
    const Dims result = builder.extents(node.outputs[0]);
    const Extent2 begin =
        resolve_transposed(params, {source[2], source[3]}, {kernel[2], kernel[3]}).pads_begin;
    onednn::ConvolutionRequest request;
    for (int axis = 0; axis < 2; ++axis) {
        const int64_t full = params.strides[axis] * (source[axis + 2] - 1) +
                             (kernel[axis + 2] - 1) * params.dilations[axis] + 1;
        const int64_t end = full - result[axis + 2] - begin[axis];
        if (end < 0) return {};
        request.pads_begin.push_back(begin[axis]);
        request.pads_end.push_back(end);
    }
    request.source = onednn::any_f32(source);
    request.destination = onednn::any_f32(result);
    request.strides = {params.strides[0], params.strides[1]};
    request.dilations = {params.dilations[0], params.dilations[1]};
    if (node.inputs.size() > 2 && node.inputs[2] != kNoValue)
        request.bias = onednn::plain_f32({result[1]});
    return request;
}

}  // namespace

Result<void> lower_transposed_convolution(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Tensor* weights = builder.graph().constant_input(node, 1);
    auto request = describe(builder, node);
    if (weights == nullptr || !request) return lower_by_reference(builder, step);
    const Desc layout = weights_layout(builder.extents(node.inputs[1]),
                                       std::get<TransposedConvolutionParams>(node.params).groups);
    // Weights as another batch size packed them already, where that works as well.
    const auto packed_before = builder.packing().preferred(node.inputs[1]);
    Candidate candidate;
    if (packed_before) {
        request->weights = *packed_before;
        candidate = onednn::deconvolution(*request);
    }
    if (!candidate) {
        request->weights = onednn::any_f32(onednn::extents_of(layout));
        candidate = onednn::deconvolution(*request);
    }
    if (!candidate) return lower_by_reference(builder, step);

    const Location source = builder.in_layout(node.inputs[0], candidate.source());
    const Desc packed_layout = candidate.weights();
    const void* packed =
        builder.packing().pack(node.inputs[1], weights->view().bytes, layout, packed_layout);
    const Location result{builder.allocate(candidate.destination().get_size()),
                          candidate.destination()};
    std::vector<Argument> arguments{
        {DNNL_ARG_SRC, source.buffer, source.layout},
        {DNNL_ARG_WEIGHTS, builder.constant(packed, packed_layout.get_size()), packed_layout},
        {DNNL_ARG_DST, result.buffer, result.layout}};
    if (node.inputs.size() > 2 && node.inputs[2] != kNoValue) {
        const Location bias = builder.primary(node.inputs[2]);
        arguments.push_back({DNNL_ARG_BIAS, bias.buffer, bias.layout});
    }
    builder.add_primitive(candidate, std::move(arguments));
    builder.define(node.outputs[0], result);
    return {};
}

}  // namespace facet::cpu
