// SPDX-License-Identifier: MIT
// Pads, events, queries and states of a frame filter; the frames' way itself is FrameStream.
#include "gst/frame_filter.h"

#include <memory>
#include <utility>

#include "gst/errors.h"
#include "gst/filter_settings.h"
#include "gst/ranged_param.h"
#include "gst/session_registry.h"
#include "gst/video_frame.h"

using facet::adopt;
using facet::FrameStream;

struct GstFacetFrameFilterState {
    GstPad* sink = nullptr;  // the element owns both
    GstPad* source = nullptr;
    std::shared_ptr<FrameStream> stream;  // READY -> PAUSED to PAUSED -> READY; object lock
};

#define GST_FACET_FRAME_FILTER(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), GST_TYPE_FACET_FRAME_FILTER, GstFacetFrameFilter))
#define GST_FACET_FRAME_FILTER_GET_CLASS(object) \
    (G_TYPE_INSTANCE_GET_CLASS((object), GST_TYPE_FACET_FRAME_FILTER, GstFacetFrameFilterClass))

G_DEFINE_ABSTRACT_TYPE(GstFacetFrameFilter, gst_facet_frame_filter, GST_TYPE_ELEMENT)

namespace {

std::shared_ptr<FrameStream> current_stream(GstObject* element) {
    GST_OBJECT_LOCK(element);
    std::shared_ptr<FrameStream> stream = GST_FACET_FRAME_FILTER(element)->state->stream;
    GST_OBJECT_UNLOCK(element);
    return stream;
}

// The stream that was there ends outside the lock.
void replace_stream(GstFacetFrameFilter* self, std::shared_ptr<FrameStream> stream) {
    GST_OBJECT_LOCK(self);
    std::swap(self->state->stream, stream);
    GST_OBJECT_UNLOCK(self);
}

// One per image size, or the one at the models' own.
facet::Result<FrameStream::Sessions> open_sessions(const facet::StreamSetup& setup,
                                                   GstClock* clock) {
    FrameStream::Sessions sessions;
    const facet::ModelFilesHold read_once;
    const auto open = [&](const std::string& name, const facet::SessionSettings& settings) {
        return facet::session_registry().acquire(name, settings, clock);
    };
    for (const facet::ImageSize size : setup.image_sizes) {
        facet::SessionSettings settings = setup.session;
        settings.image_size = size;
        if (!settings.trace_path.empty()) settings.trace_path += "." + size.text();
        const std::string& name = setup.session_name;
        FACET_ASSIGN(auto session, open(name.empty() ? name : name + "@" + size.text(), settings));
        sessions.push_back(std::move(session));
    }
    if (sessions.empty()) {
        FACET_ASSIGN(auto session, open(setup.session_name, setup.session));
        sessions.push_back(std::move(session));
    }
    for (const auto& session : sessions) FACET_TRY(facet::require_yields(*session, setup.wanted));
    return sessions;
}

facet::Result<std::shared_ptr<FrameStream>> make_stream(GstFacetFrameFilter* self) {
    FACET_TRY(facet::check_ranges(G_OBJECT(self)));
    FACET_ASSIGN(auto setup, GST_FACET_FRAME_FILTER_GET_CLASS(self)->configure(self));
    const facet::Ref<GstClock> clock = facet::session_clock(GST_ELEMENT(self));
    FACET_ASSIGN(auto sessions, open_sessions(setup, clock.get()));
    auto stream = std::make_shared<FrameStream>(GST_ELEMENT(self), self->state->source,
                                                std::move(sessions), clock.get(), std::move(setup));
    FACET_TRY(stream->try_stats_path());
    return stream;
}

bool open_stream(GstFacetFrameFilter* self) {
    const auto opened = make_stream(self);
    if (!opened.ok()) {
        facet::post_error(GST_ELEMENT(self),
                          facet::in_property_words(opened.error(), G_OBJECT_GET_CLASS(self)));
        return false;
    }
    replace_stream(self, *opened);
    return true;
}

GstFlowReturn chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
    facet::Ref<GstBuffer> owned = adopt(buffer);
    const auto stream = current_stream(parent);
    return stream ? stream->chain(std::move(owned)) : GST_FLOW_FLUSHING;
}

gboolean sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
    const auto stream = current_stream(parent);
    if (!stream) return gst_pad_event_default(pad, parent, event);
    switch (GST_EVENT_TYPE(event)) {
        case GST_EVENT_FLUSH_START: {
            stream->flush_start();
            const gboolean forwarded = gst_pad_event_default(pad, parent, event);
            stream->pause();
            return forwarded;
        }
        case GST_EVENT_FLUSH_STOP: {
            const gboolean forwarded = gst_pad_event_default(pad, parent, event);
            stream->flush_stop();
            return forwarded;
        }
        default:
            if (!GST_EVENT_IS_SERIALIZED(event)) return gst_pad_event_default(pad, parent, event);
            return stream->event(adopt(event)) ? TRUE : FALSE;
    }
}

gboolean sink_query(GstPad* pad, GstObject* parent, GstQuery* query) {
    const auto stream = current_stream(parent);
    if (!stream || !GST_QUERY_IS_SERIALIZED(query))
        return gst_pad_query_default(pad, parent, query);
    // Its answer depends on what came before it: the caps above all.
    if (!stream->wait_until_empty()) return FALSE;
    if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION)
        return gst_pad_query_default(pad, parent, query);
    GstPad* source = GST_FACET_FRAME_FILTER(parent)->state->source;
    // Nobody there to propose anything is no reason to let upstream run out of buffers.
    gst_pad_peer_query(source, query);
    stream->add_frames_held(query);
    return TRUE;
}

gboolean source_event(GstPad* pad, GstObject* parent, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE)
        if (const auto stream = current_stream(parent)) stream->reconfigure();
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
        GstClockTimeDiff lateness = 0;
        GstClockTime running_time = GST_CLOCK_TIME_NONE;
        gst_event_parse_qos(event, nullptr, nullptr, &lateness, &running_time);
        if (const auto stream = current_stream(parent)) stream->qos(lateness, running_time);
    }
    return gst_pad_event_default(pad, parent, event);
}

gboolean answer_latency(FrameStream& stream, GstPad* sink, GstQuery* query) {
    if (!gst_pad_peer_query(sink, query)) return FALSE;
    gboolean live = FALSE;
    GstClockTime least = 0, most = 0;
    gst_query_parse_latency(query, &live, &least, &most);
    const auto own = static_cast<GstClockTime>(stream.latency().count());
    // A frame may take that long and, as the window holds it back, no less may be buffered.
    if (GST_CLOCK_TIME_IS_VALID(most)) most += own;
    gst_query_set_latency(query, live, least + own, most);
    return TRUE;
}

gboolean source_query(GstPad* pad, GstObject* parent, GstQuery* query) {
    const auto stream = current_stream(parent);
    if (stream && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
        return answer_latency(*stream, GST_FACET_FRAME_FILTER(parent)->state->sink, query);
    return gst_pad_query_default(pad, parent, query);
}

// Wakes the streaming thread, so that the pad can be deactivated.
gboolean activate_sink(GstPad*, GstObject* parent, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH) return FALSE;
    if (!active)
        if (const auto stream = current_stream(parent)) stream->flush_start();
    return TRUE;
}

gboolean activate_source(GstPad*, GstObject* parent, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH) return FALSE;
    const auto stream = current_stream(parent);
    if (!stream) return TRUE;
    if (active)
        stream->activate();
    else
        stream->deactivate();
    return TRUE;
}

}  // namespace

static GstStateChangeReturn gst_facet_frame_filter_change_state(GstElement* element,
                                                                GstStateChange transition) {
    GstFacetFrameFilter* self = GST_FACET_FRAME_FILTER(element);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !open_stream(self))
        return GST_STATE_CHANGE_FAILURE;
    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(gst_facet_frame_filter_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE) {
        // Some pad may be active already.
        current_stream(GST_OBJECT(self))->deactivate();
        replace_stream(self, nullptr);
    }
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) replace_stream(self, nullptr);
    return result;
}

static void gst_facet_frame_filter_get_property(GObject* object, guint, GValue* value,
                                                GParamSpec*) {
    const auto stream = current_stream(GST_OBJECT(object));
    g_value_take_boxed(value, stream ? stream->stats() : gst_structure_new_empty("facet-stats"));
}

static void gst_facet_frame_filter_finalize(GObject* object) {
    delete GST_FACET_FRAME_FILTER(object)->state;
    G_OBJECT_CLASS(gst_facet_frame_filter_parent_class)->finalize(object);
}

static void gst_facet_frame_filter_class_init(GstFacetFrameFilterClass* klass) {
    GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
    G_OBJECT_CLASS(klass)->finalize = gst_facet_frame_filter_finalize;
    G_OBJECT_CLASS(klass)->get_property = gst_facet_frame_filter_get_property;
    g_object_class_install_property(
        G_OBJECT_CLASS(klass), 1,
        g_param_spec_boxed(
            "stats", "stats",
            "Limits in effect and figures of the session and of this stream, so far; "
            "empty before the start",
            GST_TYPE_STRUCTURE,
            static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
    element_class->change_state = gst_facet_frame_filter_change_state;
    const facet::Ref<GstCaps> caps = adopt(facet::accepted_video_caps());
    gst_element_class_add_pad_template(
        element_class, gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps.get()));
    gst_element_class_add_pad_template(
        element_class, gst_pad_template_new("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps.get()));
    gst_type_mark_as_plugin_api(GST_TYPE_FACET_FRAME_FILTER, static_cast<GstPluginAPIFlags>(0));
}

static void gst_facet_frame_filter_init(GstFacetFrameFilter* self) {
    self->state = new GstFacetFrameFilterState;
    GstElementClass* element_class = GST_ELEMENT_GET_CLASS(self);
    GstPad* sink = gst_pad_new_from_template(
        gst_element_class_get_pad_template(element_class, "sink"), "sink");
    gst_pad_set_chain_function(sink, chain);
    gst_pad_set_event_function(sink, sink_event);
    gst_pad_set_query_function(sink, sink_query);
    gst_pad_set_activatemode_function(sink, activate_sink);
    GST_PAD_SET_PROXY_CAPS(sink);
    gst_element_add_pad(GST_ELEMENT(self), sink);

    GstPad* source =
        gst_pad_new_from_template(gst_element_class_get_pad_template(element_class, "src"), "src");
    gst_pad_set_event_function(source, source_event);
    gst_pad_set_query_function(source, source_query);
    gst_pad_set_activatemode_function(source, activate_source);
    GST_PAD_SET_PROXY_CAPS(source);
    gst_element_add_pad(GST_ELEMENT(self), source);
    self->state->sink = sink;
    self->state->source = source;
}
