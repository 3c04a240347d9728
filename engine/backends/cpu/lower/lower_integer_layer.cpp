// SPDX-License-Identifier: MIT
// Quantised convolutions and inner products as products of bytes, what follows fused.
#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "engine/backends/cpu/lower/integer_layer.h"
#include "engine/backends/cpu/lower/lower_integer.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Candidate;
using onednn::Desc;
using onednn::Dims;
using Kind = ChainLink::Kind;

// What Packing::keep() holds of a layer; the operands of later links come from kOperands on.
enum Slot { kBias = kFirstFreeSlot, kScales, kZeroPoint, kOperands };

Tensor floats_of(const std::vector<float>& numbers) {
    return Tensor::of<float>(Shape{static_cast<int64_t>(numbers.size())}, numbers);
}

// Attributes and arguments that turn sums into what is stored.
class Tail {
  public:
    Tail(ProgramBuilder& builder, const IntegerLayer& layer) : builder_(builder), layer_(layer) {
        requantization.source_zero_point = layer.source->zero_point;
        if (onednn::kScalesInCode)
            scale_in_code();
        else
            scale_by_operands();
        for (size_t i = 1; i < layer.chain.size(); ++i) append(layer.chain[i]);
    }

    onednn::Requantization requantization;
    onednn::PostOps post_ops;
    Desc bias;  // empty: none
    std::vector<Argument> arguments;
    const ChainLink* sum = nullptr;

  private:
    // Version 2 multiplies the sum plus bias.
    void scale_in_code() {
        const ChainLink& affine = layer_.chain[0];
        requantization.scales = affine.scale;
        // A channel scaled by nothing is its shift alone.
        constexpr float kNearlyNothing = 1e-30f;
        for (float& scale : requantization.scales)
            if (scale == 0) scale = kNearlyNothing;
        if (std::ranges::all_of(affine.shift, [](float shift) { return shift == 0; })) return;
        const Tensor& kept = builder_.packing().keep(layer_.result, kBias, [&] {
            std::vector<float> unscaled = affine.shift;
            for (size_t i = 0; i < unscaled.size(); ++i) unscaled[i] /= requantization.scales[i];
            return floats_of(unscaled);
        });
        bias = onednn::plain_f32({layer_.channels});
        add_constant(DNNL_ARG_BIAS, kept, bias);
    }

    void scale_by_operands() {
        append_operand(dnnl::algorithm::binary_mul, layer_.chain[0].scale);
        append_operand(dnnl::algorithm::binary_add, layer_.chain[0].shift);
        if (layer_.source->zero_point == 0) return;
        const Tensor& kept = builder_.packing().keep(layer_.result, kZeroPoint, [&] {
            const int32_t zero_point = layer_.source->zero_point;
            return Tensor::of<int32_t>(Shape{1}, {&zero_point, 1});
        });
        add_constant(DNNL_ARG_ATTR_ZERO_POINTS | DNNL_ARG_SRC, kept,
                     onednn::plain(DataType::kI32, Shape{1}));
    }

    void append(const ChainLink& link) {
        using dnnl::algorithm;
        switch (link.kind) {
            case Kind::kAffine:
                append_affine(link);
                return;
            case Kind::kClip:
                if (link.low == 0 && link.high > FLT_MAX)
                    post_ops.append({algorithm::eltwise_relu});
                else
                    post_ops.append({algorithm::eltwise_clip, std::max(link.low, -FLT_MAX),
                                     std::min(link.high, FLT_MAX)});
                return;
            case Kind::kRound:
                post_ops.append({algorithm::eltwise_round});
                return;
            case Kind::kEltwise:
                post_ops.append(link.part);
                return;
            case Kind::kSum:
                sum = &link;
                post_ops.append_sum(link.scale[0], builder_.grid(link.summand)->type);
                return;
        }
    }

    void append_affine(const ChainLink& link) {
        if (link.scale.size() == 1 && link.shift.size() == 1) {
            post_ops.append({dnnl::algorithm::eltwise_linear, link.scale[0], link.shift[0]});
            return;
        }
        append_operand(dnnl::algorithm::binary_mul, link.scale);
        append_operand(dnnl::algorithm::binary_add, link.shift);
    }

    void append_operand(dnnl::algorithm kind, std::vector<float> numbers) {
        if (numbers.size() == 1) numbers.assign(layer_.channels, numbers[0]);
        const int name = post_ops.append_per_channel(kind, layer_.channels, layer_.rank);
        const Tensor& kept = builder_.packing().keep(layer_.result, kOperands + operands_++,
                                                     [&] { return floats_of(numbers); });
        Dims extents(layer_.rank, 1);
        extents[1] = layer_.channels;
        add_constant(name, kept, onednn::plain_f32(extents));
    }

    void add_constant(int name, const Tensor& kept, const Desc& layout) {
        const TensorView view = kept.view();
        arguments.push_back({name, builder_.constant(view.bytes, view.byte_size()), layout});
    }

    ProgramBuilder& builder_;
    const IntegerLayer& layer_;
    int operands_ = 0;
};

Dims dims(const Extent2& extents) {
    return {extents[0], extents[1]};
}

// Row-major with the group axis oneDNN wants; output channels first.
Desc stored_weights(const ProgramBuilder& builder, const IntegerLayer& layer) {
    const Shape& shape = builder.graph().value(layer.node->inputs[1]).shape;
    const Desc layout = onednn::plain(DataType::kI8, shape);
    if (const auto* product = std::get_if<MatMulParams>(&layer.node->params))
        return product->transpose_b ? layout : onednn::permuted(layout, {1, 0});
    const int64_t groups = std::get<ConvolutionParams>(layer.node->params).groups;
    if (groups == 1) return layout;
    return onednn::plain(DataType::kI8,
                         Shape{groups, shape[0] / groups, shape[1], shape[2], shape[3]});
}

// The value's extents at another batch size.
Dims extents_at(const ProgramBuilder& builder, ValueId value, int rows) {
    Dims extents = builder.extents(value);
    if (builder.graph().value(value).batched) extents[0] = extents[0] / builder.rows() * rows;
    return extents;
}

struct Layouts {
    Desc source, weights, result;
};

onednn::ConvolutionRequest convolution_of(const ProgramBuilder& builder, const IntegerLayer& layer,
                                          const Tail& tail, const Layouts& layouts) {
    const auto& params = std::get<ConvolutionParams>(layer.node->params);
    const Dims source = builder.extents(layer.node->inputs[0]);
    const Dims kernel = builder.extents(layer.node->inputs[1]);
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {source[2], source[3]},
                     {kernel[2], kernel[3]}, params.strides, params.dilations);
    return {layouts.source,       layouts.weights,        tail.bias,        layouts.result,
            dims(params.strides), dims(params.dilations), dims(pads.begin), dims(pads.end)};
}

// Bands of one image, for a team's threads.
BandCut cut_of(const ProgramBuilder& builder, const IntegerLayer& layer, const Tail& tail,
               const Layouts& layouts, std::string_view implementation) {
    if (std::holds_alternative<MatMulParams>(layer.node->params)) return {};
    onednn::Requantization requantization = tail.requantization;
    requantization.implementation = implementation;
    return cut_convolution(convolution_of(builder, layer, tail, layouts), tail.post_ops,
                           requantization);
}

Candidate request(const ProgramBuilder& builder, const IntegerLayer& layer, const Tail& tail,
                  const Desc& weights, int rows, const std::string& implementation) {
    onednn::Requantization requantization = tail.requantization;
    requantization.implementation = implementation;
    const Dims source = extents_at(builder, layer.node->inputs[0], rows);
    const Desc source_layout = onednn::channels_last(layer.source->type, source);
    const Desc result = onednn::channels_last(layer.stored ? layer.stored->type : DataType::kF32,
                                              extents_at(builder, layer.result, rows));
    if (std::holds_alternative<MatMulParams>(layer.node->params))
        return onednn::inner_product(source_layout, weights, tail.bias, result, tail.post_ops,
                                     requantization);
    return onednn::convolution(
        convolution_of(builder, layer, tail, {source_layout, weights, result}), tail.post_ops,
        requantization);
}

// The code of the first batch size serves all, with the same packed weights: rows are then the same
// to the last bit. So the first to be asked for takes code that a single row has, too.
Candidate choose(ProgramBuilder& builder, const IntegerLayer& layer, const Tail& tail,
                 const Desc& stored) {
    const Desc any = onednn::any(DataType::kI8, onednn::extents_of(stored));
    const int rows = builder.rows();
    const std::string chosen = builder.packing().implementation(layer.result);
    if (!chosen.empty()) {
        if (const auto packed = builder.packing().preferred(layer.node->inputs[1])) {
            Candidate candidate = request(builder, layer, tail, *packed, rows, chosen);
            if (candidate) return candidate;
        }
        Candidate candidate = request(builder, layer, tail, any, rows, chosen);
        return candidate ? candidate : request(builder, layer, tail, any, rows, {});
    }
    Candidate candidate = request(builder, layer, tail, any, rows, {});
    for (const int other : {1, std::max(rows / 2, 1)}) {
        const std::string name(candidate ? candidate.implementation() : std::string_view());
        if (name.empty() || request(builder, layer, tail, any, other, name)) continue;
        const Candidate probe = request(builder, layer, tail, any, other, {});
        const std::string shared(probe ? probe.implementation() : std::string_view("none"));
        candidate = request(builder, layer, tail, any, rows, shared);
    }
    return candidate;
}

// With a fused sum the buffer holds the other summand when the step runs.
BufferId destination(ProgramBuilder& builder, const Tail& tail, const Desc& layout) {
    if (!tail.sum) return builder.allocate(layout.get_size());
    const ValueId value = tail.sum->summand;
    const Desc summand_layout =
        onednn::channels_last(builder.grid(value)->type, builder.extents(value));
    const Location summand = builder.in_layout(value, summand_layout);
    if (builder.may_overwrite(value, summand.buffer)) return summand.buffer;
    const BufferId buffer = builder.allocate(layout.get_size());
    builder.add_reorder(summand, {buffer, summand_layout});
    return buffer;
}

}  // namespace

Result<void> lower_integer_layer(ProgramBuilder& builder, const PlannedStep& step) {
    const IntegerLayer layer = integer_layer(builder, step);
    if (lower_byte_convolution(builder, layer)) return {};
    const Tail tail(builder, layer);
    const Desc stored = stored_weights(builder, layer);
    const Candidate candidate = choose(builder, layer, tail, stored);
    if (!candidate.is_fast()) {
        FACET_TRY(builder.lower({step.node, {}}));
        return builder.lower_followers(step);
    }
    builder.packing().set_implementation(layer.result, candidate.implementation());
    const ValueId weights = layer.node->inputs[1];
    const Desc packed_layout = candidate.weights();
    const void* packed = builder.packing().pack(
        weights, integer_weights(builder, layer).view().bytes, stored, packed_layout);
    const Location source = builder.in_layout(layer.node->inputs[0], candidate.source());
    const Location result{destination(builder, tail, candidate.destination()),
                          candidate.destination()};
    std::vector<Argument> arguments = tail.arguments;
    arguments.push_back({DNNL_ARG_SRC, source.buffer, source.layout});
    arguments.push_back(
        {DNNL_ARG_WEIGHTS, builder.constant(packed, packed_layout.get_size()), packed_layout});
    arguments.push_back({DNNL_ARG_DST, result.buffer, result.layout});
    builder.add_primitive(
        candidate, std::move(arguments),
        cut_of(builder, layer, tail, {source.layout, packed_layout, result.layout},
               candidate.implementation()));
    builder.define(layer.result, result);
    return {};
}

}  // namespace facet::cpu
