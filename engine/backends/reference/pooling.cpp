// SPDX-License-Identifier: MIT
// Reference pooling of images and volumes: maxima, where they lie, and averages.
#include <algorithm>
#include <limits>

#include "engine/backends/reference/operands.h"
#include "engine/backends/reference/places.h"
#include "engine/graph/shape_inference.h"

namespace facet::reference {

namespace {

template <size_t kAxes>
struct Window {
    Extents<kAxes> input;
    Extents<kAxes> padded_end;  // one past the last padded place, in input coordinates
    Extents<kAxes> begin;       // of this window, may be negative
    Extents<kAxes> kernel, dilations;
};

constexpr int64_t kInPadding = -1;

// Calls `visit` with where each tap lies in the plane, or kInPadding; what ceil_mode adds beyond
// the declared padding is left out.
template <size_t kAxes, typename Visit>
void for_each_tap(const Window<kAxes>& w, const Visit& visit) {
    for_each_place(w.kernel, [&](const Extents<kAxes>& tap) {
        Extents<kAxes> at;
        for (size_t axis = 0; axis < kAxes; ++axis) {
            at[axis] = w.begin[axis] + tap[axis] * w.dilations[axis];
            if (at[axis] >= w.padded_end[axis]) return;
        }
        visit(is_inside(at, w.input) ? offset_of(at, w.input) : kInPadding);
    });
}

template <size_t kAxes>
double maximum(const float* plane, const Window<kAxes>& w) {
    double result = std::numeric_limits<float>::lowest();
    for_each_tap(w, [&](int64_t offset) {
        if (offset != kInPadding) result = std::max<double>(result, plane[offset]);
    });
    return result;
}

// The first of equals; 0 where the window holds nothing.
template <size_t kAxes>
int64_t place_of_maximum(const float* plane, const Window<kAxes>& w) {
    int64_t best = kInPadding;
    for_each_tap(w, [&](int64_t offset) {
        if (offset != kInPadding && (best == kInPadding || plane[offset] > plane[best]))
            best = offset;
    });
    return std::max<int64_t>(best, 0);
}

// With `include_pad` the declared padding counts as zeros.
template <size_t kAxes>
double average(const float* plane, const Window<kAxes>& w, bool include_pad) {
    double sum = 0;
    int64_t count = 0;
    for_each_tap(w, [&](int64_t offset) {
        if (offset != kInPadding) sum += plane[offset];
        count += offset != kInPadding || include_pad;
    });
    return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

// The same place counted column by column.
template <size_t kAxes>
int64_t column_major(int64_t offset, const Extents<kAxes>& box) {
    Extents<kAxes> at;
    for (size_t axis = kAxes; axis-- > 0; offset /= box[axis]) at[axis] = offset % box[axis];
    int64_t result = 0;
    for (size_t axis = kAxes; axis-- > 0;) result = result * box[axis] + at[axis];
    return result;
}

template <size_t kAxes>
Window<kAxes> window_of(const PoolingOver<kAxes>& params, const Extents<kAxes>& input,
                        const ResolvedPadsOver<kAxes>& pads) {
    Window<kAxes> window{.input = input,
                         .padded_end = {},
                         .begin = {},
                         .kernel = params.kernel,
                         .dilations = params.dilations};
    for (size_t axis = 0; axis < kAxes; ++axis)
        window.padded_end[axis] = input[axis] + pads.end[axis];
    return window;
}

// Calls `write(plane, window)` for each element of the result, in order.
template <size_t kAxes, typename Write>
void for_each_window(const PoolingOver<kAxes>& params, const Shape& x, const Shape& y,
                     const Write& write) {
    const auto input = spatial_extents<kAxes>(x);
    const auto pads = resolve_pads(params.auto_pad, params.pads_begin, params.pads_end, input,
                                   params.kernel, params.strides, params.dilations);
    Window<kAxes> window = window_of(params, input, pads);
    for (int64_t plane = 0; plane < x[0] * x[1]; ++plane) {
        for_each_place(spatial_extents<kAxes>(y), [&](const Extents<kAxes>& place) {
            for (size_t axis = 0; axis < kAxes; ++axis)
                window.begin[axis] = place[axis] * params.strides[axis] - pads.begin[axis];
            write(plane, window);
        });
    }
}

}  // namespace

template <size_t kAxes>
Result<void> run_op(const PoolingOver<kAxes>& params, Inputs inputs, Outputs outputs) {
    const Shape& x = inputs[0].shape;
    const int64_t size = place_count(spatial_extents<kAxes>(x));
    const float* image = inputs[0].as<float>().data();
    if (params.kind == PoolingKind::kMaxIndex) {
        FACET_TRY(require_f32(inputs, {}));
        int64_t* result = outputs[0].as<int64_t>().data();
        for_each_window(params, x, outputs[0].shape,
                        [&](int64_t plane, const Window<kAxes>& window) {
                            int64_t place = place_of_maximum(image + plane * size, window);
                            if (params.column_major) place = column_major(place, window.input);
                            *result++ = plane * size + place;
                        });
        return {};
    }
    FACET_TRY(require_f32(inputs, outputs));
    float* result = outputs[0].as<float>().data();
    for_each_window(params, x, outputs[0].shape, [&](int64_t plane, const Window<kAxes>& window) {
        const float* from = image + plane * size;
        *result++ = static_cast<float>(params.kind == PoolingKind::kMax
                                           ? maximum(from, window)
                                           : average(from, window, params.count_include_pad));
    });
    return {};
}
template Result<void> run_op(const PoolingParams&, Inputs, Outputs);
template Result<void> run_op(const VolumePoolingParams&, Inputs, Outputs);

}  // namespace facet::reference
