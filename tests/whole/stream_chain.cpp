// SPDX-License-Identifier: MIT
// Bins that come and go in a running pipeline.
#include "tests/whole/stream_chain.h"

#include <utility>

namespace facet::testing {
namespace {

std::string caps_text(int width, int height) {
    return "video/x-raw,framerate=25/1,width=" + std::to_string(width) +
           ",height=" + std::to_string(height);
}

std::string description(const StreamSettings& settings) {
    // Faces small enough for a crowd of forty.
    return "facettestsrc name=source min-size=0.08 max-size=0.2 seed=" +
           std::to_string(settings.seed) + " faces=" + std::to_string(settings.faces) +
           " arrival=" + settings.arrival + " num-buffers=" + std::to_string(settings.frames) +
           " ! capsfilter name=size caps=" + caps_text(settings.width, settings.height) +
           " ! facetclassify name=classify min-size=0 roi-scale=1 " + settings.classify +
           " ! fakesink sync=false async=false";
}

Ref<GstElement> child(GstElement* bin, const char* name) {
    return adopt(gst_bin_get_by_name(GST_BIN(bin), name));
}

}  // namespace

StreamChain::StreamChain(GstElement* pipeline, const StreamSettings& settings, FrameWatcher before,
                         FrameWatcher after)
    : pipeline_(pipeline),
      before_{.watcher = std::move(before), .info = {}, .writable = true},
      after_{.watcher = std::move(after), .info = {}} {
    GError* error = nullptr;
    GstElement* bin = gst_parse_bin_from_description(description(settings).c_str(), FALSE, &error);
    g_assert_no_error(error);
    bin_ = share(GST_ELEMENT(gst_object_ref_sink(bin)));
    gst_object_unref(bin);
    watch("sink", before_);
    watch("src", after_);
    gst_bin_add(GST_BIN(pipeline_), bin_.get());
    gst_element_sync_state_with_parent(bin_.get());
}

StreamChain::~StreamChain() {
    gst_element_set_locked_state(bin_.get(), TRUE);
    gst_element_set_state(bin_.get(), GST_STATE_NULL);
    gst_bin_remove(GST_BIN(pipeline_), bin_.get());
}

void StreamChain::flush() {
    const auto source = child(bin_.get(), "source");
    gst_element_send_event(source.get(), gst_event_new_flush_start());
    gst_element_send_event(source.get(), gst_event_new_flush_stop(FALSE));
}

void StreamChain::resize(int width, int height) {
    const auto size = child(bin_.get(), "size");
    gst_util_set_object_arg(G_OBJECT(size.get()), "caps", caps_text(width, height).c_str());
}

void StreamChain::watch(const char* pad_name, Watch& watch) {
    const auto classify = child(bin_.get(), "classify");
    const auto pad = adopt(gst_element_get_static_pad(classify.get(), pad_name));
    const auto types = static_cast<GstPadProbeType>(static_cast<int>(GST_PAD_PROBE_TYPE_BUFFER) |
                                                    GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM);
    gst_pad_add_probe(pad.get(), types, &StreamChain::on_item, &watch, nullptr);
}

GstPadProbeReturn StreamChain::on_item(GstPad*, GstPadProbeInfo* probe, gpointer user) {
    Watch& watch = *static_cast<Watch*>(user);
    if ((probe->type & GST_PAD_PROBE_TYPE_BUFFER) == 0) {
        GstEvent* event = gst_pad_probe_info_get_event(probe);
        if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        watch.known = gst_video_info_from_caps(&watch.info, caps) != FALSE;
        return GST_PAD_PROBE_OK;
    }
    if (watch.writable)
        probe->data = gst_buffer_make_writable(gst_pad_probe_info_get_buffer(probe));
    if (watch.known) watch.watcher(gst_pad_probe_info_get_buffer(probe), watch.info);
    return GST_PAD_PROBE_OK;
}

}  // namespace facet::testing
