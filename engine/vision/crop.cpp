// SPDX-License-Identifier: MIT
// crop(): for some output rows at a time, blend the source rows of each plane, reduce their columns
// per component, convert, write.
#include "engine/vision/crop.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "engine/vision/color_convert.h"
#include "engine/vision/pixel_layout.h"
#include "engine/vision/resample.h"

namespace facet {
namespace {

// Grows to the largest crop its thread has made and stays.
struct Scratch {
    // Per plane and per component; those of equal axes are planned once.
    std::array<AxisTaps, 3> row_plans, column_plans;
    std::array<const AxisTaps*, 3> rows{}, columns{};
    std::vector<float> sums;          // blended rows, kLanes of them
    std::vector<float> sums_by_lane;  // the same, a column's rows side by side
    std::vector<float> values;        // a component's rows side by side for each output column
    std::vector<uint32_t> pixels, pixel_rows;
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

// In whole groups of four, which is what transpose() takes.
size_t padded(size_t count) {
    return (count + 3) / 4 * 4;
}

// Plans every axis. Chroma follows the interpolation of luma, so that both see the same pixels.
void plan(const ImageView& image, const PixelLayout& layout, int components, const Rect& region,
          const CropSpec& spec, Scratch& scratch) {
    const Interpolation across = interpolation_for(region.width, spec.width);
    const Interpolation down = interpolation_for(region.height, spec.height);
    for (int c = 0; c < components; ++c) {
        const int shift = layout.components[c].shift_x;
        if (c > 0 && shift == layout.components[c - 1].shift_x) {
            scratch.columns[c] = scratch.columns[c - 1];
            continue;
        }
        const double span = 1 << shift;
        scratch.column_plans[c].plan(region.x / span, region.width / span,
                                     (image.width + (1 << shift) - 1) >> shift, spec.width, across);
        scratch.columns[c] = &scratch.column_plans[c];
    }
    for (int p = 0; p < layout.plane_count; ++p) {
        if (p > 0 && layout.planes[p].shift_y == layout.planes[p - 1].shift_y) {
            scratch.rows[p] = scratch.rows[p - 1];
            continue;
        }
        const double span = 1 << layout.planes[p].shift_y;
        scratch.row_plans[p].plan(region.y / span, region.height / span,
                                  layout.planes[p].rows(image.height), spec.height, down);
        scratch.rows[p] = &scratch.row_plans[p];
    }
    const size_t block = padded(spec.width) * kLanes;
    if (scratch.pixels.size() >= block) return;
    scratch.values.resize(3 * block);
    scratch.pixels.resize(block);
    scratch.pixel_rows.resize(block);
}

// Output rows [first_row, first_row + rows), rows <= kLanes.
struct Block {
    int first_row, rows;
};

// The values of the components of plane `p` for a block.
void resample_plane(const ImageView& image, const PixelLayout& layout, int components, int p,
                    const Block& block, Scratch& scratch, const std::array<float*, 3>& values) {
    const PlaneLayout& plane = layout.planes[p];
    int first_pixel = image.width, end_pixel = 0;
    for (int c = 0; c < components; ++c) {
        if (layout.components[c].plane != p) continue;
        const int shift = layout.components[c].shift_x;
        first_pixel = std::min(first_pixel, scratch.columns[c]->begin << shift);
        end_pixel = std::max(end_pixel, std::min(scratch.columns[c]->end << shift, image.width));
    }
    if (first_pixel >= end_pixel) return;
    const int first_byte = first_pixel / plane.group_pixels * plane.group_bytes;
    const size_t bytes = plane.row_bytes(end_pixel) - first_byte, width = padded(bytes);
    if (scratch.sums.size() < width * kLanes) {
        scratch.sums.resize(width * kLanes);
        scratch.sums_by_lane.resize(width * kLanes);
    }

    const AxisTaps& rows = *scratch.rows[p];
    const ptrdiff_t stride = image.strides[p];
    for (int lane = 0; lane < block.rows; ++lane) {
        const int row = block.first_row + lane;
        blend_rows(image.planes[p] + rows.first[row] * stride + first_byte, stride,
                   rows.weights.data() + static_cast<size_t>(row) * rows.stride, rows.count[row],
                   bytes, scratch.sums.data() + lane * width);
    }
    transpose(scratch.sums.data(), width, padded(block.rows), width, scratch.sums_by_lane.data(),
              kLanes);
    for (int c = 0; c < components; ++c) {
        const ComponentLayout& component = layout.components[c];
        if (component.plane != p) continue;
        reduce_columns(scratch.sums_by_lane.data(), component.offset - first_byte, component.step,
                       *scratch.columns[c], values[c]);
    }
}

// A pixel's fourth byte is overwritten by the next one's first.
void write_row(const uint32_t* pixels, int width, int channels, uint8_t* out) {
    if (channels == 1) {
        for (int x = 0; x < width; ++x) out[x] = static_cast<uint8_t>(pixels[x]);
        return;
    }
    int x = 0;
    if constexpr (std::endian::native == std::endian::little)
        for (; x + 1 < width; ++x) std::memcpy(out + 3 * x, pixels + x, 4);
    for (; x < width; ++x)
        for (int byte = 0; byte < 3; ++byte)
            out[3 * x + byte] = static_cast<uint8_t>(pixels[x] >> 8 * byte);
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

    const size_t width = padded(spec.width), component_size = width * kLanes;
    float* first = scratch.values.data();
    const std::array<float*, 3> values{first, first + component_size, first + 2 * component_size};
    const YuvCoefficients coefficients = yuv_coefficients(image.matrix, image.range);
    const size_t row_bytes = static_cast<size_t>(spec.width) * spec.channels();
    for (int row = 0; row < spec.height; row += kLanes) {
        const Block block{row, std::min(kLanes, spec.height - row)};
        for (int p = 0; p < layout.plane_count; ++p)
            resample_plane(image, layout, components, p, block, scratch, values);
        pack_pixels(layout.model, coefficients, {values[0], values[1], values[2]},
                    static_cast<size_t>(spec.width) * kLanes, spec.order, scratch.pixels.data());
        transpose(scratch.pixels.data(), kLanes, width, kLanes, scratch.pixel_rows.data(), width);
        for (int lane = 0; lane < block.rows; ++lane)
            write_row(scratch.pixel_rows.data() + lane * width, spec.width, spec.channels(),
                      out.data() + (row + lane) * row_bytes);
    }
    return {};
}

}  // namespace facet
