// SPDX-License-Identifier: MIT
// Facet's own loops, for what oneDNN lacks. All are built once per program and reentrant to run;
// those that take a share do only that.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/backends/cpu/threads/share.h"
#include "engine/graph/ops.h"

namespace facet::cpu {

// a op b with numpy broadcasting over row-major floats.
class BroadcastLoop {
  public:
    // The three have the same rank; an operand's extent is the result's or 1.
    BroadcastLoop(const onednn::Dims& result, const onednn::Dims& left, const onednn::Dims& right);
    void run(EltwiseParams::Kind kind, const float* left, const float* right, float* result) const;

  private:
    struct Axis {
        int64_t extent, left, right;  // steps in elements
    };
    std::vector<Axis> axes_;  // outermost first, at least one; neighbours that step alike are one
};

// Copies a box of elements with steps per axis into a row-major result.
class CutLoop {
  public:
    struct Axis {
        int64_t extent, step;  // step in source elements, negative to walk backwards
    };
    // `axes` outermost first; `offset` of the first element, in elements.
    CutLoop(std::vector<Axis> axes, int64_t offset, size_t element_size);
    void run(const void* source, void* result) const;

  private:
    std::byte* copy(size_t axis, const std::byte* source, std::byte* result) const;

    std::vector<Axis> axes_;
    int64_t offset_;
    size_t element_size_;
};

// FakeQuantize with ranges per tensor or per channel on any layout a ChannelView describes.
class FakeQuantizeLoop {
  public:
    struct Range {
        float input_low, input_high, output_low, output_high;
    };
    // One range, or one per channel of `view`.
    FakeQuantizeLoop(const onednn::ChannelView& view, const std::vector<Range>& ranges,
                     int64_t levels);
    void run(const float* source, float* result) const;

    // y = x <= low ? below : x > high ? above : round((x - origin) * scale) * step + base
    enum Field { kLow, kHigh, kBelow, kAbove, kOrigin, kScale, kStep, kBase, kFields };

  private:
    onednn::ChannelView view_;
    bool uniform_ = false;                           // one range and no padding
    std::array<std::vector<float>, kFields> lanes_;  // one element, or one per stored channel
};

// Nearest-neighbour resize of height and width on any layout a ChannelView describes.
class NearestLoop {
  public:
    // The source row of each result row, the source column of each result column.
    NearestLoop(const onednn::ChannelView& source, int64_t source_width, std::vector<int64_t> rows,
                std::vector<int64_t> columns);
    void run(const float* source, float* result) const;

  private:
    int64_t planes_, plane_, width_, lanes_;
    std::vector<int64_t> rows_, columns_;
};

// x < 0 ? slope x : x, with one slope or one per channel, on any layout a ChannelView describes.
class SlopeLoop {
  public:
    SlopeLoop(const onednn::ChannelView& view, std::span<const float> slopes);
    void run(const float* source, float* result, Share share = {}) const;

  private:
    onednn::ChannelView view_;
    std::vector<float> slopes_;  // one, or one per stored channel
};

// Softmax over the last axis where it is short: vectors run over the rows.
class SoftmaxLoop {
  public:
    static constexpr int64_t kWidest = 16;
    SoftmaxLoop(int64_t rows, int64_t width) : rows_(rows), width_(width) {}
    void run(const float* source, float* result, Share share = {}) const;

  private:
    int64_t rows_, width_;  // 1 <= width <= kWidest
};

// Puts pieces side by side: group i of the result is piece i of every source, in order.
class JoinLoop {
  public:
    JoinLoop(int64_t groups, std::vector<size_t> piece_bytes);
    void run(std::span<void* const> sources, void* result, Share share = {}) const;

  private:
    int64_t groups_;
    std::vector<size_t> piece_bytes_;  // by source
    size_t group_bytes_ = 0;
};

// Copies `count` pieces of `size` bytes whose starts lie the given numbers of bytes apart.
void copy_strided(const void* source, size_t source_step, void* result, size_t result_step,
                  size_t size, int64_t count);

}  // namespace facet::cpu
