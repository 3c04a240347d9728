// SPDX-License-Identifier: MIT
// Reference max and average pooling.
#include <algorithm>
#include <limits>

#include "engine/backends/reference/operands.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

struct Window {
    Extent2 input;       // height, width
    Extent2 padded_end;  // one past the last padded row and column, in input coordinates
    Extent2 begin;       // of this window, may be negative
    Extent2 kernel, dilations;
};

double maximum(const float* image, const Window& w) {
    double result = std::numeric_limits<float>::lowest();
    for (int64_t ky = 0; ky < w.kernel[0]; ++ky) {
        for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const int64_t y = w.begin[0] + ky * w.dilations[0];
            const int64_t x = w.begin[1] + kx * w.dilations[1];
            if (y < 0 || y >= w.input[0] || x < 0 || x >= w.input[1]) continue;
            result = std::max<double>(result, image[y * w.input[1] + x]);
        }
    }
    return result;
}

// With `include_pad` the declared padding counts as zeros; what ceil_mode adds beyond never counts.
double average(const float* image, const Window& w, bool include_pad) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t ky = 0; ky < w.kernel[0]; ++ky) {
        for (int64_t kx = 0; kx < w.kernel[1]; ++kx) {
            const int64_t y = w.begin[0] + ky * w.dilations[0];
            const int64_t x = w.begin[1] + kx * w.dilations[1];
            if (y >= w.padded_end[0] || x >= w.padded_end[1]) continue;
            const bool inside = y >= 0 && y < w.input[0] && x >= 0 && x < w.input[1];
            if (inside) sum += image[y * w.input[1] + x];
            count += inside || include_pad;
        }
    }
    return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

}  // namespace

Result<void> run_op(const PoolingParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Shape& x = inputs[0].shape;
    const Shape& y = outputs[0].shape;
    Window window;
    window.input = {x[2], x[3]};
    window.kernel = params.kernel;
    window.dilations = params.dilations;
    const ResolvedPads pads =
        resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, window.input,
                     params.kernel, params.strides, params.dilations);
    window.padded_end = {x[2] + pads.end[0], x[3] + pads.end[1]};

    const float* image = inputs[0].as<float>().data();
    float* result = outputs[0].as<float>().data();
    for (int64_t plane = 0; plane < x[0] * x[1]; ++plane, image += x[2] * x[3]) {
        for (int64_t row = 0; row < y[2]; ++row) {
            for (int64_t column = 0; column < y[3]; ++column) {
                window.begin = {row * params.strides[0] - pads.begin[0],
                                column * params.strides[1] - pads.begin[1]};
                const double value = params.kind == PoolingParams::Kind::kMax
                                         ? maximum(image, window)
                                         : average(image, window, params.count_include_pad);
                *result++ = static_cast<float>(value);
            }
        }
    }
    return {};
}

}  // namespace facet::reference
