// SPDX-License-Identifier: MIT
// facetverify: compares what models say of the faces with what facettestsrc knows of them.
#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "elements/verify/report.h"
#include "elements/verify/verifier.h"
#include "engine/base/result.h"
#include "gst/properties.h"

GST_DEBUG_CATEGORY_STATIC(facet_verify_debug);
#define GST_CAT_DEFAULT facet_verify_debug

using facet::Mutable;

namespace {

struct Settings {
    double iou_threshold = 0.5;
    double min_visible = 0.6;
    std::string report_path;  // empty: none is written
};

// Invariants: `settings` and `verifier` are guarded by the object lock; the verifier is there from
// the first start on, so that the last stream's findings can still be read after it. The rest
// belongs to the streaming thread between start and stop.
struct VerifyState {
    Settings settings;
    std::unique_ptr<facet::Verifier> verifier;
    int width = 0, height = 0;
    bool unreported = false;  // frames came since the last report
};

constexpr guint kPropStats = 4;  // after those of the table

}  // namespace

struct GstFacetVerify {
    GstBaseTransform parent;
    VerifyState* state;
};

struct GstFacetVerifyClass {
    GstBaseTransformClass parent_class;
};

G_DEFINE_TYPE(GstFacetVerify, gst_facet_verify, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(facetverify, "facetverify", GST_RANK_NONE, gst_facet_verify_get_type())

#define GST_FACET_VERIFY(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), gst_facet_verify_get_type(), GstFacetVerify))

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE(
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("video/x-raw(ANY)"));

static facet::PropertyTable<Settings> make_properties() {
    facet::PropertyTable<Settings> table;
    table.add_double("iou-threshold",
                     "Intersection over union from which a detection counts as having found a face",
                     &Settings::iou_threshold, 0.05, 1, Mutable::kReady);
    table.add_double("min-visible",
                     "Faces of which a smaller share is to be seen count neither as found nor as "
                     "missed",
                     &Settings::min_visible, 0, 1, Mutable::kReady);
    table.add_text("report-path", "JSON file written at the end of the stream; empty: none",
                   &Settings::report_path, Mutable::kReady);
    return table;
}

static const facet::PropertyTable<Settings>& properties() {
    static const facet::PropertyTable<Settings> table = make_properties();
    return table;
}

static facet::Findings gst_facet_verify_copy_findings(GstFacetVerify* self) {
    facet::Findings findings;
    GST_OBJECT_LOCK(self);
    if (self->state->verifier) findings = self->state->verifier->findings();
    GST_OBJECT_UNLOCK(self);
    return findings;
}

static GstStructure* gst_facet_verify_stats(GstFacetVerify* self) {
    return facet::report_structure(GST_OBJECT_NAME(self), gst_facet_verify_copy_findings(self));
}

static facet::Result<void> gst_facet_verify_write(GstFacetVerify* self) {
    GST_OBJECT_LOCK(self);
    const std::string path = self->state->settings.report_path;
    GST_OBJECT_UNLOCK(self);
    if (path.empty()) return {};
    std::ofstream file(path, std::ios::trunc);
    file << facet::report_json(GST_OBJECT_NAME(self), gst_facet_verify_copy_findings(self));
    file.flush();
    if (file) return {};
    return facet::Error{facet::ErrorCode::kIo,
                        "report '" + path + "' cannot be written: " + std::strerror(errno)};
}

// The report of everything since the start, once per end however often it is asked for.
static void gst_facet_verify_report(GstFacetVerify* self) {
    if (!self->state->unreported) return;
    self->state->unreported = false;
    if (const auto written = gst_facet_verify_write(self); !written.ok())
        GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE, ("%s", written.error().message.c_str()),
                          ("property 'report-path'"));
    gst_element_post_message(
        GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), gst_facet_verify_stats(self)));
}

static gboolean gst_facet_verify_start(GstBaseTransform* transform) {
    GstFacetVerify* self = GST_FACET_VERIFY(transform);
    GST_OBJECT_LOCK(self);
    const Settings& settings = self->state->settings;
    self->state->verifier =
        std::make_unique<facet::Verifier>(settings.iou_threshold, settings.min_visible);
    GST_OBJECT_UNLOCK(self);
    // A stream without a frame has a report, too.
    self->state->unreported = true;
    return TRUE;
}

static gboolean gst_facet_verify_stop(GstBaseTransform* transform) {
    gst_facet_verify_report(GST_FACET_VERIFY(transform));
    return TRUE;
}

static gboolean gst_facet_verify_set_caps(GstBaseTransform* transform, GstCaps* incaps, GstCaps*) {
    VerifyState& state = *GST_FACET_VERIFY(transform)->state;
    const GstStructure* structure = gst_caps_get_structure(incaps, 0);
    state.width = state.height = 0;
    gst_structure_get_int(structure, "width", &state.width);
    gst_structure_get_int(structure, "height", &state.height);
    return TRUE;
}

static gboolean gst_facet_verify_sink_event(GstBaseTransform* transform, GstEvent* event) {
    // Before EOS goes on: an application that sees it may read the report at once.
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
        gst_facet_verify_report(GST_FACET_VERIFY(transform));
    return GST_BASE_TRANSFORM_CLASS(gst_facet_verify_parent_class)->sink_event(transform, event);
}

static GstFlowReturn gst_facet_verify_transform_ip(GstBaseTransform* transform, GstBuffer* buffer) {
    GstFacetVerify* self = GST_FACET_VERIFY(transform);
    VerifyState& state = *self->state;
    const auto truth = facet::read_ground_truth(buffer, state.width, state.height);
    const auto faces = facet::read_faces(buffer, {}, state.width, state.height);
    std::optional<uint64_t> pts;
    if (GST_BUFFER_PTS_IS_VALID(buffer)) pts = GST_BUFFER_PTS(buffer);
    GST_OBJECT_LOCK(self);
    state.verifier->add(truth, faces, pts);
    GST_OBJECT_UNLOCK(self);
    state.unreported = true;
    GST_LOG_OBJECT(self, "%zu detections, %zu true faces", faces.size(),
                   truth ? truth->faces.size() : 0);
    return GST_FLOW_OK;
}

static void gst_facet_verify_set_property(GObject* object, guint id, const GValue* value,
                                          GParamSpec*) {
    properties().set(GST_ELEMENT(object), id, value, GST_FACET_VERIFY(object)->state->settings);
}

static void gst_facet_verify_get_property(GObject* object, guint id, GValue* value, GParamSpec*) {
    GstFacetVerify* self = GST_FACET_VERIFY(object);
    if (id == kPropStats)
        g_value_take_boxed(value, gst_facet_verify_stats(self));
    else
        properties().get(GST_ELEMENT(object), id, value, self->state->settings);
}

static void gst_facet_verify_finalize(GObject* object) {
    delete GST_FACET_VERIFY(object)->state;
    G_OBJECT_CLASS(gst_facet_verify_parent_class)->finalize(object);
}

static void gst_facet_verify_class_init(GstFacetVerifyClass* klass) {
    GST_DEBUG_CATEGORY_INIT(facet_verify_debug, "facetverify", 0, "Comparison with ground truth");
    auto* object_class = G_OBJECT_CLASS(klass);
    auto* element_class = GST_ELEMENT_CLASS(klass);
    auto* transform_class = GST_BASE_TRANSFORM_CLASS(klass);
    object_class->set_property = gst_facet_verify_set_property;
    object_class->get_property = gst_facet_verify_get_property;
    object_class->finalize = gst_facet_verify_finalize;
    properties().install(object_class);
    g_object_class_install_property(
        object_class, kPropStats,
        g_param_spec_boxed("stats", "stats", "Counts and figures since the start: facet-verify",
                           GST_TYPE_STRUCTURE,
                           static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Facet verifier", "Filter/Analyzer/Video",
        "Compares the faces that models found with the ground truth of facettestsrc",
        "The Facet authors");
    transform_class->start = gst_facet_verify_start;
    transform_class->stop = gst_facet_verify_stop;
    transform_class->set_caps = gst_facet_verify_set_caps;
    transform_class->sink_event = gst_facet_verify_sink_event;
    transform_class->transform_ip = gst_facet_verify_transform_ip;
}

static void gst_facet_verify_init(GstFacetVerify* self) {
    self->state = new VerifyState();
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
}
