// SPDX-License-Identifier: MIT
// Frames of every pixel format out of one RGB picture, in memory that faults beyond its planes.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/vision/image_view.h"

namespace facet::testing {

struct Rgb {
    float red, green, blue;  // 0..255
};
using Picture = std::function<Rgb(int x, int y)>;

// Where a plane touches unmapped memory.
enum class Guard { kAfter, kBefore };

// Bytes whose end (or begin) is the end (or begin) of accessible memory.
class GuardedBytes {
  public:
    GuardedBytes(size_t size, Guard guard);
    ~GuardedBytes();
    GuardedBytes(const GuardedBytes&) = delete;
    GuardedBytes& operator=(const GuardedBytes&) = delete;
    [[nodiscard]] uint8_t* data() const { return data_; }

  private:
    void* mapping_ = nullptr;
    size_t mapped_ = 0;
    uint8_t* data_ = nullptr;
};

// A frame that owns its planes; each has exactly the bytes of its last row at its end.
struct Frame {
    ImageView view;
    std::vector<std::unique_ptr<GuardedBytes>> planes;
};

struct FrameOptions {
    ColorMatrix matrix = ColorMatrix::kBt601;
    ColorRange range = ColorRange::kLimited;
    int padding = 0;  // bytes between rows
    Guard guard = Guard::kAfter;
};

inline constexpr std::array kAllFormats{PixelFormat::kGray8, PixelFormat::kRgb,  PixelFormat::kBgr,
                                        PixelFormat::kRgbx,  PixelFormat::kBgrx, PixelFormat::kXrgb,
                                        PixelFormat::kXbgr,  PixelFormat::kI420, PixelFormat::kYv12,
                                        PixelFormat::kNv12,  PixelFormat::kNv21, PixelFormat::kYuy2,
                                        PixelFormat::kUyvy,  PixelFormat::kY444};

// Chroma is the mean of the pixels that share it. GRAY8 is BT.601 luma.
[[nodiscard]] Frame make_frame(PixelFormat format, int width, int height, const Picture& picture,
                               const FrameOptions& options = {});

}  // namespace facet::testing
