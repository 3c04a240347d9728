// SPDX-License-Identifier: MIT
// Reference resize of height and width: ONNX Resize-13.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

// One resized axis. `ratio` is input length per output length: exact input / output for sizes,
// 1 / scale where the file gave a scale.
struct Axis {
    int64_t input = 1, output = 1;
    double ratio = 1.0;
    double first = 0.0, last = 1.0;  // of kCropAndResize: fractions of the input length less one
};

double source_coordinate(ResizeParams::Coordinates coordinates, const Axis& axis, int64_t index) {
    const double position = static_cast<double>(index);
    switch (coordinates) {
        case ResizeParams::Coordinates::kPytorchHalfPixel:
            if (axis.output == 1) return 0.0;
            [[fallthrough]];
        case ResizeParams::Coordinates::kHalfPixel:
            return (position + 0.5) * axis.ratio - 0.5;
        case ResizeParams::Coordinates::kAlignCorners:
            if (axis.output == 1) return 0.0;
            return position * static_cast<double>(axis.input - 1) /
                   static_cast<double>(axis.output - 1);
        case ResizeParams::Coordinates::kAsymmetric:
            return position * axis.ratio;
        case ResizeParams::Coordinates::kTfHalfPixelForNn:
            return (position + 0.5) * axis.ratio;
        case ResizeParams::Coordinates::kCropAndResize: {
            const double share =
                axis.output > 1 ? position / static_cast<double>(axis.output - 1) : 0.5;
            const double length = static_cast<double>(axis.input - 1);
            return (axis.first + share * (axis.last - axis.first)) * length;
        }
    }
    return position;
}

int64_t nearest(ResizeParams::Rounding rounding, double coordinate, int64_t extent) {
    double rounded = 0;
    switch (rounding) {
        case ResizeParams::Rounding::kRoundPreferFloor:
            rounded = std::ceil(coordinate - 0.5);
            break;
        case ResizeParams::Rounding::kRoundPreferCeil:
            rounded = std::floor(coordinate + 0.5);
            break;
        case ResizeParams::Rounding::kFloor:
            rounded = std::floor(coordinate);
            break;
        case ResizeParams::Rounding::kCeil:
            rounded = std::ceil(coordinate);
            break;
    }
    return std::clamp<int64_t>(static_cast<int64_t>(rounded), 0, extent - 1);
}

// The two input elements that an output element mixes.
struct Mix {
    int64_t low = 0, high = 0;
    double high_share = 0;
};

std::vector<Mix> mixes(const ResizeParams& params, const Axis& axis) {
    std::vector<Mix> result;
    const double last = static_cast<double>(axis.input - 1);
    for (int64_t i = 0; i < axis.output; ++i) {
        const double at = std::clamp(source_coordinate(params.coordinates, axis, i), 0.0, last);
        const auto low = static_cast<int64_t>(at);
        result.push_back({low, std::min(low + 1, axis.input - 1), at - static_cast<double>(low)});
    }
    return result;
}

void resize_linear(const ResizeParams& params, const Axis& height, const Axis& width,
                   const TensorView& input, const MutableTensorView& output) {
    const auto rows = mixes(params, height);
    const auto columns = mixes(params, width);
    const float* plane = input.as<float>().data();
    float* y = output.as<float>().data();
    const auto along = [&columns](const float* row, size_t column) {
        const Mix& mix = columns[column];
        return row[mix.low] * (1.0 - mix.high_share) + row[mix.high] * mix.high_share;
    };
    const int64_t planes = product(input.shape, 0, 2);
    for (int64_t p = 0; p < planes; ++p, plane += height.input * width.input) {
        for (const Mix& row : rows) {
            const float* low = plane + row.low * width.input;
            const float* high = plane + row.high * width.input;
            for (size_t c = 0; c < columns.size(); ++c)
                *y++ = static_cast<float>(along(low, c) * (1.0 - row.high_share) +
                                          along(high, c) * row.high_share);
        }
    }
}

// The four input elements that an output element mixes.
struct CubicMix {
    std::array<int64_t, 4> index{};
    std::array<double, 4> share{};
};

// Keys' cubic convolution kernel at the four elements about a point `at` behind the second.
std::array<double, 4> cubic_shares(double a, double at) {
    const auto near = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return {far(at + 1), near(at), near(1 - at), far(2 - at)};
}

std::vector<CubicMix> cubic_mixes(const ResizeParams& params, const Axis& axis) {
    std::vector<CubicMix> result(axis.output);
    for (int64_t i = 0; i < axis.output; ++i) {
        const double at = source_coordinate(params.coordinates, axis, i);
        const double second = std::floor(at);
        CubicMix& mix = result[i];
        mix.share = cubic_shares(params.cubic_a, at - second);
        double total = 0;
        for (int64_t tap = 0; tap < 4; ++tap) {
            const int64_t index = static_cast<int64_t>(second) - 1 + tap;
            mix.index[tap] = std::clamp<int64_t>(index, 0, axis.input - 1);
            if (params.exclude_outside && index != mix.index[tap]) mix.share[tap] = 0;
            total += mix.share[tap];
        }
        if (params.exclude_outside)
            for (double& share : mix.share) share /= total;
    }
    return result;
}

void resize_cubic(const ResizeParams& params, const Axis& height, const Axis& width,
                  const TensorView& input, const MutableTensorView& output) {
    const auto rows = cubic_mixes(params, height);
    const auto columns = cubic_mixes(params, width);
    const float* plane = input.as<float>().data();
    float* y = output.as<float>().data();
    const int64_t planes = product(input.shape, 0, 2);
    for (int64_t p = 0; p < planes; ++p, plane += height.input * width.input)
        for (const CubicMix& row : rows)
            for (const CubicMix& column : columns) {
                double sum = 0;
                for (size_t r = 0; r < 4; ++r)
                    for (size_t c = 0; c < 4; ++c)
                        sum += row.share[r] * column.share[c] *
                               plane[row.index[r] * width.input + column.index[c]];
                *y++ = static_cast<float>(sum);
            }
}

Axis axis_of(const ResizeParams& params, Inputs inputs, const Shape& output, int axis) {
    Axis result{inputs[0].shape[axis], output[axis], 1.0};
    result.ratio = params.by_scales
                       ? 1.0 / inputs[1].as<float>()[axis]
                       : static_cast<double>(result.input) / static_cast<double>(result.output);
    if (params.coordinates == ResizeParams::Coordinates::kCropAndResize) {
        result.first = params.region[axis];
        result.last = params.region[axis + 4];
    }
    return result;
}

std::vector<bool> reaches_outside(const ResizeParams& params, const Axis& axis) {
    std::vector<bool> outside;
    for (int64_t i = 0; i < axis.output; ++i) {
        const double at = source_coordinate(params.coordinates, axis, i);
        outside.push_back(at < 0.0 || at > static_cast<double>(axis.input - 1));
    }
    return outside;
}

void fill_outside(const ResizeParams& params, const Axis& height, const Axis& width,
                  const MutableTensorView& output) {
    const std::vector<bool> rows = reaches_outside(params, height);
    const std::vector<bool> columns = reaches_outside(params, width);
    float* y = output.as<float>().data();
    const int64_t planes = product(output.shape, 0, 2);
    for (int64_t p = 0; p < planes; ++p)
        for (const bool row : rows)
            for (const bool column : columns) {
                if (row || column) *y = params.outside;
                ++y;
            }
}

void resize_nearest(const ResizeParams& params, const Axis& height, const Axis& width,
                    const TensorView& input, const MutableTensorView& output) {
    const Shape& from = input.shape;
    AxisMaps maps(4);
    for (int axis = 0; axis < 4; ++axis) {
        const Axis& spatial = axis == 2 ? height : width;
        for (int64_t i = 0; i < output.shape[axis]; ++i) {
            const double at = axis < 2 ? static_cast<double>(i)
                                       : source_coordinate(params.coordinates, spatial, i);
            maps[axis].push_back(axis < 2 ? i : nearest(params.rounding, at, from[axis]));
        }
    }
    copy_mapped(input, maps, nullptr, output);
}

}  // namespace

Result<void> run_op(const ResizeParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs.first(1), outputs));
    const Shape& from = inputs[0].shape;
    const Shape& to = outputs[0].shape;
    if (from.rank() != 4 || from[0] != to[0] || from[1] != to[1])
        return Error{ErrorCode::kUnsupported, "resizing " + from.text() + " to " + to.text() +
                                                  "; supported: height and width of NCHW"};
    const Axis height = axis_of(params, inputs, to, 2);
    const Axis width = axis_of(params, inputs, to, 3);
    if (params.mode == ResizeParams::Mode::kLinear)
        resize_linear(params, height, width, inputs[0], outputs[0]);
    else if (params.mode == ResizeParams::Mode::kCubic)
        resize_cubic(params, height, width, inputs[0], outputs[0]);
    else
        resize_nearest(params, height, width, inputs[0], outputs[0]);
    if (params.coordinates == ResizeParams::Coordinates::kCropAndResize)
        fill_outside(params, height, width, outputs[0]);
    return {};
}

}  // namespace facet::reference
