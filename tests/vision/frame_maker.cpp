// SPDX-License-Identifier: MIT
// Writes pictures into frames, byte order by byte order, independently of engine/vision's table.
#include "tests/vision/frame_maker.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace facet::testing {
namespace {

uint8_t to_byte(double value) {
    return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

struct Yuv {
    double y, u, v;
};

Yuv to_yuv(const Rgb& rgb, const FrameOptions& options) {
    double kr = 0.299, kb = 0.114;
    if (options.matrix == ColorMatrix::kBt709) kr = 0.2126, kb = 0.0722;
    if (options.matrix == ColorMatrix::kBt2020) kr = 0.2627, kb = 0.0593;
    const double luma = kr * rgb.red + (1 - kr - kb) * rgb.green + kb * rgb.blue;
    const double cb = (rgb.blue - luma) / (2 * (1 - kb)), cr = (rgb.red - luma) / (2 * (1 - kr));
    if (options.range == ColorRange::kFull) return {luma, 128 + cb, 128 + cr};
    return {16 + luma * 219 / 255, 128 + cb * 224 / 255, 128 + cr * 224 / 255};
}

class Writer {
  public:
    Writer(PixelFormat format, int width, int height, const Picture& picture,
           const FrameOptions& options)
        : picture_(picture), options_(options) {
        frame_.view.format = format;
        frame_.view.width = width;
        frame_.view.height = height;
        frame_.view.matrix = options.matrix;
        frame_.view.range = options.range;
    }

    void add_plane(int row_bytes, int rows) {
        const size_t index = frame_.planes.size();
        const int stride = row_bytes + options_.padding;
        frame_.planes.push_back(std::make_unique<GuardedBytes>(
            static_cast<size_t>(stride) * (rows - 1) + row_bytes, options_.guard));
        frame_.view.planes[index] = frame_.planes.back()->data();
        frame_.view.strides[index] = stride;
    }

    uint8_t& byte(int plane, int x, int y) {
        return frame_.planes[plane]->data()[y * frame_.view.strides[plane] + x];
    }

    void packed(int bytes, int red, int green, int blue) {
        add_plane(width() * bytes, height());
        for (int y = 0; y < height(); ++y) {
            for (int x = 0; x < width(); ++x) {
                const Rgb rgb = picture_(x, y);
                // The byte that is none of the three must not matter.
                for (int b = 0; b < bytes; ++b) byte(0, x * bytes + b, y) = 77;
                byte(0, x * bytes + red, y) = to_byte(rgb.red);
                byte(0, x * bytes + green, y) = to_byte(rgb.green);
                byte(0, x * bytes + blue, y) = to_byte(rgb.blue);
            }
        }
    }

    void gray() {
        add_plane(width(), height());
        for (int y = 0; y < height(); ++y) {
            for (int x = 0; x < width(); ++x) {
                const Rgb rgb = picture_(x, y);
                byte(0, x, y) = to_byte(0.299 * rgb.red + 0.587 * rgb.green + 0.114 * rgb.blue);
            }
        }
    }

    void luma(int plane, int step, int offset) {
        for (int y = 0; y < height(); ++y)
            for (int x = 0; x < width(); ++x)
                byte(plane, x * step + offset, y) = to_byte(to_yuv(picture_(x, y), options_).y);
    }

    // U or V of blocks of block_width x block_height pixels.
    void chroma(bool is_u, int plane, int step, int offset, int block_width, int block_height) {
        for (int top = 0; top < height(); top += block_height) {
            for (int left = 0; left < width(); left += block_width) {
                double total = 0;
                int count = 0;
                for (int y = top; y < std::min(top + block_height, height()); ++y) {
                    for (int x = left; x < std::min(left + block_width, width()); ++x, ++count) {
                        const Yuv yuv = to_yuv(picture_(x, y), options_);
                        total += is_u ? yuv.u : yuv.v;
                    }
                }
                byte(plane, left / block_width * step + offset, top / block_height) =
                    to_byte(total / count);
            }
        }
    }

    [[nodiscard]] int width() const { return frame_.view.width; }
    [[nodiscard]] int height() const { return frame_.view.height; }
    [[nodiscard]] int half_width() const { return (width() + 1) / 2; }
    [[nodiscard]] int half_height() const { return (height() + 1) / 2; }
    Frame take() { return std::move(frame_); }

  private:
    const Picture& picture_;
    const FrameOptions options_;
    Frame frame_;
};

void write_planar(Writer& writer, int u_plane, int v_plane) {
    writer.add_plane(writer.width(), writer.height());
    writer.add_plane(writer.half_width(), writer.half_height());
    writer.add_plane(writer.half_width(), writer.half_height());
    writer.luma(0, 1, 0);
    writer.chroma(true, u_plane, 1, 0, 2, 2);
    writer.chroma(false, v_plane, 1, 0, 2, 2);
}

void write_semi_planar(Writer& writer, int u, int v) {
    writer.add_plane(writer.width(), writer.height());
    writer.add_plane(2 * writer.half_width(), writer.half_height());
    writer.luma(0, 1, 0);
    writer.chroma(true, 1, 2, u, 2, 2);
    writer.chroma(false, 1, 2, v, 2, 2);
}

void write_packed_422(Writer& writer, int y, int u, int v) {
    writer.add_plane(4 * writer.half_width(), writer.height());
    writer.luma(0, 2, y);
    writer.chroma(true, 0, 4, u, 2, 1);
    writer.chroma(false, 0, 4, v, 2, 1);
}

void write_y444(Writer& writer) {
    for (int plane = 0; plane < 3; ++plane) writer.add_plane(writer.width(), writer.height());
    writer.luma(0, 1, 0);
    writer.chroma(true, 1, 1, 0, 1, 1);
    writer.chroma(false, 2, 1, 0, 1, 1);
}

void write(Writer& writer, PixelFormat format) {
    switch (format) {
        case PixelFormat::kGray8:
            return writer.gray();
        case PixelFormat::kRgb:
            return writer.packed(3, 0, 1, 2);
        case PixelFormat::kBgr:
            return writer.packed(3, 2, 1, 0);
        case PixelFormat::kRgbx:
            return writer.packed(4, 0, 1, 2);
        case PixelFormat::kBgrx:
            return writer.packed(4, 2, 1, 0);
        case PixelFormat::kXrgb:
            return writer.packed(4, 1, 2, 3);
        case PixelFormat::kXbgr:
            return writer.packed(4, 3, 2, 1);
        case PixelFormat::kI420:
            return write_planar(writer, 1, 2);
        case PixelFormat::kYv12:
            return write_planar(writer, 2, 1);
        case PixelFormat::kNv12:
            return write_semi_planar(writer, 0, 1);
        case PixelFormat::kNv21:
            return write_semi_planar(writer, 1, 0);
        case PixelFormat::kYuy2:
            return write_packed_422(writer, 0, 1, 3);
        case PixelFormat::kUyvy:
            return write_packed_422(writer, 1, 0, 2);
        case PixelFormat::kY444:
            return write_y444(writer);
    }
}

}  // namespace

GuardedBytes::GuardedBytes(size_t size, Guard guard) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t usable = (size + page - 1) / page * page;
    mapped_ = usable + 2 * page;
    mapping_ = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    auto* first = static_cast<uint8_t*>(mapping_) + page;
    mprotect(first, usable, PROT_READ | PROT_WRITE);
    data_ = guard == Guard::kBefore ? first : first + usable - size;
}

GuardedBytes::~GuardedBytes() {
    munmap(mapping_, mapped_);
}

Frame make_frame(PixelFormat format, int width, int height, const Picture& picture,
                 const FrameOptions& options) {
    Writer writer(format, width, height, picture, options);
    write(writer, format);
    return writer.take();
}

}  // namespace facet::testing
