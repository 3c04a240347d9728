// SPDX-License-Identifier: MIT
// crop(): per output row, blend the source rows of each plane, reduce their columns per component,
// convert, write.
#include "engine/vision/crop.h"

#include <string>

#include "engine/vision/color_convert.h"
#include "engine/vision/pixel_layout.h"
#include "engine/vision/resample.h"

namespace facet {
namespace {

// Grows to the largest crop its thread has made and stays.
struct Scratch {
    std::array<AxisTaps, 3> rows;     // per plane
    std::array<AxisTaps, 3> columns;  // per component
    std::vector<float> sums;
    std::vector<float> values;
};

std::string text(const Rect& rect) {
    return std::to_string(rect.width) + "x" + std::to_string(rect.height) + " at " +
           std::to_string(rect.x) + "," + std::to_string(rect.y);
}

Result<void> check(const ImageView& image, const Rect& region, const CropSpec& spec,
                   std::span<uint8_t> out) {
    if (spec.width < 1 || spec.height < 1)
        return Error{ErrorCode::kInvalidArgument, "crop to " + std::to_string(spec.width) + "x" +
                                                      std::to_string(spec.height) +
                                                      " has no pixels"};
    if (out.size() != spec.byte_size())
        return Error{ErrorCode::kInvalidArgument, "crop: " + std::to_string(out.size()) +
                                                      " bytes given, " +
                                                      std::to_string(spec.byte_size()) + " needed"};
    if (auto fault = fault_of(image)) return Error{ErrorCode::kInvalidArgument, "crop: " + *fault};
    if (!is_finite(region))
        return Error{ErrorCode::kInvalidArgument,
                     "crop: region " + text(region) + " is not finite"};
    return {};
}

Interpolation interpolation_for(double length, int outputs) {
    return length >= kAreaFromShrink * outputs ? Interpolation::kArea : Interpolation::kLinear;
}

// Plans every axis. Chroma follows the interpolation of luma, so that both see the same pixels.
void plan(const ImageView& image, const PixelLayout& layout, int components, const Rect& region,
          const CropSpec& spec, Scratch& scratch) {
    const Interpolation across = interpolation_for(region.width, spec.width);
    const Interpolation down = interpolation_for(region.height, spec.height);
    for (int c = 0; c < components; ++c) {
        const double span = 1 << layout.components[c].shift_x;
        const int samples =
            (image.width + (1 << layout.components[c].shift_x) - 1) >> layout.components[c].shift_x;
        scratch.columns[c].plan(region.x / span, region.width / span, samples, spec.width, across);
    }
    for (int p = 0; p < layout.plane_count; ++p) {
        const double span = 1 << layout.planes[p].shift_y;
        scratch.rows[p].plan(region.y / span, region.height / span,
                             layout.planes[p].rows(image.height), spec.height, down);
    }
    scratch.values.resize(static_cast<size_t>(spec.width) * 3);
}

// The values of the components of plane `p` for output row `row`.
void resample_plane(const ImageView& image, const PixelLayout& layout, int components, int p,
                    int row, Scratch& scratch, const ComponentRows& values) {
    const PlaneLayout& plane = layout.planes[p];
    int first_pixel = image.width, end_pixel = 0;
    for (int c = 0; c < components; ++c) {
        if (layout.components[c].plane != p) continue;
        const int shift = layout.components[c].shift_x;
        first_pixel = std::min(first_pixel, scratch.columns[c].begin << shift);
        end_pixel = std::max(end_pixel, std::min(scratch.columns[c].end << shift, image.width));
    }
    if (first_pixel >= end_pixel) return;
    const int first_byte = first_pixel / plane.group_pixels * plane.group_bytes;
    const size_t bytes = plane.row_bytes(end_pixel) - first_byte;
    if (scratch.sums.size() < bytes) scratch.sums.resize(bytes);

    const AxisTaps& rows = scratch.rows[p];
    const ptrdiff_t stride = image.strides[p];
    blend_rows(image.planes[p] + rows.first[row] * stride + first_byte, stride,
               rows.weights.data() + static_cast<size_t>(row) * rows.stride, rows.count[row], bytes,
               scratch.sums.data());
    for (int c = 0; c < components; ++c) {
        const ComponentLayout& component = layout.components[c];
        if (component.plane != p) continue;
        reduce_columns(scratch.sums.data(), component.offset - first_byte, component.step,
                       scratch.columns[c], values[c]);
    }
}

}  // namespace

Result<void> crop(const ImageView& image, const Rect& region, const CropSpec& spec,
                  std::span<uint8_t> out) {
    FACET_TRY(check(image, region, spec, out));
    const Rect inside = clip(region, image.width, image.height);
    if (inside.width < 1 || inside.height < 1)
        return Error{ErrorCode::kInvalidArgument, "crop: less than one pixel of region " +
                                                      text(region) + " lies inside the " +
                                                      std::to_string(image.width) + "x" +
                                                      std::to_string(image.height) + " frame"};

    const PixelLayout layout = layout_of(image.format);
    const bool luma_only = spec.order == ColorOrder::kGray && layout.model == ColorModel::kYuv;
    const int components = luma_only ? 1 : layout.component_count;
    thread_local Scratch scratch;
    plan(image, layout, components, inside, spec, scratch);

    float* values = scratch.values.data();
    const ComponentRows rows{values, values + spec.width, values + 2 * spec.width};
    const YuvCoefficients coefficients = yuv_coefficients(image.matrix, image.range);
    const size_t row_bytes = static_cast<size_t>(spec.width) * spec.channels();
    for (int row = 0; row < spec.height; ++row) {
        for (int p = 0; p < layout.plane_count; ++p)
            resample_plane(image, layout, components, p, row, scratch, rows);
        write_row(layout.model, coefficients, rows, spec.width, spec.order,
                  out.data() + row * row_bytes);
    }
    return {};
}

}  // namespace facet
