// SPDX-License-Identifier: MIT
// Images, or noise.
#include "engine/tools/bench_rows.h"

#include <string>

namespace facet {

namespace {

std::vector<ImageRow> made_up_rows(int count, const CropSpec& spec) {
    std::vector<ImageRow> rows;
    uint32_t noise = 1;
    for (int i = 0; i < count; ++i) {
        ImageRow& row = rows.emplace_back("made-up " + std::to_string(i + 1));
        row.pixels.resize(spec.byte_size());
        // Numerical Recipes' linear congruential generator; its low bits are the poor ones.
        for (uint8_t& pixel : row.pixels)
            pixel = static_cast<uint8_t>((noise = noise * 1664525 + 1013904223) >> 24);
    }
    return rows;
}

}  // namespace

Result<std::vector<ImageRow>> read_rows(const BenchOptions& options, const CropSpec& spec) {
    if (options.images.empty()) return made_up_rows(options.max_batch, spec);
    return read_image_rows(
        {.images = {options.images.begin(), options.images.end()},
         .detector = options.detector,
         .info_directories = {options.info_directories.begin(), options.info_directories.end()}},
        spec);
}

}  // namespace facet
