// SPDX-License-Identifier: MIT
// Activations, PRelu, binary arithmetic and softmax.
#include <algorithm>
#include <numeric>

#include "engine/backends/cpu/loops/loops.h"
#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

namespace {

using onednn::Candidate;
using onednn::Desc;
using onednn::Dims;

// Row-major extents of `value` with 1s in front up to `rank`.
Dims widened(const ProgramBuilder& builder, ValueId value, size_t rank) {
    Dims extents = builder.extents(value);
    if (extents.size() < rank) extents.insert(extents.begin(), rank - extents.size(), 1);
    return extents;
}

bool commutes(EltwiseParams::Kind kind) {
    using Kind = EltwiseParams::Kind;
    return kind == Kind::kAdd || kind == Kind::kMultiply || kind == Kind::kMaximum ||
           kind == Kind::kMinimum;
}

// oneDNN's binary primitive: the first operand has the result's shape. False if it is not fast.
bool add_binary(ProgramBuilder& builder, const PlannedStep& step, ValueId full, ValueId other) {
    const Node& node = builder.node(step);
    const auto algorithm = onednn::binary_algorithm(std::get<EltwiseParams>(node.params).kind);
    const Dims result = builder.extents(node.outputs[0]);
    if (!algorithm || builder.extents(full) != result || builder.graph().value(full).constant)
        return false;
    onednn::PostOps post_ops;
    for (const Follower& follower : step.followers)
        append_activation(post_ops, builder.graph().nodes[follower.node].params);

    const Location first = builder.floats(full);
    const bool same = builder.extents(other) == result;
    const Desc wanted =
        same ? first.layout : onednn::plain_f32(widened(builder, other, result.size()));
    const Candidate candidate =
        onednn::binary(*algorithm, first.layout, wanted, first.layout, post_ops);
    if (!candidate.is_fast()) return false;
    const Location second = same ? builder.in_layout(other, wanted) : builder.plain(other);
    const BufferId buffer = builder.in_place_or_new(full, first);
    const BandCut cut = cut_elementwise(
        first.layout,
        [=](const Desc& band) {
            return onednn::binary(*algorithm, band, same ? band : wanted, band, post_ops);
        },
        same ? std::vector<int>{DNNL_ARG_SRC_1} : std::vector<int>{});
    const bool per_line = !same && result.size() == 4 && onednn::extents_of(wanted)[2] != 1;
    builder.add_primitive(candidate,
                          {{DNNL_ARG_SRC_0, first.buffer, first.layout},
                           {DNNL_ARG_SRC_1, second.buffer, wanted},
                           {DNNL_ARG_DST, buffer, first.layout}},
                          per_line ? BandCut{} : cut);
    builder.define(result_of(builder, step), {buffer, first.layout});
    return true;
}

void add_loop(ProgramBuilder& builder, const Node& node, BroadcastLoop loop, BufferId left,
              BufferId right, BufferId result) {
    const auto kind = std::get<EltwiseParams>(node.params).kind;
    builder.add_loop({left, right, result},
                     [kind, loop = std::move(loop)](std::span<void* const> at) -> Result<void> {
                         loop.run(kind, static_cast<const float*>(at[0]),
                                  static_cast<const float*>(at[1]), static_cast<float*>(at[2]));
                         return {};
                     });
}

// A single number against every element, in whichever order they lie; oneDNN's primitive takes its
// slow path for that. Padding is ruled out, since it must stay zero.
bool add_scalar(ProgramBuilder& builder, const Node& node) {
    const ValueId value = node.inputs[0];
    const ValueId scalar = node.inputs[1];
    if (builder.shape(scalar).elements() != 1 || builder.graph().value(value).constant ||
        builder.extents(value) != builder.extents(node.outputs[0]))
        return false;
    const Location source = builder.floats(value);
    const int64_t count = builder.shape(value).elements();
    if (source.layout.get_size() != count * sizeof(float)) return false;
    const Location result{builder.in_place_or_new(value, source), source.layout};
    add_loop(builder, node, BroadcastLoop({count}, {count}, {1}), source.buffer,
             builder.plain(scalar).buffer, result.buffer);
    builder.define(node.outputs[0], result);
    return true;
}

// Any numpy broadcast, on row-major floats.
void add_broadcast(ProgramBuilder& builder, const Node& node) {
    const Dims result = builder.extents(node.outputs[0]);
    const Dims left = widened(builder, node.inputs[0], result.size());
    const Dims right = widened(builder, node.inputs[1], result.size());
    const onednn::Desc layout = builder.plain_layout(node.outputs[0]);
    const Location output{builder.allocate(layout.get_size()), layout};
    add_loop(builder, node, BroadcastLoop(result, left, right),
             builder.plain(node.inputs[0]).buffer, builder.plain(node.inputs[1]).buffer,
             output.buffer);
    builder.define(node.outputs[0], output);
}

// PRelu with constant slopes, one or one per channel, in whichever layout the value has.
bool add_slopes(ProgramBuilder& builder, const Node& node, const Location& source) {
    const Tensor* slopes = builder.graph().constant_input(node, 1);
    const auto view = onednn::channel_view(source.layout);
    if (!slopes || slopes->type() != DataType::kF32 || !view) return false;
    const int rank = builder.graph().value(node.inputs[0]).shape.rank();
    const int axis = slopes->shape().rank() - (rank - 1);
    const int64_t count = slopes->shape().elements();
    const bool per_channel = axis >= 0 && axis < slopes->shape().rank() &&
                             slopes->shape()[axis] == count && count == view->channels;
    if (count != 1 && !per_channel) return false;
    const Location result{builder.in_place_or_new(node.inputs[0], source), source.layout};
    builder.add_shared_loop(
        {source.buffer, result.buffer},
        [loop = SlopeLoop(*view, slopes->as<float>())](std::span<void* const> at, Share share) {
            loop.run(static_cast<const float*>(at[0]), static_cast<float*>(at[1]), share);
        });
    builder.define(node.outputs[0], result);
    return true;
}

// Softmax over a short last axis, for which oneDNN's vectors are too long.
void add_short_softmax(ProgramBuilder& builder, const Node& node, int64_t rows, int64_t width) {
    const Location source = builder.plain(node.inputs[0]);
    const BufferId buffer = builder.in_place_or_new(node.inputs[0], source);
    builder.add_shared_loop({source.buffer, buffer}, [loop = SoftmaxLoop(rows, width)](
                                                         std::span<void* const> at, Share share) {
        loop.run(static_cast<const float*>(at[0]), static_cast<float*>(at[1]), share);
    });
    builder.define(node.outputs[0], {buffer, builder.plain_layout(node.outputs[0])});
}

}  // namespace

void append_activation(onednn::PostOps& post_ops, const OpParams& activation) {
    for (const auto& part : onednn::eltwise_parts(std::get<ActivationParams>(activation)))
        post_ops.append(part);
}

ValueId result_of(const ProgramBuilder& builder, const PlannedStep& step) {
    const size_t last = step.followers.empty() ? step.node : step.followers.back().node;
    return builder.graph().nodes[last].outputs[0];
}

Result<void> lower_activation(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto parts = onednn::eltwise_parts(std::get<ActivationParams>(node.params));
    if (parts.empty() || builder.graph().value(node.inputs[0]).type != DataType::kF32)
        return lower_by_reference(builder, step);
    const Location source = builder.floats(node.inputs[0]);
    std::vector<Candidate> candidates;
    for (const auto& part : parts) {
        candidates.push_back(onednn::eltwise(source.layout, part));
        if (!candidates.back()) return lower_by_reference(builder, step);
    }
    const Location result{builder.in_place_or_new(node.inputs[0], source), source.layout};
    BufferId from = source.buffer;
    for (size_t i = 0; i < candidates.size(); ++i) {
        builder.add_primitive(
            candidates[i],
            {{DNNL_ARG_SRC, from, source.layout}, {DNNL_ARG_DST, result.buffer, result.layout}},
            cut_elementwise(source.layout, [part = parts[i]](const Desc& band) {
                return onednn::eltwise(band, part);
            }));
        from = result.buffer;
    }
    builder.define(node.outputs[0], result);
    return {};
}

Result<void> lower_prelu(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const Location source = builder.floats(node.inputs[0]);
    if (add_slopes(builder, node, source)) return {};
    const size_t rank = builder.extents(node.inputs[0]).size();
    const Desc slopes = onednn::plain_f32(widened(builder, node.inputs[1], rank));
    const Candidate candidate = onednn::prelu(source.layout, slopes);
    if (!candidate.is_fast()) return lower_by_reference(builder, step);
    const Location result{builder.in_place_or_new(node.inputs[0], source), source.layout};
    builder.add_primitive(candidate,
                          {{DNNL_ARG_SRC, source.buffer, source.layout},
                           {DNNL_ARG_WEIGHTS, builder.plain(node.inputs[1]).buffer, slopes},
                           {DNNL_ARG_DST, result.buffer, result.layout}});
    builder.define(node.outputs[0], result);
    return {};
}

Result<void> lower_eltwise(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    if (builder.graph().value(node.outputs[0]).type != DataType::kF32)
        return lower_by_reference(builder, step);
    const ValueId left = node.inputs[0];
    const ValueId right = node.inputs[1];
    if (add_scalar(builder, node)) return builder.lower_followers(step);
    if (add_binary(builder, step, left, right)) return {};
    if (commutes(std::get<EltwiseParams>(node.params).kind) &&
        add_binary(builder, step, right, left))
        return {};
    add_broadcast(builder, node);
    return builder.lower_followers(step);
}

Result<void> lower_softmax(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<SoftmaxParams>(node.params);
    if (params.logarithm) return lower_by_reference(builder, step);
    Dims extents = builder.extents(node.inputs[0]);
    auto axis = static_cast<int>(params.axis < 0 ? params.axis + static_cast<int>(extents.size())
                                                 : params.axis);
    if (params.flatten) {
        const auto split = extents.begin() + axis;
        extents = {std::accumulate(extents.begin(), split, int64_t{1}, std::multiplies<>()),
                   std::accumulate(split, extents.end(), int64_t{1}, std::multiplies<>())};
        axis = 1;
    }
    const int64_t width = extents[axis];
    if (axis + 1 == static_cast<int>(extents.size()) && width > 0 &&
        width <= SoftmaxLoop::kWidest) {
        add_short_softmax(builder, node, builder.shape(node.inputs[0]).elements() / width, width);
        return {};
    }
    const Desc layout = onednn::plain_f32(extents);
    const Candidate candidate = onednn::softmax(layout, axis);
    if (!candidate) return lower_by_reference(builder, step);
    const Location source = builder.plain(node.inputs[0]);
    const BufferId buffer = builder.in_place_or_new(node.inputs[0], source);
    builder.add_primitive(candidate,
                          {{DNNL_ARG_SRC, source.buffer, layout}, {DNNL_ARG_DST, buffer, layout}});
    builder.define(node.outputs[0], {buffer, builder.plain_layout(node.outputs[0])});
    return {};
}

}  // namespace facet::cpu
