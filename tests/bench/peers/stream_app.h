// SPDX-License-Identifier: MIT
// StreamApp: a program that finds faces on the frames of several cameras and classifies each face.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "engine/base/result.h"
#include "tests/bench/peers/onnx_runtime.h"

namespace facet::bench {

// Raw 720p NV12 frames with five faces each, a few of them in a row; shared by all streams.
class FrameRing {
  public:
    static constexpr int kWidth = 1280, kHeight = 720, kFaces = 5, kFrames = 8;
    // kNotFound without $FACET_DATA's photos.
    [[nodiscard]] static Result<std::shared_ptr<const FrameRing>> make();
    virtual ~FrameRing() = default;
    // NV12 of kWidth x kHeight, rows without gaps.
    [[nodiscard]] virtual const uint8_t* frame(int index) const = 0;
    [[nodiscard]] static constexpr size_t byte_size() { return kWidth * kHeight * 3 / 2; }
};

// `faces` were classified on a frame, which was the stream's `index`th.
using FrameDone = std::function<void(int stream, int index, int faces)>;

// Thread-safe. The destructor drops what is under way.
class StreamApp {
  public:
    virtual ~StreamApp() = default;
    // In the thread of its stream; returns when the app takes the next frame. `done` may be called
    // in any thread.
    virtual void push(int stream, int index) = 0;
    // How it divides the processors: "detection 1 x 2, faces 2 x 1" requests x threads.
    [[nodiscard]] virtual std::string division() const = 0;
};

struct StreamAppSettings {
    int streams = 1;
    bool quantised = false;
    FrameDone done;
};
using MakeStreamApp = std::function<Result<std::unique_ptr<StreamApp>>(const StreamAppSettings&)>;

// Properties of the elements beside their models, as gst-launch-1.0 takes them. Requests and
// threads are the elements' own choice.
struct FacetAppProperties {
    std::string detect = "max-batch=4 timeout=0";
    std::string classify = "max-batch=32 timeout=5";
};
// facetdetect ! facetclassify for each stream.
[[nodiscard]] Result<std::unique_ptr<StreamApp>> make_facet_app(
    const StreamAppSettings& settings, const FacetAppProperties& properties,
    const std::shared_ptr<const FrameRing>& frames);
// The usual way: per frame, converted whole, and per face; as many threads as processors, each with
// nets of its own. Without `runtime` the nets are OpenCV's.
[[nodiscard]] Result<std::unique_ptr<StreamApp>> make_peer_app(
    const StreamAppSettings& settings, const std::shared_ptr<const FrameRing>& frames,
    std::shared_ptr<OnnxRuntime> runtime);

}  // namespace facet::bench
