// SPDX-License-Identifier: MIT
// Which lowering serves which operation, and what all of them share.
#include "engine/backends/gpu/lowerings.h"

namespace facet::gpu {

namespace {

using Lowering = Result<void> (*)(ProgramBuilder&, const PlannedStep&);

// One row per operation; what plan.h lets on the device and has no row here moves elements.
struct LoweringOf {
    Lowering operator()(const ConvolutionParams&) const { return lower_convolution; }
    Lowering operator()(const TransposedConvolutionParams&) const {
        return lower_transposed_convolution;
    }
    Lowering operator()(const MatMulParams&) const { return lower_matmul; }
    Lowering operator()(const PoolingParams&) const { return lower_pooling; }
    Lowering operator()(const ReduceParams&) const { return lower_reduce; }
    Lowering operator()(const SoftmaxParams&) const { return lower_softmax; }
    Lowering operator()(const LocalResponseNormParams&) const { return lower_local_response_norm; }
    Lowering operator()(const InstanceNormParams&) const { return lower_instance_norm; }
    Lowering operator()(const ActivationParams&) const { return lower_element_wise; }
    Lowering operator()(const PReluParams&) const { return lower_element_wise; }
    Lowering operator()(const EltwiseParams&) const { return lower_element_wise; }
    Lowering operator()(const BatchNormParams&) const { return lower_element_wise; }
    Lowering operator()(const FakeQuantizeParams&) const { return lower_element_wise; }
    Lowering operator()(const ConvertParams&) const { return lower_convert; }
    Lowering operator()(const ConcatParams&) const { return lower_concat; }
    Lowering operator()(const ResizeParams&) const { return lower_resize; }
    Lowering operator()(const auto&) const { return lower_moved; }
};

}  // namespace

Result<void> lower_step(ProgramBuilder& builder, const PlannedStep& step) {
    if (!step.host_reason.empty()) return lower_on_host(builder, step);
    return std::visit(LoweringOf{}, builder.node(step).params)(builder, step);
}

Result<void> lower_on_host(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    HostStep action{.node = step.node};
    for (const ValueId id : node.inputs) {
        const bool read = id != kNoValue && !builder.graph().value(id).constant;
        action.inputs.push_back(read ? builder.on_host(id) : HostStep::kNoHost);
    }
    for (const ValueId id : node.outputs) action.outputs.push_back(builder.allocate_host(id));
    for (size_t i = 0; i < node.outputs.size(); ++i)
        builder.define_host(node.outputs[i], action.outputs[i]);
    builder.add(std::move(action));
    return {};
}

opencl::WorkSize linear_work(int64_t items) {
    const size_t groups = (static_cast<size_t>(items) + kGroup - 1) / kGroup;
    return {{groups * kGroup, 1, 1}, {kGroup, 1, 1}};
}

KernelStep linear_step(std::string kernel, std::vector<BufferId> arguments, int64_t items,
                       bool batched) {
    const auto work = [items](int rows) { return linear_work(items * rows); };
    return {{{std::move(kernel), std::move(arguments), work}}, {}, batched};
}

void define_operand(KernelSpec& spec, const std::string& prefix, Storage storage) {
    spec.define(prefix + "_TYPE", std::string(type_name(storage)));
    spec.define(prefix + "_LOAD", "LOAD_" + std::string(macro_suffix(storage)));
    spec.define(prefix + "_BITS", "BITS_" + std::string(macro_suffix(storage)));
}

void define_result(KernelSpec& spec, Storage storage) {
    spec.define("Y_TYPE", std::string(type_name(storage)));
    spec.define("Y_STORE", "STORE_" + std::string(macro_suffix(storage)));
}

std::string channel_text(const Shape& item, const std::string& index) {
    if (item.rank() < 2) return "0";
    int64_t inner = 1;
    for (int axis = 2; axis < item.rank(); ++axis) inner *= item[axis];
    return "(" + index + " / " + std::to_string(inner) + " % " + std::to_string(item[1]) + ")";
}

}  // namespace facet::gpu
