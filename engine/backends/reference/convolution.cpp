// SPDX-License-Identifier: MIT
// Reference convolution: direct, one output row at a time.
#include <algorithm>
#include <vector>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

int64_t ceil_divide(int64_t a, int64_t b) {
    return a >= 0 ? (a + b - 1) / b : -(-a / b);
}

// The output columns [first, last) whose tap at input column `shift + column * stride` lies inside
// the input row.
struct Columns {
    int64_t first = 0, last = 0;
};
Columns columns_inside(int64_t shift, int64_t stride, int64_t input_width, int64_t output_width) {
    const int64_t first = std::max<int64_t>(0, ceil_divide(-shift, stride));
    const int64_t last = std::min(output_width, ceil_divide(input_width - shift, stride));
    return {first, std::max(first, last)};
}

struct Geometry {
    Extent2 input, output, kernel;
    Extent2 strides, dilations, pads;
    int64_t channels_per_group = 0, outputs_per_group = 0;
};

// Adds one filter's response along output row `y`; `image` is the group's first input channel.
void add_row(const Geometry& g, const float* image, const float* filter, int64_t y,
             std::vector<double>& row) {
    for (int64_t c = 0; c < g.channels_per_group; ++c) {
        for (int64_t ky = 0; ky < g.kernel[0]; ++ky) {
            const int64_t source_y = y * g.strides[0] - g.pads[0] + ky * g.dilations[0];
            if (source_y < 0 || source_y >= g.input[0]) continue;
            const float* source = image + (c * g.input[0] + source_y) * g.input[1];
            for (int64_t kx = 0; kx < g.kernel[1]; ++kx) {
                const double weight = filter[(c * g.kernel[0] + ky) * g.kernel[1] + kx];
                const int64_t shift = kx * g.dilations[1] - g.pads[1];
                const int64_t stride = g.strides[1];
                const auto [first, last] = columns_inside(shift, stride, g.input[1], g.output[1]);
                double* sums = row.data();
                if (stride == 1) {
                    for (int64_t x = first; x < last; ++x) sums[x] += weight * source[x + shift];
                } else {
                    for (int64_t x = first; x < last; ++x)
                        sums[x] += weight * source[x * stride + shift];
                }
            }
        }
    }
}

}  // namespace

Result<void> run_op(const ConvolutionParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& x = inputs[0].shape;
    const Shape& weights = inputs[1].shape;
    const Shape& y = outputs[0].shape;
    Geometry g;
    g.input = {x[2], x[3]};
    g.output = {y[2], y[3]};
    g.kernel = {weights[2], weights[3]};
    g.strides = params.strides;
    g.dilations = params.dilations;
    g.pads = resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, g.input, g.kernel,
                          params.strides, params.dilations)
                 .begin;
    g.channels_per_group = weights[1];
    g.outputs_per_group = weights[0] / params.groups;

    const float* image = inputs[0].as<float>().data();
    const float* filters = inputs[1].as<float>().data();
    const float* bias = is_present(inputs, 2) ? inputs[2].as<float>().data() : nullptr;
    float* result = outputs[0].as<float>().data();
    const int64_t image_size = g.input[0] * g.input[1];
    const int64_t filter_size = g.channels_per_group * g.kernel[0] * g.kernel[1];
    std::vector<double> row(g.output[1]);
    for (int64_t n = 0; n < y[0]; ++n) {
        for (int64_t o = 0; o < y[1]; ++o) {
            const int64_t group = o / g.outputs_per_group;
            const float* source = image + (n * x[1] + group * g.channels_per_group) * image_size;
            for (int64_t row_index = 0; row_index < g.output[0]; ++row_index) {
                std::ranges::fill(row, bias ? bias[o] : 0.0);
                add_row(g, source, filters + o * filter_size, row_index, row);
                for (double sum : row) *result++ = static_cast<float>(sum);
            }
        }
    }
    return {};
}

}  // namespace facet::reference
