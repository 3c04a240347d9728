// SPDX-License-Identifier: MIT
// Decodes, detects and crops.
#include "engine/tools/bench_rows.h"

#include <filesystem>
#include <memory>

#include "engine/session.h"
#include "engine/tools/image_file.h"

namespace facet {

namespace {

Result<BenchRow> cut(const DecodedImage& image, const Rect& region, const CropSpec& spec,
                     std::string name) {
    BenchRow row{std::move(name), std::vector<uint8_t>(spec.byte_size())};
    const Result<void> cropped = crop(image.view(), region, spec, row.pixels);
    if (!cropped.ok()) return cropped.error().within(row.name);
    return row;
}

std::vector<BenchRow> made_up_rows(int count, const CropSpec& spec) {
    std::vector<BenchRow> rows;
    uint32_t noise = 1;
    for (int i = 0; i < count; ++i) {
        BenchRow& row = rows.emplace_back("made-up " + std::to_string(i + 1));
        row.pixels.resize(spec.byte_size());
        // Numerical Recipes' linear congruential generator; its low bits are the poor ones.
        for (uint8_t& pixel : row.pixels)
            pixel = static_cast<uint8_t>((noise = noise * 1664525 + 1013904223) >> 24);
    }
    return rows;
}

Result<std::shared_ptr<Session>> open_detector(const BenchOptions& options) {
    SessionSettings settings{.device = "CPU", .max_batch = 1};
    settings.models.push_back({options.detector, ""});
    for (const std::string& directory : options.info_directories)
        settings.info_directories.emplace_back(directory);
    Result<std::shared_ptr<Session>> session = Session::open(settings);
    if (!session.ok()) return session.error().within("--detector");
    return session;
}

Result<void> add_detections(Session& detector, const DecodedImage& image, const CropSpec& spec,
                            const std::string& name, std::vector<BenchRow>& rows) {
    const auto width = static_cast<float>(image.width), height = static_cast<float>(image.height);
    FACET_ASSIGN(const ItemResult found, detector.run(image.view(), {0, 0, width, height}));
    size_t number = 0;
    for (const Detection& detection : found.detections) {
        const Rect region{detection.box.x * width, detection.box.y * height,
                          detection.box.width * width, detection.box.height * height};
        const Rect inside = clip(region, image.width, image.height);
        ++number;
        if (inside.width < 1 || inside.height < 1) continue;
        FACET_ASSIGN(BenchRow row, cut(image, region, spec, name + "#" + std::to_string(number)));
        rows.push_back(std::move(row));
    }
    return {};
}

}  // namespace

Result<std::vector<BenchRow>> read_rows(const BenchOptions& options, const CropSpec& spec) {
    if (options.images.empty()) return made_up_rows(options.max_batch, spec);
    FACET_ASSIGN(const auto files, find_images({options.images.begin(), options.images.end()}));
    std::shared_ptr<Session> detector;
    if (!options.detector.empty()) {
        FACET_ASSIGN(detector, open_detector(options));
    }
    std::vector<BenchRow> rows;
    for (const std::filesystem::path& file : files) {
        FACET_ASSIGN(const DecodedImage image, read_image(file));
        const std::string name = file.filename().string();
        if (detector) {
            FACET_TRY(add_detections(*detector, image, spec, name, rows));
            continue;
        }
        const Rect whole{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
        FACET_ASSIGN(BenchRow row, cut(image, whole, spec, name));
        rows.push_back(std::move(row));
    }
    if (rows.empty()) return Error{ErrorCode::kNotFound, "--detector: found nothing in the images"};
    return rows;
}

}  // namespace facet
