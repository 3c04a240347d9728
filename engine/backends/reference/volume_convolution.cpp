// SPDX-License-Identifier: MIT
// Reference convolutions of volumes, direct and transposed, one element at a time.
#include <algorithm>
#include <vector>

#include "engine/backends/reference/operands.h"
#include "engine/backends/reference/places.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

struct Geometry {
    Extent3 input, output, kernel;
    Extent3 strides, dilations, pads;
};

// Where a tap of the window at `place` lies in what the window slides over.
Extent3 tap_at(const Geometry& g, const Extent3& place, const Extent3& tap) {
    Extent3 at;
    for (size_t axis = 0; axis < 3; ++axis)
        at[axis] = place[axis] * g.strides[axis] - g.pads[axis] + tap[axis] * g.dilations[axis];
    return at;
}

double response(const Geometry& g, const float* volume, const float* filter, const Extent3& place) {
    double sum = 0;
    for_each_place(g.kernel, [&](const Extent3& tap) {
        const Extent3 at = tap_at(g, place, tap);
        if (is_inside(at, g.input)) sum += double{volume[offset_of(at, g.input)]} * *filter;
        ++filter;
    });
    return sum;
}

// Adds one input volume's share of one output volume.
void spread(const Geometry& g, const float* volume, const float* filter,
            std::vector<double>& sums) {
    for_each_place(g.input, [&](const Extent3& place) {
        const double element = *volume++;
        const float* weight = filter;
        for_each_place(g.kernel, [&](const Extent3& tap) {
            const Extent3 at = tap_at(g, place, tap);
            if (is_inside(at, g.output)) sums[offset_of(at, g.output)] += element * *weight;
            ++weight;
        });
    });
}

// Without pads, which each kind of convolution resolves in its own way.
template <typename Params>
Geometry geometry_of(const Params& params, const Shape& x, const Shape& weights, const Shape& y) {
    return {.input = spatial_extents<3>(x),
            .output = spatial_extents<3>(y),
            .kernel = spatial_extents<3>(weights),
            .strides = params.strides,
            .dilations = params.dilations,
            .pads = {}};
}

const float* bias_of(Inputs inputs) {
    return is_present(inputs, 2) ? inputs[2].as<float>().data() : nullptr;
}

}  // namespace

Result<void> run_op(const VolumeConvolutionParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& x = inputs[0].shape;
    const Shape& weights = inputs[1].shape;
    const Shape& y = outputs[0].shape;
    Geometry g = geometry_of(params, x, weights, y);
    g.pads = resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, g.input, g.kernel,
                          params.strides, params.dilations)
                 .begin;
    const float* bias = bias_of(inputs);
    const int64_t filter_size = place_count(g.kernel), volume_size = place_count(g.input);
    float* result = outputs[0].as<float>().data();
    for (int64_t n = 0; n < y[0]; ++n) {
        for (int64_t o = 0; o < y[1]; ++o) {
            const int64_t first = o / (weights[0] / params.groups) * weights[1];
            const float* source = inputs[0].as<float>().data() + (n * x[1] + first) * volume_size;
            const float* filter = inputs[1].as<float>().data() + o * weights[1] * filter_size;
            for_each_place(g.output, [&](const Extent3& place) {
                double sum = bias != nullptr ? bias[o] : 0.0;
                for (int64_t c = 0; c < weights[1]; ++c)
                    sum += response(g, source + c * volume_size, filter + c * filter_size, place);
                *result++ = static_cast<float>(sum);
            });
        }
    }
    return {};
}

Result<void> run_op(const VolumeTransposedConvolutionParams& params, Inputs inputs,
                    Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& x = inputs[0].shape;
    const Shape& weights = inputs[1].shape;
    const Shape& y = outputs[0].shape;
    Geometry g = geometry_of(params, x, weights, y);
    g.pads = resolve_transposed(params, g.input, g.kernel).pads_begin;
    const float* bias = bias_of(inputs);
    const int64_t filter_size = place_count(g.kernel), volume_size = place_count(g.input);
    const int64_t group_inputs = x[1] / params.groups;
    float* result = outputs[0].as<float>().data();
    std::vector<double> sums(place_count(g.output));
    for (int64_t n = 0; n < y[0]; ++n) {
        for (int64_t o = 0; o < y[1]; ++o) {
            std::ranges::fill(sums, bias != nullptr ? bias[o] : 0.0);
            const int64_t first = o / weights[1] * group_inputs;
            for (int64_t c = first; c < first + group_inputs; ++c)
                spread(
                    g, inputs[0].as<float>().data() + (n * x[1] + c) * volume_size,
                    inputs[1].as<float>().data() + (c * weights[1] + o % weights[1]) * filter_size,
                    sums);
            for (const double sum : sums) *result++ = static_cast<float>(sum);
        }
    }
    return {};
}

}  // namespace facet::reference
