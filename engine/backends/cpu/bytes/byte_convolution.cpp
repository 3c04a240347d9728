// SPDX-License-Identifier: MIT
// Packing of the weights, the choice of runs, and the walk over blocks of tiles.
#include "engine/backends/cpu/bytes/byte_convolution.h"

#include <algorithm>
#include <cstring>

namespace facet::cpu {

namespace {

using Geometry = ByteConvolution::Geometry;

constexpr int64_t kTileRows = PositionTiles::kRows;
constexpr int64_t kAlignment = 64;
constexpr int64_t kSlack = 64;  // bytes that pieces may read behind the last position
constexpr int64_t kBlockSums = 2 * kTileRows * SumBlock::kRowSums;
constexpr int kSignedOffset = 128;

int64_t round_up(int64_t value, int64_t step) {
    return (value + step - 1) / step * step;
}

bool has_margins(const Geometry& geometry) {
    const auto reach = [&](int axis, int64_t results) {
        return (results - 1) * geometry.strides[axis] +
               (geometry.kernel[axis] - 1) * geometry.dilations[axis] + 1;
    };
    return geometry.pad_top > 0 || geometry.pad_left > 0 ||
           reach(0, geometry.result_height) > geometry.height ||
           reach(1, geometry.result_width) > geometry.width;
}

// The same convolution with the least kernel and the longest lines. Weights keep their order.
Geometry simplest(Geometry geometry) {
    const bool dense = geometry.dilations == std::array<int64_t, 2>{1, 1};
    if (has_margins(geometry) || !dense) return geometry;
    if (geometry.kernel == std::array<int64_t, 2>{geometry.height, geometry.width}) {
        geometry.channels *= geometry.height * geometry.width;
        geometry.height = geometry.width = 1;
        geometry.kernel = geometry.strides = {1, 1};
    }
    if (geometry.kernel == std::array<int64_t, 2>{1, 1} &&
        geometry.strides == std::array<int64_t, 2>{1, 1}) {
        geometry.width *= geometry.rows * geometry.height;
        geometry.result_width *= geometry.rows * geometry.result_height;
        geometry.rows = geometry.height = geometry.result_height = 1;
    }
    return geometry;
}

// How a position's bytes are cut, wherever they lie.
struct Cut {
    int64_t taps = 0, tap_bytes = 0;  // stretches that lie together
    int64_t pieces_per_tap = 0, piece_bytes = 0;

    [[nodiscard]] int64_t padded_bytes() const { return taps * pieces_per_tap * piece_bytes; }
    [[nodiscard]] bool is_exact() const { return pieces_per_tap * piece_bytes == tap_bytes; }
};

Cut cut_of(const Geometry& geometry) {
    const bool dense = geometry.dilations[1] == 1;
    Cut cut;
    cut.taps = geometry.kernel[0] * (dense ? 1 : geometry.kernel[1]);
    cut.tap_bytes = geometry.channels * (dense ? geometry.kernel[1] : 1);
    cut.pieces_per_tap = (cut.tap_bytes + BytePieces::kMost - 1) / BytePieces::kMost;
    cut.piece_bytes = round_up((cut.tap_bytes + cut.pieces_per_tap - 1) / cut.pieces_per_tap, 4);
    return cut;
}

int64_t panels_of(const Geometry& geometry) {
    return (geometry.result_channels + kPanelChannels - 1) / kPanelChannels;
}

MultiplyBytes multiplier(ByteInstructions instructions) {
    if (instructions == ByteInstructions::kAmx) return multiply_bytes_amx;
    return instructions == ByteInstructions::kVnni ? multiply_bytes_vnni : multiply_bytes_plain;
}

}  // namespace

// A thread's own memory and position in the work. The sums of one block are finished while those of
// the next are under way, so that neither waits for the other.
struct ByteConvolution::Worker {
    const ByteConvolution& convolution;
    const Memory& memory;
    const ByteFinish& finish;
    const uint8_t* source;
    int32_t* sums;  // of two blocks
    uint8_t* gathered;
    const MultiplyBytes multiply = multiplier(convolution.instructions_);
    const FinishSums finish_sums = convolution.instructions_ == ByteInstructions::kPlain
                                       ? finish_sums_plain
                                       : finish_sums_avx512;
    SumStretch stretches[2][2 * kTileRows];
    int turn = 0, place_turn = 0;
    SumBlock pending{};

    void run_block(int64_t block, int64_t part);
    void finish_pending() {
        if (pending.count > 0) finish_sums(finish, pending, memory.result, memory.summand);
        pending.count = 0;
    }
};

ByteConvolution::ByteConvolution(const Geometry& geometry, int threads,
                                 ByteInstructions instructions)
    : geometry_(simplest(geometry)), threads_(threads), instructions_(instructions) {
    const Geometry& shape = geometry_;
    const Cut cut = cut_of(shape);
    copies_ = has_margins(shape) || shape.is_signed;
    height_ = shape.height;
    width_ = shape.width;
    if (has_margins(shape)) {
        const auto reach = [&](int axis, int64_t results) {
            return (results - 1) * shape.strides[axis] +
                   (shape.kernel[axis] - 1) * shape.dilations[axis] + 1;
        };
        height_ = reach(0, shape.result_height);
        width_ = reach(1, shape.result_width);
    }
    taps_ = cut.taps;
    tap_bytes_ = cut.tap_bytes;
    pieces_.bytes = cut.piece_bytes;
    const int64_t columns = cut.taps / shape.kernel[0];
    for (int64_t tap = 0; tap < taps_; ++tap)
        tap_offsets_.push_back(
            (tap / columns * shape.dilations[0] * width_ + tap % columns * shape.dilations[1]) *
            shape.channels);
    panels_ = panels_of(shape);
    const bool dense_steps = shape.strides == std::array<int64_t, 2>{1, 1};
    lay_out(dense_steps ? Runs::kImages : Runs::kLines);
    const double in_place = cost();
    lay_out(Runs::kGathered);
    if (in_place > cost()) return;
    lay_out(dense_steps ? Runs::kImages : Runs::kLines);
    // The last pieces would reach behind the source.
    copies_ = copies_ || !cut.is_exact();
}

void ByteConvolution::lay_out(Runs runs) {
    const Geometry& shape = geometry_;
    const Cut cut = cut_of(shape);
    runs_ = runs;
    line_pixels_ = line_ = shape.result_width;
    step_ = shape.strides[1] * shape.channels;
    run_count_ = shape.rows;
    if (runs == Runs::kImages) {
        line_ = width_;
        run_length_ = (shape.result_height - 1) * width_ + shape.result_width;
    } else if (runs == Runs::kLines) {
        run_count_ *= shape.result_height;
        run_length_ = shape.result_width;
    } else {
        run_length_ = line_ = line_pixels_ = shape.rows * shape.result_height * shape.result_width;
        run_count_ = 1;
        step_ = cut.padded_bytes();
    }
    pieces_.offsets.clear();
    for (int64_t tap = 0; tap < taps_; ++tap)
        for (int64_t piece = 0; piece < cut.pieces_per_tap; ++piece)
            pieces_.offsets.push_back((runs == Runs::kGathered
                                           ? tap * cut.pieces_per_tap * cut.piece_bytes
                                           : tap_offsets_[tap]) +
                                      piece * cut.piece_bytes);
    tile_rows_ = static_cast<int>(std::min(kTileRows, run_length_));
    tiles_per_run_ = (run_length_ + kTileRows - 1) / kTileRows;
    tiles_ = tiles_per_run_ * run_count_;
    const int64_t blocks = (tiles_ + 1) / 2;
    parts_ = blocks < threads_ ? std::min<int64_t>(threads_, (panels_ + 1) / 2) : 1;
}

// In cycles of a processor with tiles, more or less.
double ByteConvolution::cost() const {
    constexpr double kTileCycles = 16, kGatheredPerCycle = 32, kTapCycles = 10;
    const auto products = static_cast<double>(tiles_ * panels_) *
                          static_cast<double>(pieces_.offsets.size()) * kTileCycles;
    if (runs_ != Runs::kGathered) return products;
    return products +
           static_cast<double>(run_length_) * (static_cast<double>(step_) / kGatheredPerCycle +
                                               static_cast<double>(taps_) * kTapCycles);
}

size_t ByteConvolution::packed_bytes(const Geometry& geometry) {
    return panels_of(geometry) * kPanelChannels * cut_of(simplest(geometry)).padded_bytes();
}

int ByteConvolution::packing_kind(const Geometry& geometry) {
    const Cut cut = cut_of(simplest(geometry));
    constexpr int kOurs = 1 << 24;
    return kOurs + static_cast<int>(cut.pieces_per_tap * BytePieces::kMost + cut.piece_bytes - 1);
}

void ByteConvolution::pack(const Geometry& geometry, const int8_t* weights, int8_t* packed) {
    const Cut cut = cut_of(simplest(geometry));
    const int64_t padded_tap = cut.pieces_per_tap * cut.piece_bytes;
    const int64_t area = geometry.kernel[0] * geometry.kernel[1];
    std::memset(packed, 0, packed_bytes(geometry));
    for (int64_t out = 0; out < geometry.result_channels; ++out) {
        int8_t* panel = packed + out / kPanelChannels * kPanelChannels * cut.padded_bytes();
        for (int64_t byte = 0; byte < cut.taps * cut.tap_bytes; ++byte) {
            const int64_t in = byte % geometry.channels, place = byte / geometry.channels;
            const int64_t at = byte / cut.tap_bytes * padded_tap + byte % cut.tap_bytes;
            panel[(at / 4 * kPanelChannels + out % kPanelChannels) * 4 + at % 4] =
                weights[(out * geometry.channels + in) * area + place];
        }
    }
}

int64_t ByteConvolution::copy_bytes() const {
    if (!copies_) return 0;
    return round_up(geometry_.rows * height_ * width_ * geometry_.channels + kSlack, kAlignment);
}

int64_t ByteConvolution::thread_bytes() const {
    const int64_t gathered = runs_ == Runs::kGathered ? 2 * kTileRows * step_ : 0;
    return 2 * kBlockSums * static_cast<int64_t>(sizeof(int32_t)) + round_up(gathered, kAlignment);
}

size_t ByteConvolution::scratch_bytes() const {
    return copy_bytes() + threads_ * thread_bytes();
}

// One line of an image, with its margins.
void ByteConvolution::copy_line(const uint8_t* source, uint8_t* copy, int64_t line) const {
    const Geometry& shape = geometry_;
    const int64_t y = line % height_ - shape.pad_top;
    const int64_t size = width_ * shape.channels;
    const auto margin = static_cast<uint8_t>(offset_of(shape));
    uint8_t* to = copy + line * size;
    if (y < 0 || y >= shape.height) {
        std::memset(to, margin, size);
        return;
    }
    const int64_t left = shape.pad_left * shape.channels;
    const int64_t inside = std::min(shape.width * shape.channels, size - left);
    const uint8_t* from =
        source + (line / height_ * shape.height + y) * shape.width * shape.channels;
    std::memset(to, margin, left);
    if (shape.is_signed)
        for (int64_t i = 0; i < inside; ++i)
            to[left + i] = static_cast<uint8_t>(from[i] ^ kSignedOffset);
    else
        std::memcpy(to + left, from, inside);
    std::memset(to + left + inside, margin, size - left - inside);
}

// The bytes of a tile's positions, `first` and those after it, each in one stretch.
void ByteConvolution::gather(const uint8_t* source, int64_t first, uint8_t* gathered) const {
    const Geometry& shape = geometry_;
    const int64_t padded_tap = step_ / taps_;
    int64_t x = first % shape.result_width, y = first / shape.result_width % shape.result_height;
    int64_t image = first / shape.result_width / shape.result_height;
    for (int row = 0; row < tile_rows_; ++row, gathered += step_) {
        const uint8_t* from =
            source + ((image * height_ + y * shape.strides[0]) * width_ + x * shape.strides[1]) *
                         shape.channels;
        for (int64_t tap = 0; tap < taps_; ++tap)
            std::memcpy(gathered + tap * padded_tap, from + tap_offsets_[tap], tap_bytes_);
        if (++x < shape.result_width) continue;
        x = 0;
        if (++y < shape.result_height) continue;
        y = 0;
        ++image;
    }
}

// Makes `tile` the one in `slot` and lists the results it gives behind `count` stretches; returns
// how many there are then. The last tile of a run reaches back to positions of the one before it
// rather than behind the run.
int ByteConvolution::place_tile(const Worker& worker, int64_t tile, int slot, PositionTiles& tiles,
                                SumStretch* stretches, int count) const {
    const Geometry& shape = geometry_;
    const int64_t run = tile / tiles_per_run_, start = tile % tiles_per_run_ * kTileRows;
    const int64_t first = std::min(start, run_length_ - tile_rows_);
    if (runs_ == Runs::kGathered) {
        uint8_t* to = worker.gathered + slot * kTileRows * step_;
        gather(worker.source, first, to);
        tiles.source[slot] = to;
    } else {
        const int64_t line = runs_ == Runs::kImages
                                 ? run * height_
                                 : run / shape.result_height * height_ +
                                       run % shape.result_height * shape.strides[0];
        tiles.source[slot] = worker.source + line * width_ * shape.channels + first * step_;
    }
    int64_t x = start % line_;
    int64_t pixel = (run * ((run_length_ + line_ - 1) / line_) + start / line_) * line_pixels_;
    for (int64_t position = start; position < first + tile_rows_;) {
        const int64_t left = first + tile_rows_ - position;
        const auto results = static_cast<int32_t>(std::clamp<int64_t>(line_pixels_ - x, 0, left));
        const auto row = static_cast<int32_t>(slot * kTileRows + position - first);
        SumStretch* last = count > 0 ? stretches + count - 1 : nullptr;
        if (last && last->row + last->count == row && last->pixel + last->count == pixel + x)
            last->count += results;
        else if (results > 0)
            stretches[count++] = {row, results, pixel + x};
        position += line_ - x;
        pixel += line_pixels_;
        x = 0;
    }
    return count;
}

// Two tiles of positions against the panels of `part`.
void ByteConvolution::Worker::run_block(int64_t block, int64_t part) {
    place_turn ^= 1;
    PositionTiles tiles;
    tiles.step = convolution.step_;
    tiles.rows = convolution.tile_rows_;
    tiles.tiles = static_cast<int>(std::min<int64_t>(2, convolution.tiles_ - 2 * block));
    SumStretch* placed = stretches[place_turn];
    SumBlock next{nullptr, placed, 0, 2, 0};
    for (int slot = 0; slot < tiles.tiles; ++slot)
        next.count =
            convolution.place_tile(*this, 2 * block + slot, slot, tiles, placed, next.count);
    const BytePieces& pieces = convolution.pieces_;
    const int64_t panels = convolution.panels_, pairs = (panels + 1) / 2;
    const int64_t panel_bytes =
        kPanelChannels * pieces.bytes * static_cast<int64_t>(pieces.offsets.size());
    const int64_t last = pairs * (part + 1) / convolution.parts_;
    for (int64_t pair = pairs * part / convolution.parts_; pair < last; ++pair) {
        turn ^= 1;
        int32_t* to = sums + turn * kBlockSums;
        next.sums = to;
        next.panels = static_cast<int>(std::min<int64_t>(2, panels - 2 * pair));
        next.channel = 2 * pair * kPanelChannels;
        multiply(tiles, pieces, memory.packed + 2 * pair * panel_bytes, panel_bytes, next.panels,
                 to);
        finish_pending();
        pending = next;
    }
}

void ByteConvolution::prepare(const Memory& memory, Share share) const {
    const int64_t lines = geometry_.rows * height_;
    auto* copy = reinterpret_cast<uint8_t*>(memory.scratch);
    for (int64_t line = share.begin(lines); line < share.end(lines); ++line)
        copy_line(memory.source, copy, line);
}

void ByteConvolution::run(const Memory& memory, const ByteFinish& finish, Share share) const {
    const auto* copy = reinterpret_cast<const uint8_t*>(memory.scratch);
    const int64_t items = (tiles_ + 1) / 2 * parts_;
    std::byte* own = memory.scratch + copy_bytes() + share.index * thread_bytes();
    const TileScope shapes(instructions_, tile_rows_, pieces_.bytes);
    Worker worker{*this,
                  memory,
                  finish,
                  copies_ ? copy : memory.source,
                  reinterpret_cast<int32_t*>(own),
                  reinterpret_cast<uint8_t*>(own) + 2 * kBlockSums * sizeof(int32_t)};
    for (int64_t item = share.begin(items); item < share.end(items); ++item)
        worker.run_block(item / parts_, item % parts_);
    worker.finish_pending();
}

}  // namespace facet::cpu
