// SPDX-License-Identifier: MIT
// FakeQuantize, evaluated in floats on the layout the value already has.
#include "engine/backends/cpu/loops/loops.h"
#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

namespace {

using Range = FakeQuantizeLoop::Range;

// One bound's element for a channel, if the bound is one number or one per channel (axis 1 of a
// value of rank `rank`).
bool is_per_channel_or_single(const Shape& bound, int rank, int64_t channels) {
    if (bound.elements() == 1) return true;
    const int axis = bound.rank() - (rank - 1);
    return axis >= 0 && axis < bound.rank() && bound.elements() == channels &&
           bound[axis] == channels;
}

// One range, or one per channel; empty where a bound is not constant or varies otherwise.
std::vector<Range> ranges_of(const ProgramBuilder& builder, const Node& node, int64_t channels) {
    const int rank = builder.graph().value(node.inputs[0]).shape.rank();
    std::array<std::span<const float>, 4> bounds;
    size_t count = 1;
    for (size_t i = 0; i < bounds.size(); ++i) {
        const Tensor* tensor = builder.graph().constant_input(node, i + 1);
        if (!tensor || tensor->type() != DataType::kF32 ||
            !is_per_channel_or_single(tensor->shape(), rank, channels))
            return {};
        bounds[i] = tensor->as<float>();
        count = std::max(count, bounds[i].size());
    }
    const auto at = [](std::span<const float> bound, size_t index) {
        return bound[bound.size() == 1 ? 0 : index];
    };
    std::vector<Range> ranges;
    for (size_t i = 0; i < count; ++i)
        ranges.push_back({at(bounds[0], i), at(bounds[1], i), at(bounds[2], i), at(bounds[3], i)});
    return ranges;
}

}  // namespace

Result<void> lower_fake_quantize(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    Location source = builder.floats(node.inputs[0]);
    auto view = onednn::channel_view(source.layout);
    if (!view) {
        source = builder.plain(node.inputs[0]);
        view = onednn::channel_view(source.layout);
    }
    if (!view) return lower_by_reference(builder, step);
    const auto ranges = ranges_of(builder, node, view->channels);
    if (ranges.empty()) return lower_by_reference(builder, step);

    const int64_t levels = std::get<FakeQuantizeParams>(node.params).levels;
    const Location result{builder.in_place_or_new(node.inputs[0], source), source.layout};
    builder.add_loop({source.buffer, result.buffer},
                     [loop = FakeQuantizeLoop(*view, ranges, levels)](
                         std::span<void* const> at) -> Result<void> {
                         loop.run(static_cast<const float*>(at[0]), static_cast<float*>(at[1]));
                         return {};
                     });
    builder.define(node.outputs[0], result);
    return {};
}

}  // namespace facet::cpu
