// SPDX-License-Identifier: MIT
// Matrix products: with a constant second factor as inner products, else in general.
#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

namespace {

using onednn::Candidate;
using onednn::Desc;
using onednn::Dims;

// Rows of length K against N columns, whatever the leading axes are.
struct Product {
    int64_t rows = 0, inner = 0, columns = 0;
};

const Follower* bias_of(const PlannedStep& step) {
    if (step.followers.empty()) return nullptr;
    const Follower& first = step.followers.front();
    return first.kind == Follower::Kind::kBias ? &first : nullptr;
}

Product product_of(const ProgramBuilder& builder, const Node& node) {
    const Dims factor = builder.extents(node.inputs[1]);
    const bool transposed = std::get<MatMulParams>(node.params).transpose_b;
    Product product;
    product.inner = factor[transposed ? 1 : 0];
    product.columns = factor[transposed ? 0 : 1];
    product.rows = builder.shape(node.inputs[0]).elements() / product.inner;
    return product;
}

Candidate choose(ProgramBuilder& builder, const PlannedStep& step, const Product& product) {
    const Node& node = builder.node(step);
    onednn::PostOps post_ops;
    for (const Follower& follower : step.followers)
        if (follower.kind == Follower::Kind::kActivation)
            append_activation(post_ops, builder.graph().nodes[follower.node].params);
    const Desc source = onednn::plain_f32({product.rows, product.inner});
    const Desc result = onednn::plain_f32({product.rows, product.columns});
    const Desc bias = bias_of(step) ? onednn::plain_f32({product.columns}) : Desc();
    if (const auto packed = builder.packing().preferred(node.inputs[1])) {
        auto candidate = onednn::inner_product(source, *packed, bias, result, post_ops);
        if (candidate.is_fast()) return candidate;
    }
    return onednn::inner_product(source, onednn::any_f32({product.columns, product.inner}), bias,
                                 result, post_ops);
}

Result<void> lower_inner_product(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Product product = product_of(builder, node);
    const Candidate candidate = choose(builder, step, product);
    if (!candidate) return lower_by_reference(builder, step);

    const bool transposed = std::get<MatMulParams>(node.params).transpose_b;
    const Desc stored =
        transposed ? onednn::plain_f32({product.columns, product.inner})
                   : onednn::permuted(onednn::plain_f32({product.inner, product.columns}), {1, 0});
    const Location source = builder.plain(node.inputs[0]);
    const Desc layout = candidate.weights();
    const void* elements = builder.graph().value(node.inputs[1]).constant->view().bytes;
    const void* packed = builder.packing().pack(node.inputs[1], elements, stored, layout);
    const ValueId result = result_of(builder, step);
    const BufferId buffer = builder.allocate(candidate.destination().get_size());

    std::vector<Argument> arguments{
        {DNNL_ARG_SRC, source.buffer, candidate.source()},
        {DNNL_ARG_WEIGHTS, builder.constant(packed, layout.get_size()), layout},
        {DNNL_ARG_DST, buffer, candidate.destination()}};
    if (const Follower* bias = bias_of(step))
        arguments.push_back({DNNL_ARG_BIAS, builder.primary(bias->other).buffer,
                             onednn::plain_f32({product.columns})});
    builder.add_primitive(candidate, std::move(arguments));
    builder.define(result, {buffer, builder.plain_layout(result)});
    return {};
}

// The row-major matrix stack with its last two axes swapped if asked, and 1s in front up to `rank`.
Desc factor_layout(const ProgramBuilder& builder, ValueId value, bool transposed, size_t rank) {
    Dims extents = builder.extents(value);
    extents.insert(extents.begin(), rank - extents.size(), 1);
    const Desc layout = onednn::plain_f32(extents);
    if (!transposed) return layout;
    std::vector<int64_t> order(rank);
    for (size_t axis = 0; axis < rank; ++axis) order[axis] = static_cast<int64_t>(axis);
    std::swap(order[rank - 1], order[rank - 2]);
    return onednn::permuted(layout, order);
}

Result<void> lower_general(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<MatMulParams>(node.params);
    const size_t rank = builder.extents(node.outputs[0]).size();
    const auto fits = [&](ValueId id) {
        const int factor_rank = builder.graph().value(id).shape.rank();
        return factor_rank >= 2 && static_cast<size_t>(factor_rank) <= rank;
    };
    if (!fits(node.inputs[0]) || !fits(node.inputs[1])) return lower_by_reference(builder, step);
    const Desc left = factor_layout(builder, node.inputs[0], params.transpose_a, rank);
    const Desc right = factor_layout(builder, node.inputs[1], params.transpose_b, rank);
    const Desc result = builder.plain_layout(node.outputs[0]);
    const Candidate candidate = onednn::matmul(left, right, result);
    if (!candidate) return lower_by_reference(builder, step);

    const BufferId buffer = builder.allocate(result.get_size());
    builder.add_primitive(candidate,
                          {{DNNL_ARG_SRC, builder.plain(node.inputs[0]).buffer, left},
                           {DNNL_ARG_WEIGHTS, builder.plain(node.inputs[1]).buffer, right},
                           {DNNL_ARG_DST, buffer, result}});
    builder.define(node.outputs[0], {buffer, result});
    return builder.lower_followers(step);
}

}  // namespace

Result<void> lower_matmul(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<MatMulParams>(node.params);
    const bool constant = builder.graph().constant_input(node, 1) != nullptr;
    if (constant && !params.transpose_a &&
        builder.graph().value(node.inputs[1]).shape.rank() == 2 &&
        builder.graph().value(node.inputs[0]).shape.rank() >= 1)
        return lower_inner_product(builder, step);
    return lower_general(builder, step);
}

}  // namespace facet::cpu
