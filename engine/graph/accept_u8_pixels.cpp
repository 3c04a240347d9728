// SPDX-License-Identifier: MIT
// Puts the way from u8 pixels to the model's input in front of a graph.
#include <algorithm>
#include <cmath>
#include <iterator>

#include "engine/graph/passes.h"

namespace facet {

namespace {

Error refused(const Value& input, const std::string& message,
              ErrorCode code = ErrorCode::kUnsupported) {
    return {code, "input '" + input.name + "': " + message};
}

Result<void> check(const Value& input, const ImageInput& image, bool channels_last) {
    if (input.type != DataType::kF32)
        return refused(input, "type " + std::string(to_string(input.type)) + "; supported: f32");
    const Shape& shape = input.shape;
    const int64_t channels = shape.rank() == 4 ? shape[channels_last ? 3 : 1] : 0;
    if (channels != 1 && channels != 3)
        return refused(input, "shape " + shape.text() + " is no image; supported: " +
                                  (channels_last ? "[1,H,W,C]" : "[1,C,H,W]") + " with C = 1 or 3");
    for (int64_t i = 0; i < channels; ++i) {
        const float scale = image.scale[i];
        if (!std::isfinite(image.mean[i]) || !std::isfinite(scale) || scale == 0.0f)
            return refused(input,
                           "mean=" + std::to_string(image.mean[i]) +
                               " scale=" + std::to_string(scale) +
                               "; supported: finite numbers, scale other than 0",
                           ErrorCode::kInvalidArgument);
    }
    return {};
}

}  // namespace

Result<void> accept_u8_pixels(Graph& graph, size_t input, const ImageInput& image,
                              bool channels_last) {
    if (input >= graph.inputs.size())
        return Error{ErrorCode::kInvalidArgument, "input " + std::to_string(input) + " of " +
                                                      std::to_string(graph.inputs.size()) +
                                                      " does not exist"};
    const ValueId planes = graph.inputs[input];  // what the model's nodes read
    FACET_TRY(check(graph.value(planes), image, channels_last));
    const std::string name = graph.value(planes).name;
    const Shape shape = graph.value(planes).shape;
    const Shape pixel_shape = channels_last ? shape : Shape{shape[0], shape[2], shape[3], shape[1]};
    const auto channels = static_cast<size_t>(pixel_shape[3]);

    const ValueId pixels = graph.add_value(name, DataType::kU8, pixel_shape);
    graph.inputs[input] = pixels;
    std::vector<Node> head;
    const auto append = [&](std::string_view what, OpParams params, std::vector<ValueId> inputs,
                            const Shape& output_shape) {
        const std::string node_name = name + "/" + std::string(what);
        const ValueId output = graph.add_value(node_name, DataType::kF32, output_shape);
        const std::string type(name_of(params));
        head.push_back({node_name, type, std::move(params), std::move(inputs), {output}});
        return output;
    };
    const auto normalize = [&](std::string_view what, EltwiseParams::Kind kind,
                               const std::array<float, 3>& factors, float neutral, ValueId x) {
        const auto used = std::span(factors).first(channels);
        if (std::ranges::all_of(used, [&](float factor) { return factor == neutral; })) return x;
        const auto extent = static_cast<int64_t>(channels);
        const Shape factor_shape = channels_last ? Shape{1, 1, 1, extent} : Shape{1, extent, 1, 1};
        const ValueId constant = graph.add_constant(name + "/" + std::string(what) + "/factors",
                                                    Tensor::of<float>(factor_shape, used));
        return append(what, EltwiseParams{kind}, {x, constant}, shape);
    };

    ValueId x = append("convert", ConvertParams{DataType::kF32}, {pixels}, pixel_shape);
    if (!channels_last) x = append("transpose", TransposeParams{{0, 3, 1, 2}}, {x}, shape);
    x = normalize("mean", EltwiseParams::Kind::kSubtract, image.mean, 0.0f, x);
    normalize("scale", EltwiseParams::Kind::kDivide, image.scale, 1.0f, x);
    // The last node writes the value the model always read.
    head.back().outputs = {planes};
    graph.value(planes).name = name + "/image";
    graph.nodes.insert(graph.nodes.begin(), std::make_move_iterator(head.begin()),
                       std::make_move_iterator(head.end()));
    return {};
}

}  // namespace facet
