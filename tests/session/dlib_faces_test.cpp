// SPDX-License-Identifier: MIT
// Detectors on photos whose faces are marked: what they find, miss and invent, printed and bounded.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "engine/session.h"
#include "tests/support/data_path.h"
#include "tests/support/photo.h"

namespace facet {
namespace {

constexpr float kSameFace = 0.3f;  // intersection over union

struct MarkedPhoto {
    std::filesystem::path path;
    std::vector<Rect> faces;
};

std::vector<MarkedPhoto> marked_photos(const std::filesystem::path& folder) {
    std::vector<MarkedPhoto> photos;
    for (const char* list : {"training.xml", "testing.xml"}) {
        pugi::xml_document document;
        if (!document.load_file((folder / list).c_str())) continue;
        for (const pugi::xml_node& image : document.child("dataset").child("images")) {
            MarkedPhoto photo{folder / image.attribute("file").value(), {}};
            for (const pugi::xml_node& box : image.children("box"))
                photo.faces.push_back(
                    {box.attribute("left").as_float(), box.attribute("top").as_float(),
                     box.attribute("width").as_float(), box.attribute("height").as_float()});
            photos.push_back(std::move(photo));
        }
    }
    return photos;
}

struct Figures {
    int marked = 0, found = 0, extra = 0;
};

// Every detection takes the marked face it covers best; each face counts once.
void compare(const std::vector<Detection>& detections, const testing::Photo& photo,
             std::vector<Rect> faces, Figures& figures) {
    figures.marked += static_cast<int>(faces.size());
    for (const Detection& detection : detections) {
        const Rect box{detection.box.x * photo.width, detection.box.y * photo.height,
                       detection.box.width * photo.width, detection.box.height * photo.height};
        const auto best = std::ranges::max_element(
            faces, {}, [&box](const Rect& face) { return intersection_over_union(face, box); });
        if (best != faces.end() && intersection_over_union(*best, box) >= kSameFace) {
            ++figures.found;
            faces.erase(best);
        } else {
            ++figures.extra;
        }
    }
}

Figures detect_all(const std::filesystem::path& model, const std::vector<MarkedPhoto>& photos) {
    SessionSettings settings;
    settings.models = {{model, ""}};
    settings.info_directories = {std::getenv("FACET_MODEL_INFO_PATH")};
    settings.max_batch = 1;
    const auto session = Session::open(settings);
    EXPECT_TRUE(session.ok()) << (session.ok() ? "" : session.error().text());
    Figures figures;
    if (!session.ok()) return figures;
    for (const MarkedPhoto& marked : photos) {
        const testing::Photo photo = testing::read_jpeg(marked.path);
        const Rect whole{0, 0, static_cast<float>(photo.width), static_cast<float>(photo.height)};
        const auto result = (*session)->run(photo.view(), whole);
        EXPECT_TRUE(result.ok());
        if (result.ok()) compare(result->detections, photo, marked.faces, figures);
    }
    std::cout << model.filename().string() << ": " << figures.found << " of " << figures.marked
              << " marked faces at IoU >= " << kSameFace << ", " << figures.extra << " extra\n";
    return figures;
}

class DlibFaces : public ::testing::TestWithParam<const char*> {};

TEST_P(DlibFaces, EveryMarkedFaceIsFoundAndAtMostTwoOthers) {
    FACET_DATA_OR_SKIP(folder, "images/dlib_faces");
    FACET_DATA_OR_SKIP(model, std::string("models/") + GetParam());
    const Figures figures = detect_all(model, marked_photos(folder));
    EXPECT_EQ(figures.marked, 43);
    EXPECT_EQ(figures.found, figures.marked);
    EXPECT_LE(figures.extra, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Detectors, DlibFaces,
    ::testing::Values("ultraface/version-RFB-320.onnx",
                      "face-detection-retail-0004/FP32/face-detection-retail-0004.xml",
                      "face-detection-retail-0004/FP16/face-detection-retail-0004.xml",
                      "face-detection-retail-0004/FP16-INT8/face-detection-retail-0004.xml",
                      "face-detection-retail-0005/FP16-INT8/face-detection-retail-0005.xml",
                      "face-detection-adas-0001/FP16/face-detection-adas-0001.xml"));

}  // namespace
}  // namespace facet
