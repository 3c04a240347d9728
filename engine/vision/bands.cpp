// SPDX-License-Identifier: MIT
// From a pixel format and a model's wish to bands, and the axes of each.
#include "engine/vision/bands.h"

#include <algorithm>
#include <limits>

namespace facet {
namespace {

Interpolation interpolation_for(double length, int outputs) {
    return length >= kAreaFromShrink * outputs ? Interpolation::kArea : Interpolation::kLinear;
}

}  // namespace

bool is_converted(ColorModel model, ColorOrder order) {
    return model == ColorModel::kYuv || (model == ColorModel::kRgb && order == ColorOrder::kGray);
}

void Bands::choose(const PixelLayout& layout, const CropSpec& spec) {
    const auto& components = layout.components;
    if (is_converted(layout.model, spec.order)) {
        const bool luma_only = layout.model == ColorModel::kYuv && spec.order == ColorOrder::kGray;
        count_ = luma_only ? 1 : layout.component_count;
        for (int c = 0; c < count_; ++c)
            bands_[c] = {components[c].plane, 1, components[c].step, {components[c].offset}};
        return;
    }
    count_ = 1;
    bands_[0] = {components[0].plane, spec.channels(), components[0].step};
    for (int channel = 0; channel < spec.channels(); ++channel) {
        const int color = spec.order == ColorOrder::kBgr ? 2 - channel : channel;
        bands_[0].offsets[channel] =
            components[layout.model == ColorModel::kRgb ? color : 0].offset;
    }
}

void Bands::plan(const ImageView& image, const PixelLayout& layout, const Rect& region,
                 const CropSpec& spec) {
    choose(layout, spec);
    const Interpolation across = interpolation_for(region.width, spec.width);
    const Interpolation down = interpolation_for(region.height, spec.height);
    for (int b = 0; b < count_; ++b) {
        Band& band = bands_[b];
        const PlaneLayout& plane = layout.planes[band.plane];
        const int shift_x = layout.components[b].shift_x;
        if (b > 0 && shift_x == layout.components[b - 1].shift_x) {
            band.columns = bands_[b - 1].columns;
        } else {
            const double share = shift_x == 0 ? 1 : 0.5;
            columns_[b].plan(region.x * share, region.width * share,
                             (image.width + (1 << shift_x) - 1) >> shift_x, spec.width, across);
            band.columns = &columns_[b];
        }
        if (b > 0 && plane.shift_y == layout.planes[bands_[b - 1].plane].shift_y) {
            band.rows = bands_[b - 1].rows;
        } else {
            const double share = plane.shift_y == 0 ? 1 : 0.5;
            rows_[b].plan(region.y * share, region.height * share, plane.rows(image.height),
                          spec.height, down);
            band.rows = &rows_[b];
        }
    }
}

ByteSpan Bands::bytes_of(int plane) const {
    int first = std::numeric_limits<int>::max(), end = 0;
    for (int b = 0; b < count_; ++b) {
        const Band& band = bands_[b];
        if (band.plane != plane) continue;
        const auto [least, most] =
            std::minmax_element(band.offsets.begin(), band.offsets.begin() + band.channels);
        first = std::min(first, *least + band.columns->begin * band.step);
        end = std::max(end, *most + (band.columns->end - 1) * band.step + 1);
    }
    return {first, static_cast<size_t>(end - first)};
}

}  // namespace facet
