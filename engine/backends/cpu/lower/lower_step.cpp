// SPDX-License-Identifier: MIT
// Which lowering serves which operation, and the fallback of all: the reference backend's loops.
#include "engine/backends/cpu/lower/lowerings.h"
#include "engine/backends/cpu/lower/pixel_step.h"
#include "engine/backends/reference/reference_backend.h"

namespace facet::cpu {

namespace {

using Lowering = Result<void> (*)(ProgramBuilder&, const PlannedStep&);

// One row per operation; what has no row here runs on the reference loops.
struct LoweringOf {
    Lowering operator()(const ConvolutionParams&) const { return lower_convolution; }
    Lowering operator()(const TransposedConvolutionParams&) const {
        return lower_transposed_convolution;
    }
    Lowering operator()(const MatMulParams&) const { return lower_matmul; }
    Lowering operator()(const PoolingParams&) const { return lower_pooling; }
    Lowering operator()(const ReduceParams&) const { return lower_reduce; }
    Lowering operator()(const ActivationParams&) const { return lower_activation; }
    Lowering operator()(const PReluParams&) const { return lower_prelu; }
    Lowering operator()(const EltwiseParams&) const { return lower_eltwise; }
    Lowering operator()(const SoftmaxParams&) const { return lower_softmax; }
    Lowering operator()(const FakeQuantizeParams&) const { return lower_fake_quantize; }
    Lowering operator()(const ConvertParams&) const { return lower_convert; }
    Lowering operator()(const TransposeParams&) const { return lower_transpose; }
    Lowering operator()(const ReshapeParams&) const { return lower_view; }
    Lowering operator()(const SqueezeParams&) const { return lower_view; }
    Lowering operator()(const UnsqueezeParams&) const { return lower_view; }
    Lowering operator()(const FlattenParams&) const { return lower_view; }
    Lowering operator()(const IdentityParams&) const { return lower_view; }
    Lowering operator()(const ConcatParams&) const { return lower_concat; }
    Lowering operator()(const SplitParams&) const { return lower_cut; }
    Lowering operator()(const SliceParams&) const { return lower_cut; }
    Lowering operator()(const StridedSliceParams&) const { return lower_cut; }
    Lowering operator()(const ResizeParams&) const { return lower_resize; }
    Lowering operator()(const DetectionOutputParams&) const { return lower_detection_output; }
    Lowering operator()(const auto&) const { return lower_by_reference; }
};

}  // namespace

Result<void> lower_step(ProgramBuilder& builder, const PlannedStep& step) {
    if (step.integer) return lower_integer_step(builder, step);
    if (step.pixels) return lower_pixels(builder, step);
    if (builder.grid(builder.node(step).outputs[0])) return lower_to_bytes(builder, step);
    return std::visit(LoweringOf{}, builder.node(step).params)(builder, step);
}

Result<void> lower_by_reference(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    std::vector<BufferId> buffers;
    std::vector<TensorView> inputs;
    std::vector<MutableTensorView> outputs;
    for (const ValueId id : node.inputs) {
        if (id == kNoValue) {
            inputs.push_back({});
            continue;
        }
        inputs.push_back({builder.graph().value(id).type, builder.shape(id), nullptr});
        buffers.push_back(builder.plain(id).buffer);
    }
    const size_t present_inputs = buffers.size();
    for (const ValueId id : node.outputs) {
        outputs.push_back({builder.graph().value(id).type, builder.shape(id), nullptr});
        buffers.push_back(builder.allocate(outputs.back().byte_size()));
    }
    const std::vector<BufferId> results(buffers.begin() + present_inputs, buffers.end());
    builder.add_loop(std::move(buffers), [&node, inputs, outputs](std::span<void* const> at) {
        auto bound_inputs = inputs;
        auto bound_outputs = outputs;
        size_t next = 0;
        for (size_t i = 0; i < bound_inputs.size(); ++i)
            if (node.inputs[i] != kNoValue) bound_inputs[i].bytes = at[next++];
        for (MutableTensorView& output : bound_outputs) output.bytes = at[next++];
        return reference::run(node.params, bound_inputs, bound_outputs);
    });
    builder.count_reference_step();
    for (size_t i = 0; i < node.outputs.size(); ++i)
        builder.define(node.outputs[i], {results[i], builder.plain_layout(node.outputs[i])});
    return builder.lower_followers(step);
}

}  // namespace facet::cpu
