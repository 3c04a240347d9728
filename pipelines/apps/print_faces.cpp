// SPDX-License-Identifier: MIT
// Example: a GStreamer program that runs any pipeline with Facet in it and prints every face.
//
//   print-faces 'filesrc location=a.mp4 ! decodebin ! facetdetect model=... ! facetclassify
//   models=...'
//
// It links facet-meta only: the elements come from the installed plugin.
#include <gst/gst.h>

#include <cstdio>
#include <string>

#include "gst/face_meta.h"

namespace {

void print_face(GstClockTime pts, const facet::Face& face) {
    std::printf("%.3f s  %dx%d at %d,%d", static_cast<double>(pts) / GST_SECOND, face.width,
                face.height, face.x, face.y);
    for (const facet::FaceAttribute& attribute : face.attributes) {
        std::printf("  %s %s", attribute.name.c_str(), attribute.label.c_str());
        std::printf(" (batch of %d)", attribute.provenance.batch_size);
    }
    if (!face.skipped.empty()) std::printf("  skipped: %s", face.skipped.c_str());
    std::printf("\n");
}

// In the streaming thread of the sink, once per frame.
GstPadProbeReturn on_buffer(GstPad*, GstPadProbeInfo* info, gpointer) {
    GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
    for (const facet::Face& face : facet::read_faces(buffer, "face"))
        print_face(GST_BUFFER_PTS(buffer), face);
    return GST_PAD_PROBE_OK;
}

int run(GstElement* pipeline) {
    GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), "faces");
    GstPad* pad = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, nullptr, nullptr);
    gst_object_unref(pad);
    gst_object_unref(sink);

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline);
    GstMessage* message = gst_bus_timed_pop_filtered(
        bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    const bool failed = GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR;
    if (failed) {
        GError* error = nullptr;
        gst_message_parse_error(message, &error, nullptr);
        std::fprintf(stderr, "%s: %s\n", GST_OBJECT_NAME(message->src), error->message);
        g_error_free(error);
    }
    gst_message_unref(message);
    gst_object_unref(bus);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return failed ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    gst_init(&argc, &argv);
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s 'PIPELINE without a sink'\n", argv[0]);
        return 2;
    }
    GError* error = nullptr;
    const std::string description = std::string(argv[1]) + " ! fakesink name=faces";
    GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
    if (error != nullptr) {
        std::fprintf(stderr, "%s\n", error->message);
        g_error_free(error);
        if (pipeline != nullptr) gst_object_unref(pipeline);
        return 1;
    }
    const int status = run(pipeline);
    gst_object_unref(pipeline);
    return status;
}
