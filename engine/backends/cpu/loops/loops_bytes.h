// SPDX-License-Identifier: MIT
// Facet's own loops over bytes, channels last: positions (pixels of all rows) times channels.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/graph/ops.h"

namespace facet::cpu {

struct BytePlane {
    int64_t positions = 0, channels = 0;
};

// byte -> tables[256 c + byte], with one table for all channels or one for each.
class ByteTableLoop {
  public:
    ByteTableLoop(BytePlane plane, std::vector<uint8_t> tables);
    void run(const uint8_t* source, uint8_t* result) const;

  private:
    BytePlane plane_;
    std::vector<uint8_t> tables_;
};

// Floats in any layout a ChannelView describes -> the nearest whole number (halves to even) of
// scale x + shift, within [low, high], as bytes (-128 is 0x80).
class QuantizeLoop {
  public:
    // One factor, or one per channel.
    QuantizeLoop(const onednn::ChannelView& view, std::vector<float> scale,
                 std::vector<float> shift, float low, float high);
    void run(const float* source, uint8_t* result) const;

  private:
    // Three planes, as pixels come.
    void run_planes(const float* source, uint8_t* result) const;

    onednn::ChannelView view_;
    std::vector<float> scale_, shift_;  // by channel
    float low_, high_;
};

// steps (byte - zero point), in the bytes' order.
class DequantizeLoop {
  public:
    // One step, or one per channel.
    DequantizeLoop(BytePlane plane, bool is_signed, std::vector<float> steps, int zero_point);
    void run(const uint8_t* source, float* result) const;

  private:
    BytePlane plane_;
    bool is_signed_;
    std::vector<float> steps_;
    float zero_point_;
};

// The largest byte of each window, twice as fast as oneDNN finds it: of the lines first, which lie
// side by side, then of the columns. Windows may reach over the edges but hold one pixel at least.
class ByteMaxLoop {
  public:
    struct Window {
        Extent2 source, result, kernel, strides, dilations, pads_begin;
    };
    ByteMaxLoop(int64_t rows, int64_t channels, const Window& window, bool is_signed);
    void run(const uint8_t* source, uint8_t* result) const;

  private:
    template <typename Byte>
    void run_on(const Byte* source, Byte* result) const;

    int64_t rows_, channels_;
    Window window_;
    bool is_signed_;
};

// Joins channels of several sources, each through a table of its own (empty: as they are).
class ByteConcatLoop {
  public:
    struct Part {
        int64_t channels = 0;
        std::vector<uint8_t> table;
        bool in_place = false;  // its bytes are where they belong already
    };
    ByteConcatLoop(int64_t positions, std::vector<Part> parts);
    void run(const void* const* sources, uint8_t* result) const;

  private:
    int64_t positions_, channels_ = 0;
    std::vector<Part> parts_;
};

}  // namespace facet::cpu
