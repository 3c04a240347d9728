// SPDX-License-Identifier: MIT
// The order of sizes for a frame.
#include "gst/image_size_choice.h"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace facet {

namespace {

constexpr double kAsClose = 1.1;

double aspect(ImageSize size) {
    return static_cast<double>(size.width) / size.height;
}

// 1 for the same aspect ratio, else by how much a frame would be stretched.
double stretch(ImageSize size, double frame_aspect) {
    const double ratio = aspect(size) / frame_aspect;
    return std::max(ratio, 1 / ratio);
}

int64_t pixels(ImageSize size) {
    return int64_t{size.width} * size.height;
}

}  // namespace

size_t choose_image_size(const std::vector<ImageSize>& sizes, ImageSize frame,
                         double pixel_aspect) {
    const double frame_aspect = aspect(frame) * pixel_aspect;
    double least = stretch(sizes.front(), frame_aspect);
    for (const ImageSize size : sizes) least = std::min(least, stretch(size, frame_aspect));

    // The lowest is the best; of equals the first.
    const auto rank = [&](ImageSize size) {
        const bool holds = size.width >= frame.width && size.height >= frame.height;
        const double stretched = stretch(size, frame_aspect);
        return std::tuple(stretched > kAsClose * least, !holds,
                          holds ? pixels(size) : -pixels(size), stretched);
    };
    const auto best = std::ranges::min_element(sizes, {}, rank);
    return static_cast<size_t>(best - sizes.begin());
}

}  // namespace facet
