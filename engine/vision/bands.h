// SPDX-License-Identifier: MIT
// Which values a crop is resampled as, and from which samples. Private to vision.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "engine/vision/axis_taps.h"
#include "engine/vision/crop.h"
#include "engine/vision/image_view.h"
#include "engine/vision/pixel_layout.h"

namespace facet {

// Whether the output's values are computed from the components, not just rounded.
[[nodiscard]] bool is_converted(ColorModel model, ColorOrder order);

// One kind of value of every output row: a component that is to be converted, or else the pixels'
// bytes side by side. Sample s of a channel is byte offsets[channel] + s * step of a plane's row.
struct Band {
    int plane = 0, channels = 1, step = 1;
    std::array<int, 3> offsets{};
    const AxisTaps *rows = nullptr, *columns = nullptr;  // of the bands it belongs to

    // Of a row.
    [[nodiscard]] size_t outputs() const {
        return static_cast<size_t>(columns->outputs) * channels;
    }
};

// What a plane's bands need of its rows.
struct ByteSpan {
    int first = 0;
    size_t count = 0;
};

// The bands of a crop, in the order of their planes. Reused between calls so that its memory is.
// Thread-bound.
class Bands {
  public:
    // `region` lies inside the image. Chroma follows the interpolation of luma, so that both see
    // the same pixels.
    void plan(const ImageView& image, const PixelLayout& layout, const Rect& region,
              const CropSpec& spec);
    [[nodiscard]] int count() const { return count_; }
    [[nodiscard]] const Band& operator[](int band) const { return bands_[band]; }
    [[nodiscard]] ByteSpan bytes_of(int plane) const;

  private:
    void choose(const PixelLayout& layout, const CropSpec& spec);

    std::array<AxisTaps, 3> rows_, columns_;  // those of equal axes are planned once
    std::array<Band, 3> bands_;
    int count_ = 0;
};

}  // namespace facet
