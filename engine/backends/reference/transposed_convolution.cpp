// SPDX-License-Identifier: MIT
// Reference transposed convolution: every input element spreads its filter over the output.
#include <algorithm>
#include <vector>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

struct Geometry {
    Extent2 input, output, kernel;
    Extent2 strides, dilations, pads;
};

// Adds one input plane's share of one output plane.
void spread(const Geometry& g, const float* plane, const float* filter, std::vector<double>& sums) {
    for (int64_t y = 0; y < g.input[0]; ++y) {
        for (int64_t ky = 0; ky < g.kernel[0]; ++ky) {
            const int64_t row = y * g.strides[0] - g.pads[0] + ky * g.dilations[0];
            if (row < 0 || row >= g.output[0]) continue;
            for (int64_t x = 0; x < g.input[1]; ++x) {
                for (int64_t kx = 0; kx < g.kernel[1]; ++kx) {
                    const int64_t column = x * g.strides[1] - g.pads[1] + kx * g.dilations[1];
                    if (column < 0 || column >= g.output[1]) continue;
                    sums[row * g.output[1] + column] +=
                        double{plane[y * g.input[1] + x]} * filter[ky * g.kernel[1] + kx];
                }
            }
        }
    }
}

}  // namespace

Result<void> run_op(const TransposedConvolutionParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& x = inputs[0].shape;
    const Shape& weights = inputs[1].shape;
    const Shape& y = outputs[0].shape;
    Geometry g{{x[2], x[3]}, {y[2], y[3]}, {weights[2], weights[3]}};
    g.strides = params.strides;
    g.dilations = params.dilations;
    g.pads = resolve_transposed(params, g.input, g.kernel).pads_begin;

    const float* image = inputs[0].as<float>().data();
    const float* filters = inputs[1].as<float>().data();
    const float* bias = is_present(inputs, 2) ? inputs[2].as<float>().data() : nullptr;
    float* result = outputs[0].as<float>().data();
    const int64_t plane = g.input[0] * g.input[1];
    const int64_t filter = g.kernel[0] * g.kernel[1];
    const int64_t group_inputs = x[1] / params.groups;
    std::vector<double> sums(g.output[0] * g.output[1]);
    for (int64_t n = 0; n < y[0]; ++n) {
        for (int64_t o = 0; o < y[1]; ++o) {
            std::ranges::fill(sums, bias ? bias[o] : 0.0);
            const int64_t first = o / weights[1] * group_inputs;
            for (int64_t c = first; c < first + group_inputs; ++c)
                spread(g, image + (n * x[1] + c) * plane,
                       filters + (c * weights[1] + o % weights[1]) * filter, sums);
            for (const double sum : sums) *result++ = static_cast<float>(sum);
        }
    }
    return {};
}

}  // namespace facet::reference
