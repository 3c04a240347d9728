// SPDX-License-Identifier: MIT
// facetoverlay: draws the faces of every frame, or hands the drawing to a sink that can blend.
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>
#include <gst/video/video.h>

#include <atomic>
#include <vector>

#include "elements/overlay/composition.h"
#include "elements/overlay/overlay_painter.h"
#include "gst/face_meta.h"

GST_DEBUG_CATEGORY_STATIC(facet_overlay_debug);
#define GST_CAT_DEFAULT facet_overlay_debug

namespace {

// Invariants: `settings` is guarded by the object lock; all else, but for the
// flag that says otherwise, belongs to the streaming thread.
// `images` are those of the frame between prepare_output_buffer and transform_ip.
struct OverlayState {
    facet::OverlaySettings settings;
    facet::OverlayPainter painter;
    GstVideoInfo info{};
    bool attaches = false;                    // instead of drawing into the frame
    std::atomic<bool> must_ask_peer = false;  // whether it can; set by any thread
    std::vector<facet::PlacedImage> images;
};

enum Property { kPropShow = 1, kPropStyle, kPropFont };

constexpr const char* kFeature = GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION;

}  // namespace

struct GstFacetOverlay {
    GstBaseTransform parent;
    OverlayState* state;
};

struct GstFacetOverlayClass {
    GstBaseTransformClass parent_class;
};

G_DEFINE_TYPE(GstFacetOverlay, gst_facet_overlay, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(facetoverlay, "facetoverlay", GST_RANK_NONE,
                            gst_facet_overlay_get_type())

#define GST_FACET_OVERLAY(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), gst_facet_overlay_get_type(), GstFacetOverlay))

#define FACET_OVERLAY_CAPS                                                                         \
    GST_VIDEO_CAPS_MAKE(GST_VIDEO_OVERLAY_COMPOSITION_BLEND_FORMATS)                               \
    ";" GST_VIDEO_CAPS_MAKE_WITH_FEATURES(GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY                    \
                                          "," GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION, \
                                          GST_VIDEO_OVERLAY_COMPOSITION_BLEND_FORMATS)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(FACET_OVERLAY_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(FACET_OVERLAY_CAPS));

static GType gst_facet_overlay_show_get_type() {
    static const GFlagsValue values[] = {
        {facet::kShowBoxes, "Boxes around faces", "boxes"},
        {facet::kShowAge, "Age in years", "age"},
        {facet::kShowGender, "Gender", "gender"},
        {facet::kShowMood, "Mood", "mood"},
        {facet::kShowConfidence, "Confidences, in percent", "confidence"},
        {facet::kShowId, "Number of a tracked face", "id"},
        {facet::kShowSkipped, "Why a face has no result", "skipped"},
        {0, nullptr, nullptr}};
    static const GType type = g_flags_register_static("GstFacetOverlayShow", values);
    return type;
}

static GType gst_facet_overlay_style_get_type() {
    using facet::OverlayStyle;
    static const GEnumValue values[] = {
        {static_cast<int>(OverlayStyle::kPlain), "Thin boxes, light words on dark plates", "plain"},
        {static_cast<int>(OverlayStyle::kBold), "Thick boxes, dark words on coloured plates",
         "bold"},
        {static_cast<int>(OverlayStyle::kCorners), "Only the corners of boxes, dark plates",
         "corners"},
        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstFacetOverlayStyle", values);
    return type;
}

static bool gst_facet_overlay_has_feature(GstCaps* caps) {
    return gst_caps_features_contains(gst_caps_get_features(caps, 0), kFeature);
}

// Towards downstream the composition feature may be added (attaching, preferred); towards upstream
// it may be left out.
static GstCaps* gst_facet_overlay_transform_caps(GstBaseTransform*, GstPadDirection direction,
                                                 GstCaps* caps, GstCaps* filter) {
    GstCaps* changed = gst_caps_copy(caps);
    for (guint i = 0; i < gst_caps_get_size(changed); ++i) {
        GstCapsFeatures* features = gst_caps_get_features(changed, i);
        if (direction == GST_PAD_SRC)
            gst_caps_features_remove(features, kFeature);
        else if (!gst_caps_features_contains(features, kFeature))
            gst_caps_features_add(features, kFeature);
    }
    GstCaps* result = direction == GST_PAD_SRC ? gst_caps_merge(gst_caps_ref(caps), changed)
                                               : gst_caps_merge(changed, gst_caps_ref(caps));
    if (!filter) return result;
    GstCaps* filtered = gst_caps_intersect_full(filter, result, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref(result);
    return filtered;
}

static gboolean gst_facet_overlay_set_caps(GstBaseTransform* transform, GstCaps* incaps, GstCaps*) {
    OverlayState& state = *GST_FACET_OVERLAY(transform)->state;
    state.must_ask_peer = true;
    return gst_video_info_from_caps(&state.info, incaps);
}

static gboolean gst_facet_overlay_src_event(GstBaseTransform* transform, GstEvent* event) {
    if (GST_EVENT_TYPE(event) == GST_EVENT_RECONFIGURE)
        GST_FACET_OVERLAY(transform)->state->must_ask_peer = true;
    return GST_BASE_TRANSFORM_CLASS(gst_facet_overlay_parent_class)->src_event(transform, event);
}

// Whether downstream draws attached compositions. The caps alone do not say: an element with ANY
// caps accepts them and draws nothing. The base class asks nobody for an in-place element.
static bool gst_facet_overlay_ask_peer(GstBaseTransform* transform) {
    GstPad* pad = GST_BASE_TRANSFORM_SRC_PAD(transform);
    GstCaps* caps = gst_pad_get_current_caps(pad);
    if (!caps) return false;
    GstQuery* query = gst_query_new_allocation(caps, FALSE);
    const bool draws =
        gst_facet_overlay_has_feature(caps) && gst_pad_peer_query(pad, query) &&
        gst_query_find_allocation_meta(query, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, nullptr);
    gst_query_unref(query);
    gst_caps_unref(caps);
    GST_INFO_OBJECT(
        transform, "%s",
        draws ? "attaching compositions: downstream draws them" : "drawing into the frames");
    return draws;
}

static gboolean gst_facet_overlay_propose_allocation(GstBaseTransform* transform,
                                                     GstQuery* decide_query, GstQuery* query) {
    if (!GST_BASE_TRANSFORM_CLASS(gst_facet_overlay_parent_class)
             ->propose_allocation(transform, decide_query, query))
        return FALSE;
    if (!gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr))
        gst_query_add_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr);
    return TRUE;
}

// Decides here what is drawn, so that a frame without faces is passed on untouched and uncopied.
static GstFlowReturn gst_facet_overlay_prepare_output_buffer(GstBaseTransform* transform,
                                                             GstBuffer* input, GstBuffer** output) {
    GstFacetOverlay* self = GST_FACET_OVERLAY(transform);
    OverlayState& state = *self->state;
    GST_OBJECT_LOCK(self);
    const facet::OverlaySettings settings = state.settings;
    GST_OBJECT_UNLOCK(self);
    if (state.must_ask_peer.exchange(false)) state.attaches = gst_facet_overlay_ask_peer(transform);
    const int width = GST_VIDEO_INFO_WIDTH(&state.info);
    const int height = GST_VIDEO_INFO_HEIGHT(&state.info);
    state.images =
        state.painter.paint(facet::read_faces(input, {}, width, height), width, height, settings);
    const bool as_it_is = state.images.empty() || gst_buffer_is_writable(input);
    // The copy shares the pixels; mapping it for writing copies them, attaching does not.
    *output = as_it_is ? input : gst_buffer_copy(input);
    return GST_FLOW_OK;
}

static GstFlowReturn gst_facet_overlay_transform_ip(GstBaseTransform* transform,
                                                    GstBuffer* buffer) {
    GstFacetOverlay* self = GST_FACET_OVERLAY(transform);
    OverlayState& state = *self->state;
    if (state.images.empty()) return GST_FLOW_OK;
    GstVideoOverlayComposition* composition = facet::make_composition(state.images);
    GST_LOG_OBJECT(self, "%zu images", state.images.size());
    state.images.clear();
    GstFlowReturn flow = GST_FLOW_OK;
    GstVideoFrame frame;
    if (state.attaches) {
        facet::attach_composition(buffer, composition);
    } else if (gst_video_frame_map(&frame, &state.info, buffer, GST_MAP_READWRITE)) {
        gst_video_overlay_composition_blend(composition, &frame);
        gst_video_frame_unmap(&frame);
    } else {
        GST_ELEMENT_ERROR(self, STREAM, FAILED, ("A frame cannot be mapped for drawing."),
                          ("%" GST_PTR_FORMAT, static_cast<void*>(buffer)));
        flow = GST_FLOW_ERROR;
    }
    gst_video_overlay_composition_unref(composition);
    return flow;
}

static void gst_facet_overlay_set_property(GObject* object, guint id, const GValue* value,
                                           GParamSpec* spec) {
    GstFacetOverlay* self = GST_FACET_OVERLAY(object);
    facet::OverlaySettings& settings = self->state->settings;
    const char* font = id == kPropFont ? g_value_get_string(value) : nullptr;
    GST_OBJECT_LOCK(self);
    switch (id) {
        case kPropShow:
            settings.show = g_value_get_flags(value);
            break;
        case kPropStyle:
            settings.style = static_cast<facet::OverlayStyle>(g_value_get_enum(value));
            break;
        case kPropFont:
            settings.font = font ? font : facet::OverlaySettings().font;
            break;
        default:
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void gst_facet_overlay_get_property(GObject* object, guint id, GValue* value,
                                           GParamSpec* spec) {
    GstFacetOverlay* self = GST_FACET_OVERLAY(object);
    const facet::OverlaySettings& settings = self->state->settings;
    GST_OBJECT_LOCK(self);
    switch (id) {
        case kPropShow:
            g_value_set_flags(value, settings.show);
            break;
        case kPropStyle:
            g_value_set_enum(value, static_cast<int>(settings.style));
            break;
        case kPropFont:
            g_value_set_string(value, settings.font.c_str());
            break;
        default:
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void gst_facet_overlay_finalize(GObject* object) {
    delete GST_FACET_OVERLAY(object)->state;
    G_OBJECT_CLASS(gst_facet_overlay_parent_class)->finalize(object);
}

static void gst_facet_overlay_install_properties(GObjectClass* object_class) {
    const auto flags = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
                                                GST_PARAM_MUTABLE_PLAYING);
    g_object_class_install_property(
        object_class, kPropShow,
        g_param_spec_flags("show", "Show",
                           "What is drawn (default: boxes+age+gender+mood+confidence)",
                           gst_facet_overlay_show_get_type(), facet::kShowDefault, flags));
    g_object_class_install_property(
        object_class, kPropStyle,
        g_param_spec_enum("style", "Style", "How it is drawn (default: plain)",
                          gst_facet_overlay_style_get_type(),
                          static_cast<int>(facet::OverlayStyle::kPlain), flags));
    g_object_class_install_property(
        object_class, kPropFont,
        g_param_spec_string("font", "Font",
                            "Pango font description; without a size in points the text follows "
                            "the sizes of face and frame (default: Sans Bold)",
                            facet::OverlaySettings().font.c_str(), flags));
}

static void gst_facet_overlay_class_init(GstFacetOverlayClass* klass) {
    GST_DEBUG_CATEGORY_INIT(facet_overlay_debug, "facetoverlay", 0, "Facet's overlay");
    auto* object_class = G_OBJECT_CLASS(klass);
    auto* element_class = GST_ELEMENT_CLASS(klass);
    auto* transform_class = GST_BASE_TRANSFORM_CLASS(klass);
    object_class->set_property = gst_facet_overlay_set_property;
    object_class->get_property = gst_facet_overlay_get_property;
    object_class->finalize = gst_facet_overlay_finalize;
    gst_facet_overlay_install_properties(object_class);
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(element_class, "Facet overlay", "Filter/Effect/Video",
                                          "Draws faces with their age, gender and mood", "Facet");
    transform_class->transform_caps = gst_facet_overlay_transform_caps;
    transform_class->set_caps = gst_facet_overlay_set_caps;
    transform_class->src_event = gst_facet_overlay_src_event;
    transform_class->propose_allocation = gst_facet_overlay_propose_allocation;
    transform_class->prepare_output_buffer = gst_facet_overlay_prepare_output_buffer;
    transform_class->transform_ip = gst_facet_overlay_transform_ip;
    gst_type_mark_as_plugin_api(gst_facet_overlay_show_get_type(),
                                static_cast<GstPluginAPIFlags>(0));
    gst_type_mark_as_plugin_api(gst_facet_overlay_style_get_type(),
                                static_cast<GstPluginAPIFlags>(0));
}

static void gst_facet_overlay_init(GstFacetOverlay* self) {
    self->state = new OverlayState();
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
    gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), TRUE);
}
