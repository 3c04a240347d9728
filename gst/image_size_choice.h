// SPDX-License-Identifier: MIT
// Which of the image-size profiles a stream's frames run at.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/base/image_size.h"

namespace facet {

// The index of the size that frames are scaled to with the least harm, at the least cost:
//  - its aspect ratio is the frame's, or the closest there is: a ratio of ratios of up to 1.1 times
//    the least one counts as close as that (sizes are rounded to what models like);
//  - of those, it has the fewest pixels among the ones that are at least as wide and as high as the
//    frame, or, where none is, the most pixels;
//  - of equally many pixels the closer aspect wins, then the first.
// `pixel_aspect` is a pixel's width by its height. Precondition: sizes is not empty, no side is 0.
[[nodiscard]] size_t choose_image_size(const std::vector<ImageSize>& sizes, ImageSize frame,
                                       double pixel_aspect = 1);

}  // namespace facet
