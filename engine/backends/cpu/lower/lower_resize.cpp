// SPDX-License-Identifier: MIT
// Nearest-neighbour resize of height and width; other modes go to the reference loops.
#include <algorithm>
#include <cmath>

#include "engine/backends/cpu/loops/loops.h"
#include "engine/backends/cpu/lower/lowerings.h"

namespace facet::cpu {

namespace {

// One resized axis; `ratio` is input length per output length.
struct Axis {
    int64_t input = 1, output = 1;
    double ratio = 1.0;
};

double source_coordinate(ResizeParams::Coordinates coordinates, const Axis& axis, int64_t index) {
    using Coordinates = ResizeParams::Coordinates;
    const auto position = static_cast<double>(index);
    const bool single = axis.output == 1;
    switch (coordinates) {
        case Coordinates::kHalfPixel:
            return (position + 0.5) * axis.ratio - 0.5;
        case Coordinates::kPytorchHalfPixel:
            return single ? 0.0 : (position + 0.5) * axis.ratio - 0.5;
        case Coordinates::kAlignCorners:
            return single ? 0.0
                          : position * static_cast<double>(axis.input - 1) /
                                static_cast<double>(axis.output - 1);
        case Coordinates::kAsymmetric:
            return position * axis.ratio;
        case Coordinates::kTfHalfPixelForNn:
            return (position + 0.5) * axis.ratio;
        case Coordinates::kCropAndResize:
            break;  // on the reference loops
    }
    return position;
}

double rounded(ResizeParams::Rounding rounding, double coordinate) {
    using Rounding = ResizeParams::Rounding;
    switch (rounding) {
        case Rounding::kRoundPreferFloor:
            return std::ceil(coordinate - 0.5);
        case Rounding::kRoundPreferCeil:
            return std::floor(coordinate + 0.5);
        case Rounding::kFloor:
            return std::floor(coordinate);
        case Rounding::kCeil:
            return std::ceil(coordinate);
    }
    return coordinate;
}

std::vector<int64_t> sources(const ResizeParams& params, const Axis& axis) {
    std::vector<int64_t> indices;
    for (int64_t i = 0; i < axis.output; ++i) {
        const double nearest =
            rounded(params.rounding, source_coordinate(params.coordinates, axis, i));
        indices.push_back(std::clamp<int64_t>(static_cast<int64_t>(nearest), 0, axis.input - 1));
    }
    return indices;
}

}  // namespace

Result<void> lower_resize(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<ResizeParams>(node.params);
    const Tensor* scales = builder.graph().constant_input(node, 1);
    const onednn::Dims from = builder.extents(node.inputs[0]);
    const onednn::Dims to = builder.extents(node.outputs[0]);
    if (params.mode != ResizeParams::Mode::kNearest ||
        params.coordinates == ResizeParams::Coordinates::kCropAndResize || from.size() != 4 ||
        from[1] != to[1] || builder.graph().value(node.inputs[0]).type != DataType::kF32 ||
        (params.by_scales && !scales))
        return lower_by_reference(builder, step);
    Location source = builder.floats(node.inputs[0]);
    if (!onednn::channel_view(source.layout)) source = builder.plain(node.inputs[0]);
    const auto view = onednn::channel_view(source.layout);
    if (!view) return lower_by_reference(builder, step);
    const onednn::Desc result = onednn::like(*view, to);

    const auto axis = [&](int index) {
        return Axis{from[index], to[index],
                    params.by_scales
                        ? 1.0 / scales->as<float>()[index]
                        : static_cast<double>(from[index]) / static_cast<double>(to[index])};
    };
    const BufferId buffer = builder.allocate(result.get_size());
    builder.add_loop(
        {source.buffer, buffer},
        [loop = NearestLoop(*view, from[3], sources(params, axis(2)), sources(params, axis(3)))](
            std::span<void* const> at) -> Result<void> {
            loop.run(static_cast<const float*>(at[0]), static_cast<float*>(at[1]));
            return {};
        });
    builder.define(node.outputs[0], {buffer, result});
    return {};
}

}  // namespace facet::cpu
