// SPDX-License-Identifier: MIT
// Marked faces of photos, pasted onto grey frames.
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "tests/bench/peers/stream_app.h"
#include "tests/support/data_path.h"

namespace facet::bench {
namespace {

constexpr int kTile = 280, kMargin = 24, kGray = 110;

struct MarkedFace {
    const char* file;  // of dlib's faces
    cv::Rect box;
};
// The largest of testing.xml.
const MarkedFace kMarked[FrameRing::kFaces] = {{"2008_002506.jpg", {329, 78, 109, 109}},
                                               {"2008_002506.jpg", {224, 95, 91, 91}},
                                               {"2008_002506.jpg", {125, 65, 90, 91}},
                                               {"2009_004587.jpg", {154, 46, 75, 76}},
                                               {"2009_004587.jpg", {266, 280, 63, 63}}};

// The face with a quarter of its size around it: more would show parts of its neighbours.
Result<cv::Mat> cut(const MarkedFace& face) {
    const auto path = testing::data_path(std::string("images/dlib_faces/") + face.file);
    const cv::Mat photo = path ? cv::imread(path->string()) : cv::Mat();
    if (photo.empty())
        return Error{ErrorCode::kNotFound, std::string("FACET_DATA has no ") + face.file};
    const int border = face.box.width / 4;
    const cv::Rect region(face.box.x - border, face.box.y - border, face.box.width + 2 * border,
                          face.box.height + 2 * border);
    cv::Mat tile;
    cv::resize(photo(region & cv::Rect(0, 0, photo.cols, photo.rows)), tile, {kTile, kTile});
    return tile;
}

std::vector<uint8_t> to_nv12(const cv::Mat& bgr) {
    cv::Mat planar;
    cv::cvtColor(bgr, planar, cv::COLOR_BGR2YUV_I420);
    const size_t pixels = bgr.total();
    std::vector<uint8_t> bytes(planar.data, planar.data + pixels * 3 / 2);
    const uint8_t* u = planar.data + pixels;
    for (size_t i = 0; i < pixels / 4; ++i) {
        bytes[pixels + 2 * i] = u[i];
        bytes[pixels + 2 * i + 1] = u[pixels / 4 + i];
    }
    return bytes;
}

class Ring final : public FrameRing {
  public:
    explicit Ring(std::vector<std::vector<uint8_t>> frames) : frames_(std::move(frames)) {}
    const uint8_t* frame(int index) const override { return frames_[index % kFrames].data(); }

  private:
    const std::vector<std::vector<uint8_t>> frames_;
};

}  // namespace

Result<std::shared_ptr<const FrameRing>> FrameRing::make() {
    std::vector<cv::Mat> tiles;
    for (const MarkedFace& face : kMarked) {
        FACET_ASSIGN(cv::Mat tile, cut(face));
        tiles.push_back(std::move(tile));
    }
    std::vector<std::vector<uint8_t>> frames;
    for (int index = 0; index < kFrames; ++index) {
        cv::Mat canvas(kHeight, kWidth, CV_8UC3, cv::Scalar::all(kGray));
        for (int i = 0; i < kFaces; ++i) {
            const cv::Point corner(kMargin + i % 3 * (kTile + 2 * kMargin) + 2 * index,
                                   kMargin + i / 3 * (kTile + 2 * kMargin) + index);
            tiles[i].copyTo(canvas(cv::Rect(corner, tiles[i].size())));
        }
        frames.push_back(to_nv12(canvas));
    }
    return std::shared_ptr<const FrameRing>(new Ring(std::move(frames)));
}

}  // namespace facet::bench
