// SPDX-License-Identifier: MIT
// StreamChain: facettestsrc ! facetclassify ! fakesink as one bin of a pipeline, watched on both
// sides of the classifier.
#pragma once

#include <gst/video/video.h>

#include <cstdint>
#include <functional>
#include <string>

#include "gst/ref.h"

namespace facet::testing {

struct StreamSettings {
    uint64_t seed = 0;
    double faces = 3;  // mean per frame
    std::string arrival = "poisson";
    int width = 320, height = 180;
    int frames = -1;       // -1: no end
    std::string classify;  // properties of facetclassify, as gst-launch-1.0 takes them
};

// Called in the stream's thread with each frame.
using FrameWatcher = std::function<void(GstBuffer* frame, const GstVideoInfo& info)>;

// Invariants: the bin is in the pipeline, in its state, from construction to destruction; the
// destructor returns when no watcher is called any more. Thread-bound.
class StreamChain {
  public:
    // `before` gets writable frames on their way into the classifier, `after` those that leave it.
    StreamChain(GstElement* pipeline, const StreamSettings& settings, FrameWatcher before,
                FrameWatcher after);
    ~StreamChain();
    StreamChain(const StreamChain&) = delete;
    StreamChain& operator=(const StreamChain&) = delete;

    void flush();
    // From some next frame on.
    void resize(int width, int height);

  private:
    struct Watch {
        FrameWatcher watcher;
        GstVideoInfo info;
        bool known = false;  // info is the pad's
        bool writable = false;
    };

    void watch(const char* pad, Watch& watch);
    static GstPadProbeReturn on_item(GstPad* pad, GstPadProbeInfo* probe, gpointer watch);

    GstElement* const pipeline_;
    Ref<GstElement> bin_;
    Watch before_, after_;
};

}  // namespace facet::testing
