// SPDX-License-Identifier: MIT
// facetpublish: writes what is known of each frame's faces as JSON Lines and passes the frame on.
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <memory>
#include <string>
#include <utility>

#include "elements/publish/json_writer.h"
#include "elements/publish/line_output.h"

GST_DEBUG_CATEGORY_STATIC(facet_publish_debug);
#define GST_CAT_DEFAULT facet_publish_debug

namespace {

constexpr const char* kDefaultLocation = "-";

enum Format { kJsonLines };

// What the user set; guarded by the object lock.
struct Settings {
    std::string location = kDefaultLocation;
    Format format = kJsonLines;
    std::string stream_id;  // empty: the element's name
    bool post_messages = false;
};

// Invariants: all but `settings` belong to the streaming thread between start and stop; `output` is
// set exactly then. `frames` counts from start, whatever is flushed in between.
struct PublishState {
    Settings settings;
    std::shared_ptr<facet::LineOutput> output;
    bool failed = false;  // an error was posted; there is only one
    int width = 0, height = 0;
    uint64_t frames = 0;
};

enum Property { kPropLocation = 1, kPropFormat, kPropStreamId, kPropPostMessages };

}  // namespace

struct GstFacetPublish {
    GstBaseTransform parent;
    PublishState* state;
};

struct GstFacetPublishClass {
    GstBaseTransformClass parent_class;
};

G_DEFINE_TYPE(GstFacetPublish, gst_facet_publish, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(facetpublish, "facetpublish", GST_RANK_NONE,
                            gst_facet_publish_get_type())

#define GST_FACET_PUBLISH(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), gst_facet_publish_get_type(), GstFacetPublish))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

static GType gst_facet_publish_format_get_type() {
    static const GEnumValue values[] = {{kJsonLines, "One JSON object per line", "json-lines"},
                                        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstFacetPublishFormat", values);
    return type;
}

// The effective stream id; the caller holds the object lock.
static std::string gst_facet_publish_stream_id(GstFacetPublish* self) {
    const std::string& stream_id = self->state->settings.stream_id;
    return stream_id.empty() ? GST_OBJECT_NAME(self) : stream_id;
}

static Settings gst_facet_publish_copy_settings(GstFacetPublish* self) {
    GST_OBJECT_LOCK(self);
    Settings settings = self->state->settings;
    settings.stream_id = gst_facet_publish_stream_id(self);
    GST_OBJECT_UNLOCK(self);
    return settings;
}

static gboolean gst_facet_publish_start(GstBaseTransform* transform) {
    GstFacetPublish* self = GST_FACET_PUBLISH(transform);
    const Settings settings = gst_facet_publish_copy_settings(self);
    auto output = facet::LineOutput::open(settings.location);
    if (!output) {
        GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE, ("%s", output.error().message.c_str()),
                          ("property 'location'"));
        return FALSE;
    }
    self->state->output = *std::move(output);
    self->state->failed = false;
    self->state->frames = 0;
    GST_INFO_OBJECT(self, "publishing stream '%s' to '%s'", settings.stream_id.c_str(),
                    settings.location.c_str());
    return TRUE;
}

// Posts the first failure; true when `written` is good.
static bool gst_facet_publish_check(GstFacetPublish* self, const facet::Result<void>& written) {
    if (written.ok()) return true;
    if (!std::exchange(self->state->failed, true))
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("%s", written.error().message.c_str()),
                          ("after %" G_GUINT64_FORMAT " frames", self->state->frames));
    return false;
}

static gboolean gst_facet_publish_stop(GstBaseTransform* transform) {
    GstFacetPublish* self = GST_FACET_PUBLISH(transform);
    if (self->state->output) gst_facet_publish_check(self, self->state->output->flush());
    self->state->output.reset();
    return TRUE;
}

static gboolean gst_facet_publish_set_caps(GstBaseTransform* transform, GstCaps* incaps, GstCaps*) {
    GstFacetPublish* self = GST_FACET_PUBLISH(transform);
    const GstStructure* structure = gst_caps_get_structure(incaps, 0);
    PublishState& state = *self->state;
    state.width = state.height = 0;
    gst_structure_get_int(structure, "width", &state.width);
    gst_structure_get_int(structure, "height", &state.height);
    return TRUE;
}

static gboolean gst_facet_publish_sink_event(GstBaseTransform* transform, GstEvent* event) {
    GstFacetPublish* self = GST_FACET_PUBLISH(transform);
    // Before EOS goes on: an application that sees it may read the file at once.
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && self->state->output)
        gst_facet_publish_check(self, self->state->output->flush());
    return GST_BASE_TRANSFORM_CLASS(gst_facet_publish_parent_class)->sink_event(transform, event);
}

static void gst_facet_publish_post(GstFacetPublish* self, const facet::FrameRecord& record,
                                   const std::string& line) {
    GstStructure* structure = gst_structure_new(
        "facet-frame", "stream", G_TYPE_STRING, record.stream.c_str(), "frame", G_TYPE_UINT64,
        guint64{record.frame}, "pts", G_TYPE_UINT64,
        guint64{record.pts.value_or(GST_CLOCK_TIME_NONE)}, "width", G_TYPE_INT, record.width,
        "height", G_TYPE_INT, record.height, "faces", G_TYPE_INT,
        static_cast<int>(record.faces.size()), "json", G_TYPE_STRING, line.c_str(), nullptr);
    gst_element_post_message(GST_ELEMENT(self),
                             gst_message_new_element(GST_OBJECT(self), structure));
}

static GstFlowReturn gst_facet_publish_transform_ip(GstBaseTransform* transform,
                                                    GstBuffer* buffer) {
    GstFacetPublish* self = GST_FACET_PUBLISH(transform);
    PublishState& state = *self->state;
    const Settings settings = gst_facet_publish_copy_settings(self);
    facet::FrameRecord record;
    record.stream = settings.stream_id;
    record.frame = state.frames++;
    if (GST_BUFFER_PTS_IS_VALID(buffer)) record.pts = GST_BUFFER_PTS(buffer);
    record.width = state.width;
    record.height = state.height;
    record.faces = facet::read_faces(buffer, {}, state.width, state.height);
    const std::string line = facet::json_line(record);
    if (!gst_facet_publish_check(self, state.output->write_line(line))) return GST_FLOW_ERROR;
    if (settings.post_messages) gst_facet_publish_post(self, record, line);
    GST_LOG_OBJECT(self, "frame %" G_GUINT64_FORMAT ": %zu faces", record.frame,
                   record.faces.size());
    return GST_FLOW_OK;
}

static void gst_facet_publish_set_property(GObject* object, guint id, const GValue* value,
                                           GParamSpec* spec) {
    GstFacetPublish* self = GST_FACET_PUBLISH(object);
    Settings& settings = self->state->settings;
    const auto text = [&](const char* fallback) {
        const char* given = g_value_get_string(value);
        return std::string(given ? given : fallback);
    };
    GST_OBJECT_LOCK(self);
    switch (id) {
        case kPropLocation:
            settings.location = text(kDefaultLocation);
            break;
        case kPropFormat:
            settings.format = static_cast<Format>(g_value_get_enum(value));
            break;
        case kPropStreamId:
            settings.stream_id = text("");
            break;
        case kPropPostMessages:
            settings.post_messages = g_value_get_boolean(value);
            break;
        default:
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void gst_facet_publish_get_property(GObject* object, guint id, GValue* value,
                                           GParamSpec* spec) {
    GstFacetPublish* self = GST_FACET_PUBLISH(object);
    const Settings& settings = self->state->settings;
    GST_OBJECT_LOCK(self);
    switch (id) {
        case kPropLocation:
            g_value_set_string(value, settings.location.c_str());
            break;
        case kPropFormat:
            g_value_set_enum(value, settings.format);
            break;
        case kPropStreamId:
            g_value_set_string(value, gst_facet_publish_stream_id(self).c_str());
            break;
        case kPropPostMessages:
            g_value_set_boolean(value, settings.post_messages);
            break;
        default:
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void gst_facet_publish_finalize(GObject* object) {
    delete GST_FACET_PUBLISH(object)->state;
    G_OBJECT_CLASS(gst_facet_publish_parent_class)->finalize(object);
}

static void gst_facet_publish_install_properties(GObjectClass* object_class) {
    const auto ready = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                GST_PARAM_MUTABLE_READY);
    const auto playing = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                  GST_PARAM_MUTABLE_PLAYING);
    g_object_class_install_property(
        object_class, kPropLocation,
        g_param_spec_string("location", "Location",
                            "File to write, emptied at start, or - for standard output (default: "
                            "-). Elements with the same location share it, line by line",
                            kDefaultLocation, ready));
    g_object_class_install_property(
        object_class, kPropFormat,
        g_param_spec_enum("format", "Format", "How a frame is written (default: json-lines)",
                          gst_facet_publish_format_get_type(), kJsonLines, ready));
    g_object_class_install_property(
        object_class, kPropStreamId,
        g_param_spec_string("stream-id", "Stream id",
                            "Name of the stream in every line (default: the element's name)",
                            nullptr, playing));
    g_object_class_install_property(
        object_class, kPropPostMessages,
        g_param_spec_boolean("post-messages", "Post messages",
                             "Also post an element message 'facet-frame' for every frame "
                             "(default: false)",
                             FALSE, playing));
}

static void gst_facet_publish_class_init(GstFacetPublishClass* klass) {
    GST_DEBUG_CATEGORY_INIT(facet_publish_debug, "facetpublish", 0, "Facet's publisher");
    auto* object_class = G_OBJECT_CLASS(klass);
    auto* element_class = GST_ELEMENT_CLASS(klass);
    auto* transform_class = GST_BASE_TRANSFORM_CLASS(klass);
    object_class->set_property = gst_facet_publish_set_property;
    object_class->get_property = gst_facet_publish_get_property;
    object_class->finalize = gst_facet_publish_finalize;
    gst_facet_publish_install_properties(object_class);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Facet publisher", "Filter/Analyzer/Video",
        "Writes the faces of every frame and what is known of them as JSON Lines", "Facet");
    transform_class->start = gst_facet_publish_start;
    transform_class->stop = gst_facet_publish_stop;
    transform_class->set_caps = gst_facet_publish_set_caps;
    transform_class->sink_event = gst_facet_publish_sink_event;
    transform_class->transform_ip = gst_facet_publish_transform_ip;
    gst_type_mark_as_plugin_api(gst_facet_publish_format_get_type(),
                                static_cast<GstPluginAPIFlags>(0));
}

static void gst_facet_publish_init(GstFacetPublish* self) {
    self->state = new PublishState();
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
}
