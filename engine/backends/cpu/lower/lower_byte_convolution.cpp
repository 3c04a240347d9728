// SPDX-License-Identifier: MIT
// Quantised layers on Facet's own loops over bytes.
#include <numeric>

#include "engine/backends/cpu/bytes/byte_convolution.h"
#include "engine/backends/cpu/lower/integer_layer.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Dims;
using Op = ByteFinish::Op;

constexpr int64_t kPaddedChannels = 2 * kPanelChannels;

std::optional<ByteGeometry> geometry_of(const ProgramBuilder& builder, const IntegerLayer& layer) {
    const Dims source = builder.extents(layer.node->inputs[0]);
    const Dims result = builder.extents(layer.result);
    const Dims weights = builder.extents(layer.node->inputs[1]);
    ByteGeometry geometry;
    geometry.is_signed = layer.source->type == DataType::kI8;
    geometry.zero_point = layer.source->zero_point;
    geometry.rows = source[0];
    geometry.channels = source[1];
    geometry.result_channels = layer.channels;
    geometry.height = geometry.width = geometry.result_height = geometry.result_width = 1;
    if (std::holds_alternative<MatMulParams>(layer.node->params))
        return source.size() == 2 && weights.size() == 2 ? std::optional(geometry) : std::nullopt;
    const auto& params = std::get<ConvolutionParams>(layer.node->params);
    if (params.groups != 1 || source.size() != 4) return {};
    geometry.height = source[2];
    geometry.width = source[3];
    geometry.result_height = result[2];
    geometry.result_width = result[3];
    geometry.kernel = {weights[2], weights[3]};
    geometry.strides = {params.strides[0], params.strides[1]};
    geometry.dilations = {params.dilations[0], params.dilations[1]};
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {source[2], source[3]},
                     {weights[2], weights[3]}, params.strides, params.dilations);
    geometry.pad_top = pads.begin[0];
    geometry.pad_left = pads.begin[1];
    return geometry;
}

// [result channel][channel][kernel], whatever the order in the graph.
std::vector<int8_t> weights_by_channel(ProgramBuilder& builder, const IntegerLayer& layer) {
    const auto integers = integer_weights(builder, layer).as<int8_t>();
    std::vector<int8_t> weights(integers.begin(), integers.end());
    const auto* product = std::get_if<MatMulParams>(&layer.node->params);
    if (!product || product->transpose_b) return weights;
    const int64_t inner = static_cast<int64_t>(integers.size()) / layer.channels;
    for (int64_t in = 0; in < inner; ++in)
        for (int64_t out = 0; out < layer.channels; ++out)
            weights[out * inner + in] = integers[in * layer.channels + out];
    return weights;
}

// One factor for each channel and for those that pad the last panels.
std::vector<float> by_channel(std::vector<float> factors, int64_t channels) {
    if (factors.size() == 1) factors.resize(channels, factors[0]);
    factors.resize((channels + kPaddedChannels - 1) / kPaddedChannels * kPaddedChannels, 0.0f);
    return factors;
}

std::optional<Op> op_of(const ChainLink& link, int64_t channels) {
    using Kind = ChainLink::Kind;
    Op op;
    op.low = link.low;
    op.high = link.high;
    op.scale = by_channel(link.scale, channels);
    op.shift = by_channel(link.shift, channels);
    switch (link.kind) {
        case Kind::kAffine:
            op.kind = Op::Kind::kAffine;
            return op;
        case Kind::kClip:
            op.kind = Op::Kind::kClip;
            return op;
        case Kind::kRound:
            op.kind = Op::Kind::kRound;
            return op;
        case Kind::kSum:
            op.kind = Op::Kind::kSum;
            return op;
        case Kind::kEltwise:
            return {};
    }
    return {};
}

// The chain on sums of products whose left factors are `offset` too large.
std::optional<ByteFinish> finish_of(const ProgramBuilder& builder, const IntegerLayer& layer,
                                    const std::vector<int8_t>& weights, int offset) {
    ByteFinish finish;
    finish.channels = layer.channels;
    if (!layer.stored)
        finish.stored = ByteFinish::Stored::kF32;
    else if (layer.stored->type == DataType::kI8)
        finish.stored = ByteFinish::Stored::kI8;
    for (const ChainLink& link : layer.chain) {
        auto op = op_of(link, layer.channels);
        if (!op) return {};
        finish.ops.push_back(std::move(*op));
        if (link.kind == ChainLink::Kind::kSum)
            finish.summand_is_signed = builder.grid(link.summand)->type == DataType::kI8;
    }
    const int64_t inner = static_cast<int64_t>(weights.size()) / layer.channels;
    finish.excess.assign(finish.ops[0].scale.size(), 0);
    for (int64_t channel = 0; channel < layer.channels; ++channel) {
        const int8_t* first = weights.data() + channel * inner;
        finish.excess[channel] =
            static_cast<int32_t>(std::accumulate(first, first + inner, int64_t{0}) * offset);
    }
    constexpr double kMostProduct = 255 * 128;
    finish.simplify(kMostProduct * static_cast<double>(inner));
    return finish;
}

ValueId summand_of(const IntegerLayer& layer) {
    for (const ChainLink& link : layer.chain)
        if (link.kind == ChainLink::Kind::kSum) return link.summand;
    return kNoValue;
}

const void* pack(ProgramBuilder& builder, const IntegerLayer& layer, const ByteReading& reading,
                 const std::vector<int8_t>& weights) {
    return builder.packing().make(
        layer.node->inputs[1], reading.packing_kind(), reading.packed_bytes(),
        [&](void* memory) { reading.pack(weights.data(), static_cast<int8_t*>(memory)); });
}

Location bytes_channels_last(ProgramBuilder& builder, ValueId value) {
    return builder.in_layout(
        value, onednn::channels_last(builder.grid(value)->type, builder.extents(value)));
}

// Where a result goes: to memory of its own, or to its channels of the value it is joined to.
struct Place {
    Location location;
    int64_t pitch = 0, first_channel = 0;
};

Place place_of(ProgramBuilder& builder, const IntegerLayer& layer) {
    const Dims extents = builder.extents(layer.result);
    const onednn::Desc layout =
        onednn::channels_last(layer.stored ? layer.stored->type : DataType::kF32, extents);
    const Node* reader = layer.stored ? builder.only_reader(layer.result) : nullptr;
    const bool joins = reader && std::holds_alternative<ConcatParams>(reader->params) &&
                       builder.grid(reader->outputs[0]) &&
                       builder.grid(reader->outputs[0])->steps == layer.stored->steps;
    if (!joins) return {{builder.allocate(layout.get_size()), layout}, layer.channels, 0};
    const ValueId whole = reader->outputs[0];
    const onednn::Desc joined = onednn::channels_last(layer.stored->type, builder.extents(whole));
    int64_t first = 0;
    for (const ValueId part : reader->inputs) {
        if (part == layer.result) break;
        first += builder.extents(part)[1];
    }
    return {{builder.joined(whole, joined.get_size()), onednn::channels_of(joined, extents, first)},
            builder.extents(whole)[1],
            first};
}

}  // namespace

bool lower_byte_convolution(ProgramBuilder& builder, const IntegerLayer& layer) {
    const ByteInstructions instructions = best_byte_instructions();
    if (instructions != ByteInstructions::kAmx || !onednn::has_byte_tiles()) return false;
    const auto geometry = geometry_of(builder, layer);
    if (!geometry) return false;
    const std::vector<int8_t> weights = weights_by_channel(builder, layer);
    auto finish = finish_of(builder, layer, weights, geometry->offset());
    if (!finish) return false;
    const ByteReading reading(*geometry);
    const ByteConvolution convolution(reading, builder.threads(), instructions);
    const ValueId summand = summand_of(layer);
    std::vector<BufferId> buffers{
        bytes_channels_last(builder, layer.node->inputs[0]).buffer,
        builder.constant(pack(builder, layer, reading, weights), reading.packed_bytes()),
        builder.allocate(convolution.scratch_bytes())};
    if (summand != kNoValue) buffers.push_back(bytes_channels_last(builder, summand).buffer);
    const Place place = place_of(builder, layer);
    finish->pitch = place.pitch;
    buffers.push_back(place.location.buffer);
    const auto memory = [has_summand = summand != kNoValue,
                         first = place.first_channel](std::span<void* const> at) {
        return ByteConvolution::Memory{
            static_cast<const uint8_t*>(at[0]), static_cast<const int8_t*>(at[1]),
            has_summand ? at[3] : nullptr, static_cast<std::byte*>(at.back()) + first,
            static_cast<std::byte*>(at[2])};
    };
    if (convolution.copies())
        builder.add_shared_loop(buffers,
                                [convolution, memory](std::span<void* const> at, Share share) {
                                    convolution.copy(memory(at), share);
                                });
    if (convolution.weaves())
        builder.add_shared_loop(buffers,
                                [convolution, memory](std::span<void* const> at, Share share) {
                                    convolution.weave(memory(at), share);
                                });
    builder.add_shared_loop(std::move(buffers), [convolution, memory, finish = std::move(*finish)](
                                                    std::span<void* const> at, Share share) {
        convolution.run(memory(at), finish, share);
    });
    builder.define(layer.result, place.location);
    return true;
}

}  // namespace facet::cpu
