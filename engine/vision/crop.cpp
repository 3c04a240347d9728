// SPDX-License-Identifier: MIT
// crop(): for some output rows at a time, blend the source rows of each plane, reduce their columns
// per component, convert, write.
#include "engine/vision/crop.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "engine/vision/bands.h"
#include "engine/vision/color_convert.h"
#include "engine/vision/pixel_layout.h"
#include "engine/vision/resample.h"
#include "engine/vision/shuffle.h"

namespace facet {
namespace {

// Grows to the largest crop its thread has made and stays.
struct Scratch {
    Bands bands;
    std::array<RowStretch, 3> stretches;                         // per band
    std::array<std::array<std::vector<Fixed>, 2>, 3> stretched;  // two source rows each
    std::vector<Fixed> rows, columns;                            // of a plane, kLanes output rows
    std::vector<Fixed> value_columns;           // of a band, each output's rows side by side
    std::array<std::vector<Fixed>, 3> values;   // per band: kLanes output rows
    std::array<std::vector<uint8_t>, 3> bytes;  // per converted component: the same
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

size_t padded(size_t count, size_t group) {
    return (count + group - 1) / group * group;
}

template <typename Element>
void grow(std::vector<Element>& memory, size_t count) {
    if (memory.size() < count) memory.resize(count);
}

// Output rows [first_row, first_row + rows), rows <= kLanes.
struct Block {
    int first_row, rows;
};

// Each source row is stretched to the outputs' width once, then two at a time are blended.
class BilinearWay {
  public:
    BilinearWay(const ImageView& image, Scratch& scratch) : scratch_(scratch) {
        for (int b = 0; b < scratch.bands.count(); ++b) {
            const Band& band = scratch.bands[b];
            const ByteSpan span = scratch.bands.bytes_of(band.plane);
            std::array<int, 3> offsets = band.offsets;
            for (int& offset : offsets) offset -= span.first;
            scratch.stretches[b].plan(*band.columns, band.channels, offsets, band.step,
                                      static_cast<int>(span.count));
            auto& rows = scratch.stretched[b];
            for (auto& row : rows) grow(row, padded(band.outputs(), kLanes));
            sources_[b] = {image.planes[band.plane] + span.first,
                           image.strides[band.plane],
                           {rows[0].data(), rows[1].data()}};
        }
    }
    void fill(int b, const Block& block, size_t stride) {
        const AxisTaps& rows = *scratch_.bands[b].rows;
        const int *first = rows.first.data(), *last = rows.last.data();
        const int16_t* weights = rows.last_weight.data();
        Fixed* values = scratch_.values[b].data();
        for (int i = block.first_row; i < block.first_row + block.rows; ++i, values += stride)
            blend(row(b, first[i]), row(b, last[i]), weights[i], stride, values);
    }

  private:
    struct Source {
        const uint8_t* origin;
        ptrdiff_t stride;
        std::array<Fixed*, 2> rows;
        std::array<int, 2> present{-1, -1};
    };

    // Neighbours differ in their last bit.
    const Fixed* row(int b, int index) {
        Source& source = sources_[b];
        Fixed* values = source.rows[index & 1];
        if (source.present[index & 1] == index) return values;
        source.present[index & 1] = index;
        scratch_.stretches[b].apply(source.origin + index * source.stride, values);
        return values;
    }

    Scratch& scratch_;
    std::array<Source, 3> sources_{};
};

// Rows first, while they are bytes; then columns, kLanes rows at a time.
class GeneralWay {
  public:
    GeneralWay(const ImageView& image, Scratch& scratch) : image_(image), scratch_(scratch) {}
    void fill(int b, const Block& block, size_t stride) {
        const Band& band = scratch_.bands[b];
        if (b == 0 || band.plane != scratch_.bands[b - 1].plane) resample_plane(band, block);
        grow(scratch_.value_columns, stride * kLanes);
        for (int channel = 0; channel < band.channels; ++channel)
            resample_columns(scratch_.columns.data(), band.offsets[channel] - span_.first,
                             band.step, *band.columns,
                             scratch_.value_columns.data() + channel * kLanes, band.channels);
        columns_to_rows(scratch_.value_columns.data(), stride, scratch_.values[b].data(), stride);
    }

  private:
    void resample_plane(const Band& band, const Block& block) {
        span_ = scratch_.bands.bytes_of(band.plane);
        // No power of two, or all rows would fall on the same places of the cache.
        const size_t stride = padded(span_.count, 64) + 32;
        grow(scratch_.rows, stride * kLanes);
        grow(scratch_.columns, stride * kLanes);
        for (int lane = 0; lane < block.rows; ++lane)
            resample_rows(image_.planes[band.plane] + span_.first, image_.strides[band.plane],
                          *band.rows, block.first_row + lane, span_.count,
                          scratch_.rows.data() + lane * stride);
        rows_to_columns(scratch_.rows.data(), stride, padded(span_.count, 8),
                        scratch_.columns.data());
    }

    const ImageView& image_;
    Scratch& scratch_;
    ByteSpan span_;
};

// Values of a block of `stride` outputs a row -> its rows of `out`.
void write_block(const ImageView& image, ColorModel model, const CropSpec& spec, const Block& block,
                 size_t stride, Scratch& scratch, std::span<uint8_t> out) {
    const size_t row_bytes = static_cast<size_t>(spec.width) * spec.channels();
    const size_t count = stride * block.rows;
    uint8_t* rows = out.data() + block.first_row * row_bytes;
    for (auto& bytes : scratch.bytes) grow(bytes, stride * kLanes);
    uint8_t* const bytes[3] = {scratch.bytes[0].data(), scratch.bytes[1].data(),
                               scratch.bytes[2].data()};
    const std::array<const Fixed*, 3> values{scratch.values[0].data(), scratch.values[1].data(),
                                             scratch.values[2].data()};
    const YuvCoefficients coefficients = yuv_coefficients(image.matrix, image.range);
    if (model == ColorModel::kYuv && spec.order != ColorOrder::kGray) {
        const bool red_first = spec.order == ColorOrder::kRgb;
        yuv_to_rgb(coefficients, values, count,
                   {bytes[red_first ? 0 : 2], bytes[1], bytes[red_first ? 2 : 0]});
        for (int lane = 0; lane < block.rows; ++lane)
            interleave(bytes[0] + lane * stride, bytes[1] + lane * stride, bytes[2] + lane * stride,
                       spec.width, rows + lane * row_bytes);
        return;
    }
    if (model == ColorModel::kYuv)
        yuv_to_gray(coefficients, values[0], count, bytes[0]);
    else if (is_converted(model, spec.order))
        rgb_to_gray(values, count, bytes[0]);
    else
        to_bytes(values[0], count, bytes[0]);
    for (int lane = 0; lane < block.rows; ++lane)
        std::memcpy(rows + lane * row_bytes, bytes[0] + lane * stride, row_bytes);
}

template <typename Way>
void crop_by(Way way, const ImageView& image, ColorModel model, const CropSpec& spec,
             Scratch& scratch, std::span<uint8_t> out) {
    const size_t stride = padded(scratch.bands[0].outputs(), kLanes);
    for (int b = 0; b < scratch.bands.count(); ++b) grow(scratch.values[b], stride * kLanes);
    for (int row = 0; row < spec.height; row += kLanes) {
        const Block block{row, std::min(kLanes, spec.height - row)};
        for (int b = 0; b < scratch.bands.count(); ++b) way.fill(b, block, stride);
        write_block(image, model, spec, block, stride, scratch, out);
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
    thread_local Scratch scratch;
    scratch.bands.plan(image, layout, inside, spec);
    const bool bilinear = scratch.bands[0].columns->interpolation == Interpolation::kLinear &&
                          scratch.bands[0].rows->interpolation == Interpolation::kLinear;
    if (bilinear)
        crop_by(BilinearWay(image, scratch), image, layout.model, spec, scratch, out);
    else
        crop_by(GeneralWay(image, scratch), image, layout.model, spec, scratch, out);
    return {};
}

}  // namespace facet
