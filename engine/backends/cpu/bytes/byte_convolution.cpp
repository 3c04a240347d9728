// SPDX-License-Identifier: MIT
// Packing of the weights, the choice of runs, and the walk over blocks of tiles.
#include "engine/backends/cpu/bytes/byte_convolution.h"

#include <algorithm>
#include <cstring>

namespace facet::cpu {

namespace {

constexpr int64_t kTileRows = PositionTiles::kRows;
constexpr int64_t kAlignment = 64;
constexpr int64_t kSlack = 64;  // bytes that pieces may read behind the last position
constexpr int64_t kBlockSums = 2 * kTileRows * SumBlock::kRowSums;
constexpr int kSignedOffset = 128;

int64_t round_up(int64_t value, int64_t step) {
    return (value + step - 1) / step * step;
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

ByteConvolution::ByteConvolution(const ByteReading& reading, int threads,
                                 ByteInstructions instructions)
    : reading_(reading), threads_(threads), instructions_(instructions), copies_(reading.copies) {
    pieces_.bytes = reading.piece_bytes;
    weaver_ = LineWeaver(reading.weave.lines, reading.weave.pixels * reading.origin.channels,
                         reading.shape.width, instructions == ByteInstructions::kPlain);
    const bool dense = reading.shape.strides == std::array<int64_t, 2>{1, 1};
    lay_out(dense ? Runs::kImages : Runs::kLines);
    const double in_place = cost();
    lay_out(Runs::kGathered);
    if (in_place > cost()) return;
    lay_out(dense ? Runs::kImages : Runs::kLines);
    // The last pieces would reach behind the source.
    copies_ = copies_ || (!reading.is_exact() && !reading.weave.is_active());
}

void ByteConvolution::lay_out(Runs runs) {
    const ByteGeometry& shape = reading_.shape;
    runs_ = runs;
    line_pixels_ = line_ = shape.result_width;
    step_ = shape.strides[1] * shape.channels;
    run_count_ = shape.rows;
    if (runs == Runs::kImages) {
        line_ = shape.width;
        run_length_ = (shape.result_height - 1) * shape.width + shape.result_width;
    } else if (runs == Runs::kLines) {
        run_count_ *= shape.result_height;
        run_length_ = shape.result_width;
    } else {
        run_length_ = line_ = line_pixels_ = shape.rows * shape.result_height * shape.result_width;
        run_count_ = 1;
        step_ = reading_.position_bytes();
    }
    pieces_.offsets.clear();
    for (int64_t tap = 0; tap < reading_.taps; ++tap)
        for (int64_t piece = 0; piece < reading_.pieces_per_tap; ++piece)
            pieces_.offsets.push_back(
                (runs == Runs::kGathered ? tap * reading_.padded_tap() : reading_.tap_offset(tap)) +
                piece * reading_.piece_bytes);
    tile_rows_ = static_cast<int>(std::min(kTileRows, run_length_));
    tiles_per_run_ = (run_length_ + kTileRows - 1) / kTileRows;
    tiles_ = tiles_per_run_ * run_count_;
    const int64_t blocks = (tiles_ + 1) / 2;
    parts_ = blocks < threads_ ? std::min<int64_t>(threads_, (reading_.panels + 1) / 2) : 1;
}

// In cycles of a processor with tiles, more or less.
double ByteConvolution::cost() const {
    constexpr double kTileCycles = 16, kGatheredPerCycle = 32, kTapCycles = 10;
    const auto products = static_cast<double>(tiles_ * reading_.panels) *
                          static_cast<double>(pieces_.offsets.size()) * kTileCycles;
    if (runs_ != Runs::kGathered) return products;
    return products +
           static_cast<double>(run_length_) * (static_cast<double>(step_) / kGatheredPerCycle +
                                               static_cast<double>(reading_.taps) * kTapCycles);
}

int64_t ByteConvolution::plane_bytes() const {
    const ByteGeometry& origin = reading_.origin;
    if (!copies_) return 0;
    return round_up(
        origin.rows * reading_.plane_height * reading_.plane_width * origin.channels + kSlack,
        kAlignment);
}

int64_t ByteConvolution::woven_bytes() const {
    const ByteGeometry& shape = reading_.shape;
    if (!reading_.weave.is_active()) return 0;
    return round_up(shape.rows * shape.height * shape.width * shape.channels + kSlack, kAlignment);
}

int64_t ByteConvolution::thread_bytes() const {
    const int64_t gathered = runs_ == Runs::kGathered ? 2 * kTileRows * step_ : 0;
    return 2 * kBlockSums * static_cast<int64_t>(sizeof(int32_t)) + round_up(gathered, kAlignment);
}

size_t ByteConvolution::scratch_bytes() const {
    return plane_bytes() + woven_bytes() + threads_ * thread_bytes();
}

// One line of an image, with its margins.
void ByteConvolution::copy_line(const uint8_t* source, uint8_t* plane, int64_t line) const {
    const ByteGeometry& origin = reading_.origin;
    const int64_t y = line % reading_.plane_height - origin.pad_top;
    const int64_t size = reading_.plane_width * origin.channels;
    const auto margin = static_cast<uint8_t>(origin.offset());
    uint8_t* to = plane + line * size;
    if (y < 0 || y >= origin.height) {
        std::memset(to, margin, size);
        return;
    }
    const int64_t left = origin.pad_left * origin.channels;
    const int64_t inside = std::min(origin.width * origin.channels, size - left);
    const uint8_t* from = source + (line / reading_.plane_height * origin.height + y) *
                                       origin.width * origin.channels;
    std::memset(to, margin, left);
    if (origin.is_signed)
        for (int64_t i = 0; i < inside; ++i)
            to[left + i] = static_cast<uint8_t>(from[i] ^ kSignedOffset);
    else
        std::memcpy(to + left, from, inside);
    std::memset(to + left + inside, margin, size - left - inside);
}

void ByteConvolution::weave_line(const uint8_t* plane, uint8_t* woven, int64_t line) const {
    const ByteGeometry& shape = reading_.shape;
    const ByteWeave& weave = reading_.weave;
    const int64_t line_bytes = reading_.plane_width * reading_.origin.channels;
    const int64_t first =
        line / shape.height * reading_.plane_height + line % shape.height * weave.advance;
    weaver_.run(plane + first * line_bytes, line_bytes,
                woven + line * shape.width * shape.channels);
}

// The bytes of a tile's positions, `first` and those after it, each in one stretch.
void ByteConvolution::gather(const uint8_t* source, int64_t first, uint8_t* gathered) const {
    const ByteGeometry& shape = reading_.shape;
    const int64_t padded_tap = reading_.padded_tap();
    int64_t x = first % shape.result_width, y = first / shape.result_width % shape.result_height;
    int64_t image = first / shape.result_width / shape.result_height;
    for (int row = 0; row < tile_rows_; ++row, gathered += step_) {
        const uint8_t* from =
            source +
            ((image * shape.height + y * shape.strides[0]) * shape.width + x * shape.strides[1]) *
                shape.channels;
        for (int64_t tap = 0; tap < reading_.taps; ++tap)
            std::memcpy(gathered + tap * padded_tap, from + reading_.tap_offset(tap),
                        reading_.tap_bytes);
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
    const ByteGeometry& shape = reading_.shape;
    const int64_t run = tile / tiles_per_run_, start = tile % tiles_per_run_ * kTileRows;
    const int64_t first = std::min(start, run_length_ - tile_rows_);
    if (runs_ == Runs::kGathered) {
        uint8_t* to = worker.gathered + slot * kTileRows * step_;
        gather(worker.source, first, to);
        tiles.source[slot] = to;
    } else {
        const int64_t line = runs_ == Runs::kImages
                                 ? run * shape.height
                                 : run / shape.result_height * shape.height +
                                       run % shape.result_height * shape.strides[0];
        tiles.source[slot] = worker.source + line * shape.width * shape.channels + first * step_;
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
    const int64_t panels = convolution.reading_.panels, pairs = (panels + 1) / 2;
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
        if (convolution.instructions_ == ByteInstructions::kAmx)
            store_tile_sums(tiles.tiles, next.panels, to);
        pending = next;
    }
}

void ByteConvolution::copy(const Memory& memory, Share share) const {
    const int64_t lines = reading_.shape.rows * reading_.plane_height;
    auto* plane = reinterpret_cast<uint8_t*>(memory.scratch);
    for (int64_t line = share.begin(lines); line < share.end(lines); ++line)
        copy_line(memory.source, plane, line);
}

void ByteConvolution::weave(const Memory& memory, Share share) const {
    const int64_t lines = reading_.shape.rows * reading_.shape.height;
    auto* scratch = reinterpret_cast<uint8_t*>(memory.scratch);
    for (int64_t line = share.begin(lines); line < share.end(lines); ++line)
        weave_line(copies_ ? scratch : memory.source, scratch + plane_bytes(), line);
}

void ByteConvolution::run(const Memory& memory, const ByteFinish& finish, Share share) const {
    const auto* scratch = reinterpret_cast<const uint8_t*>(memory.scratch);
    const uint8_t* plane = copies_ ? scratch : memory.source;
    std::byte* own = memory.scratch + plane_bytes() + woven_bytes() + share.index * thread_bytes();
    const TileScope shapes(instructions_, tile_rows_, pieces_.bytes);
    Worker worker{*this,
                  memory,
                  finish,
                  weaves() ? scratch + plane_bytes() : plane,
                  reinterpret_cast<int32_t*>(own),
                  reinterpret_cast<uint8_t*>(own) + 2 * kBlockSums * sizeof(int32_t)};
    const int64_t items = (tiles_ + 1) / 2 * parts_;
    for (int64_t item = share.begin(items); item < share.end(items); ++item)
        worker.run_block(item / parts_, item % parts_);
    worker.finish_pending();
}

}  // namespace facet::cpu
