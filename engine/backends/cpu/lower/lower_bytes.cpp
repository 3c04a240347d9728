// SPDX-License-Identifier: MIT
// Values kept as bytes: made from pixels or floats, pooled, joined, renamed, and turned back.
#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/backends/cpu/fusion/integer_chain.h"
#include "engine/backends/cpu/loops/loops_bytes.h"
#include "engine/backends/cpu/lower/lower_integer.h"
#include "engine/graph/channel_affine.h"
#include "engine/graph/shape_inference.h"

namespace facet::cpu {

namespace {

using onednn::Desc;
using onednn::Dims;
using Table = std::vector<uint8_t>;

constexpr int kBytes = 256;

float at(const std::vector<float>& numbers, size_t channel) {
    return numbers[numbers.size() == 1 ? 0 : channel];
}

BytePlane plane_of(const Dims& extents) {
    int64_t positions = extents[0];
    for (size_t axis = 2; axis < extents.size(); ++axis) positions *= extents[axis];
    return {positions, extents.size() > 1 ? extents[1] : 1};
}

Location new_bytes(ProgramBuilder& builder, ValueId value) {
    const Desc layout = onednn::channels_last(builder.grid(value)->type, builder.extents(value));
    return {builder.allocate(layout.get_size()), layout};
}

// Bytes of any meaning, channels last.
bool holds_bytes_channels_last(const Location& location) {
    if (location.layout == Desc() || onednn::is_f32(location.layout)) return false;
    const auto view = onednn::channel_view(location.layout);
    return view && view->blocks == 1 && view->lanes == view->channels;
}

int stored_byte(float value, const ByteGrid& grid, size_t channel) {
    const float steps = value / at(grid.steps, channel) + static_cast<float>(grid.zero_point);
    return static_cast<int>(std::clamp(std::nearbyint(steps), static_cast<float>(grid.least),
                                       static_cast<float>(grid.most)));
}

// As the reference evaluates it, so that a table is exact.
float snapped(float x, const QuantizerRanges& ranges, size_t channel) {
    const double low = at(ranges.input_low, channel), high = at(ranges.input_high, channel);
    const double output_low = at(ranges.output_low, channel);
    const double output_high = at(ranges.output_high, channel);
    const double steps = static_cast<double>(ranges.levels - 1);
    const double step =
        std::nearbyint((std::clamp<double>(x, low, high) - low) / (high - low) * steps);
    return static_cast<float>(step / steps * (output_high - output_low) + output_low);
}

// Per-channel arithmetic and FakeQuantize, the last of which is kept as bytes, on every number a
// byte can stand for.
Table table_of(const ProgramBuilder& builder, const std::vector<const Node*>& nodes,
               int64_t channels, const auto& value_of_byte) {
    const Graph& graph = builder.graph();
    const ByteGrid& grid = *builder.grid(nodes.back()->outputs[0]);
    std::vector<std::function<float(float, size_t)>> functions;
    for (const Node* node : nodes) {
        if (const auto affine = channel_affine(graph, *node, 1))
            functions.push_back([affine](float x, size_t channel) {
                return static_cast<float>(x * affine->scale_at(channel) +
                                          affine->shift_at(channel));
            });
        else
            functions.push_back(
                [ranges = *quantizer_ranges(graph, *node)](float x, size_t channel) {
                    return snapped(x, ranges, channel);
                });
    }
    Table table;
    for (int64_t channel = 0; channel < channels; ++channel) {
        for (int byte = 0; byte < kBytes; ++byte) {
            float x = value_of_byte(byte);
            for (const auto& function : functions) x = function(x, channel);
            table.push_back(static_cast<uint8_t>(stored_byte(x, grid, channel)));
        }
    }
    return table;
}

bool changes_nothing(const Table& table) {
    for (size_t i = 0; i < table.size(); ++i)
        if (table[i] != i % kBytes) return false;
    return true;
}

void add_table(ProgramBuilder& builder, const Location& source, ValueId result, Table table) {
    const Location bytes = new_bytes(builder, result);
    if (changes_nothing(table)) {
        builder.define(result, {source.buffer, bytes.layout});
        return;
    }
    builder.add_loop({source.buffer, bytes.buffer},
                     [loop = ByteTableLoop(plane_of(builder.extents(result)), std::move(table))](
                         std::span<void* const> address) -> Result<void> {
                         loop.run(static_cast<const uint8_t*>(address[0]),
                                  static_cast<uint8_t*>(address[1]));
                         return {};
                     });
    builder.define(result, bytes);
}

// The number that a byte of `grid` stands for.
auto value_on(const ByteGrid& grid) {
    return [&grid](int byte) {
        const int stored = grid.type == DataType::kI8 ? static_cast<int8_t>(byte) : byte;
        return grid.steps[0] * static_cast<float>(stored - grid.zero_point);
    };
}

// Floats at `source`, snapped to the grid of the FakeQuantize `node`.
void add_quantize(ProgramBuilder& builder, const Node& node, const Location& source,
                  const onednn::ChannelView& view) {
    const ValueId result = node.outputs[0];
    const ByteGrid& grid = *builder.grid(result);
    const Chain chain = simplified(
        *links_of(builder.graph(), builder.bytes(), node, node.inputs[0], true), nullptr);
    const Location bytes = new_bytes(builder, result);
    const float low = std::max(chain[1].low, static_cast<float>(grid.least));
    const float high = std::min(chain[1].high, static_cast<float>(grid.most));
    builder.add_loop({source.buffer, bytes.buffer},
                     [loop = QuantizeLoop(view, chain[0].scale, chain[0].shift, low, high)](
                         std::span<void* const> address) -> Result<void> {
                         loop.run(static_cast<const float*>(address[0]),
                                  static_cast<uint8_t*>(address[1]));
                         return {};
                     });
    builder.define(result, bytes);
}

Result<void> lower_quantizer(ProgramBuilder& builder, const Node& node) {
    const ValueId x = node.inputs[0];
    const Location first = builder.primary(x);
    const ByteGrid* grid = builder.grid(x);
    if (grid && grid->steps.size() == 1 && holds_bytes_channels_last(first)) {
        add_table(
            builder, first, node.outputs[0],
            table_of(builder, {&node}, plane_of(builder.extents(x)).channels, value_on(*grid)));
        return {};
    }
    Location source = builder.floats(x);
    auto view = onednn::channel_view(source.layout);
    if (!view) {
        source = builder.plain(x);
        view = onednn::channel_view(source.layout);
    }
    if (!view)
        return Error{ErrorCode::kUnsupported, "quantises a value of rank " +
                                                  std::to_string(builder.shape(x).rank()) +
                                                  "; supported: 2 and above"};
    add_quantize(builder, node, source, *view);
    return {};
}

Result<void> lower_pixels(ProgramBuilder& builder, const PlannedStep& step) {
    std::vector<const Node*> nodes{&builder.node(step)};
    for (const Follower& follower : step.followers)
        nodes.push_back(&builder.graph().nodes[follower.node]);
    const Graph& graph = builder.graph();
    ValueId x = nodes.front()->inputs[0];
    if (graph.value(x).constant) x = nodes.front()->inputs[1];
    const Location source = builder.primary(x);
    if (!holds_bytes_channels_last(source)) {
        FACET_TRY(builder.lower({step.node, {}}));
        return builder.lower_followers(step);
    }
    add_table(builder, source, result_of(builder, step),
              table_of(builder, nodes, plane_of(builder.extents(x)).channels,
                       [](int byte) { return static_cast<float>(byte); }));
    return {};
}

Location channels_last_bytes(ProgramBuilder& builder, ValueId value) {
    return builder.in_layout(
        value, onednn::channels_last(builder.grid(value)->type, builder.extents(value)));
}

Result<void> lower_byte_pooling(ProgramBuilder& builder, const Node& node) {
    const auto& params = std::get<PoolingParams>(node.params);
    const Dims from = builder.extents(node.inputs[0]);
    const Dims to = builder.extents(node.outputs[0]);
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, {from[2], from[3]},
                     params.kernel, params.strides, params.dilations);
    const ByteMaxLoop::Window window{{from[2], from[3]}, {to[2], to[3]},   params.kernel,
                                     params.strides,     params.dilations, pads.begin};
    const Location source = channels_last_bytes(builder, node.inputs[0]);
    const Location result = new_bytes(builder, node.outputs[0]);
    const bool is_signed = builder.grid(node.outputs[0])->type == DataType::kI8;
    builder.add_loop({source.buffer, result.buffer},
                     [loop = ByteMaxLoop(from[0], from[1], window, is_signed)](
                         std::span<void* const> address) -> Result<void> {
                         loop.run(static_cast<const uint8_t*>(address[0]),
                                  static_cast<uint8_t*>(address[1]));
                         return {};
                     });
    builder.define(node.outputs[0], result);
    return {};
}

// From one grid's bytes to another's; empty where they mean the same.
Table conversion(const ByteGrid& from, const ByteGrid& to) {
    if (from.steps == to.steps) return {};
    Table table;
    for (int byte = 0; byte < kBytes; ++byte)
        table.push_back(static_cast<uint8_t>(stored_byte(value_on(from)(byte), to, 0)));
    return table;
}

Result<void> lower_byte_concat(ProgramBuilder& builder, const Node& node) {
    const ValueId whole = node.outputs[0];
    const ByteGrid& grid = *builder.grid(whole);
    const Desc layout = onednn::channels_last(grid.type, builder.extents(whole));
    const Location result{builder.joined(whole, layout.get_size()), layout};
    std::vector<ByteConcatLoop::Part> parts;
    std::vector<BufferId> buffers;
    for (const ValueId id : node.inputs) {
        const bool in_place = builder.primary(id).buffer == result.buffer;
        parts.push_back({builder.extents(id)[1], conversion(*builder.grid(id), grid), in_place});
        buffers.push_back(in_place ? result.buffer : channels_last_bytes(builder, id).buffer);
    }
    if (!std::ranges::all_of(parts, &ByteConcatLoop::Part::in_place)) {
        buffers.push_back(result.buffer);
        builder.add_loop(
            std::move(buffers),
            [loop = ByteConcatLoop(plane_of(builder.extents(whole)).positions, std::move(parts))](
                std::span<void* const> address) -> Result<void> {
                loop.run(address.data(), static_cast<uint8_t*>(address.back()));
                return {};
            });
    }
    builder.define(whole, result);
    return {};
}

// Row-major bytes under another shape.
Result<void> lower_byte_view(ProgramBuilder& builder, const Node& node) {
    const DataType type = builder.grid(node.outputs[0])->type;
    const Location source =
        builder.in_layout(node.inputs[0], onednn::plain(type, builder.shape(node.inputs[0])));
    builder.define(node.outputs[0],
                   {source.buffer, onednn::plain(type, builder.shape(node.outputs[0]))});
    return {};
}

}  // namespace

Result<void> lower_integer_step(ProgramBuilder& builder, const PlannedStep& step) {
    const OpParams& params = builder.node(step).params;
    if (std::holds_alternative<ConvolutionParams>(params) ||
        std::holds_alternative<MatMulParams>(params))
        return lower_integer_layer(builder, step);
    return lower_pixels(builder, step);
}

Result<void> lower_to_bytes(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    if (std::holds_alternative<FakeQuantizeParams>(node.params))
        return lower_quantizer(builder, node);
    if (std::holds_alternative<PoolingParams>(node.params))
        return lower_byte_pooling(builder, node);
    if (std::holds_alternative<ConcatParams>(node.params)) return lower_byte_concat(builder, node);
    return lower_byte_view(builder, node);
}

Location dequantize(ProgramBuilder& builder, ValueId value) {
    const Location bytes = builder.primary(value);
    const ByteGrid& grid = *builder.grid(value);
    const Dims extents = builder.extents(value);
    const bool row_major = onednn::is_plain(bytes.layout);
    const Desc layout =
        row_major ? builder.plain_layout(value) : onednn::channels_last(DataType::kF32, extents);
    const BytePlane plane = row_major && grid.steps.size() == 1
                                ? BytePlane{1, builder.shape(value).elements()}
                                : plane_of(extents);
    const Location floats{builder.allocate(layout.get_size()), layout};
    builder.add_loop(
        {bytes.buffer, floats.buffer},
        [loop = DequantizeLoop(plane, grid.type == DataType::kI8, grid.steps, grid.zero_point)](
            std::span<void* const> address) -> Result<void> {
            loop.run(static_cast<const uint8_t*>(address[0]), static_cast<float*>(address[1]));
            return {};
        });
    builder.define(value, floats);
    return floats;
}

}  // namespace facet::cpu
