// SPDX-License-Identifier: MIT
// Decodes, detects and crops.
#include "engine/tools/image_rows.h"

#include <memory>

#include "engine/session.h"
#include "engine/tools/image_file.h"

namespace facet {

namespace {

Result<ImageRow> cut(const DecodedImage& image, const Rect& region, const CropSpec& spec,
                     std::string name) {
    ImageRow row{std::move(name), std::vector<uint8_t>(spec.byte_size())};
    const Result<void> cropped = crop(image.view(), region, spec, row.pixels);
    if (!cropped.ok()) return cropped.error().within(row.name);
    return row;
}

Result<std::shared_ptr<Session>> open_detector(const ImageRowSource& source) {
    SessionSettings settings{.device = "CPU", .max_batch = 1};
    settings.models.push_back({source.detector, ""});
    settings.info_directories = source.info_directories;
    Result<std::shared_ptr<Session>> session = Session::open(settings);
    if (!session.ok()) return session.error().within("--detector");
    return session;
}

Result<void> add_detections(Session& detector, const DecodedImage& image, const CropSpec& spec,
                            const std::string& name, std::vector<ImageRow>& rows) {
    const auto width = static_cast<float>(image.width), height = static_cast<float>(image.height);
    FACET_ASSIGN(const ItemResult found, detector.run(image.view(), {0, 0, width, height}));
    size_t number = 0;
    for (const Detection& detection : found.detections) {
        const Rect region{detection.box.x * width, detection.box.y * height,
                          detection.box.width * width, detection.box.height * height};
        const Rect inside = clip(region, image.width, image.height);
        ++number;
        if (inside.width < 1 || inside.height < 1) continue;
        FACET_ASSIGN(ImageRow row, cut(image, region, spec, name + "#" + std::to_string(number)));
        rows.push_back(std::move(row));
    }
    return {};
}

}  // namespace

Result<std::vector<ImageRow>> read_image_rows(const ImageRowSource& source, const CropSpec& spec) {
    FACET_ASSIGN(const auto files, find_images(source.images));
    std::shared_ptr<Session> detector;
    if (!source.detector.empty()) {
        FACET_ASSIGN(detector, open_detector(source));
    }
    std::vector<ImageRow> rows;
    for (const std::filesystem::path& file : files) {
        FACET_ASSIGN(const DecodedImage image, read_image(file));
        const std::string name = file.filename().string();
        if (detector) {
            FACET_TRY(add_detections(*detector, image, spec, name, rows));
            continue;
        }
        const Rect whole{0, 0, static_cast<float>(image.width), static_cast<float>(image.height)};
        FACET_ASSIGN(ImageRow row, cut(image, whole, spec, name));
        rows.push_back(std::move(row));
    }
    if (rows.empty()) return Error{ErrorCode::kNotFound, "--detector: found nothing in the images"};
    return rows;
}

}  // namespace facet
