// SPDX-License-Identifier: MIT
// The macros of kernels that slide a window over an image.
#pragma once

#include "engine/backends/gpu/kernel_source.h"
#include "engine/backends/gpu/view.h"
#include "engine/graph/shape_inference.h"

namespace facet::gpu {

struct Window {
    Extent2 kernel{1, 1}, strides{1, 1}, dilations{1, 1}, pads{0, 0};  // pads: at the beginning
};

// X_..., IN_H, IN_W: an input of four axes.
void define_image(KernelSpec& spec, const View& x, const Shape& item);
// CHANNELS, OUT_W, OUT_PIXELS, Y_ITEM: a result of four axes.
void define_planes(KernelSpec& spec, const Shape& item);
void define_window(KernelSpec& spec, const Window& window);

}  // namespace facet::gpu
