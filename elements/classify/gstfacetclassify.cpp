// SPDX-License-Identifier: MIT
// facetclassify: says of each face what the models see in it, many faces at a time.
#include <gst/gst.h>

#include "elements/classify/classifier.h"
#include "gst/frame_filter.h"
#include "gst/model_path.h"
#include "gst/properties.h"

GST_DEBUG_CATEGORY_STATIC(facetclassify_debug);
#define GST_CAT_DEFAULT facetclassify_debug

using facet::ClassifySettings;
using facet::Mutable;

struct GstFacetClassify {
    GstFacetFrameFilter parent;
    ClassifySettings* settings;  // object lock
};

struct GstFacetClassifyClass {
    GstFacetFrameFilterClass parent_class;
};

#define GST_FACET_CLASSIFY(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), gst_facet_classify_get_type(), GstFacetClassify))

GType gst_facet_classify_get_type();
G_DEFINE_TYPE_WITH_CODE(GstFacetClassify, gst_facet_classify, GST_TYPE_FACET_FRAME_FILTER,
                        GST_DEBUG_CATEGORY_INIT(facetclassify_debug, "facetclassify", 0,
                                                "Face classification"))
GST_ELEMENT_REGISTER_DEFINE(facetclassify, "facetclassify", GST_RANK_NONE,
                            gst_facet_classify_get_type())

static GType overload_type() {
    using facet::Overload;
    static const GEnumValue kValues[] = {
        {static_cast<int>(Overload::kBlock), "None: upstream waits", "block"},
        {static_cast<int>(Overload::kReuse), "They get what was said of them last", "reuse"},
        {static_cast<int>(Overload::kSkip), "They get a reason instead", "skip"},
        {0, nullptr, nullptr}};
    static const GType type = g_enum_register_static("GstFacetClassifyOverload", kValues);
    return type;
}

static facet::PropertyTable<ClassifySettings> make_properties() {
    facet::PropertyTable<ClassifySettings> table;
    table.add_text(
        "models",
        "Comma-separated models that run on every face: files (.xml, .onnx) or installed "
        "names; required",
        &ClassifySettings::models, Mutable::kReady);
    table.add_text("object-class", "Type of the regions to classify; empty: all",
                   &ClassifySettings::object_class, Mutable::kPlaying);
    table.add_int("min-size",
                  "Regions whose shorter side has fewer pixels are skipped as too-small",
                  &ClassifySettings::min_size, 0, G_MAXINT, Mutable::kPlaying);
    table.add_double("roi-scale",
                     "Regions grow by this factor about their centre before they are cropped",
                     &ClassifySettings::roi_scale, 0.1, 10, Mutable::kPlaying);
    table.add_enum("overload", "What becomes of faces that cannot be classified in time",
                   overload_type(), &ClassifySettings::overload, Mutable::kReady);
    table.add_double("reclassify-interval",
                     "Milliseconds for which a face that is tracked, or found again in the next "
                     "frame, keeps what was said of it; 0: every frame anew",
                     &ClassifySettings::reclassify_interval_ms, 0, 3'600'000, Mutable::kPlaying);
    facet::add_filter_properties(table);
    return table;
}

static const facet::PropertyTable<ClassifySettings>& properties() {
    static const facet::PropertyTable<ClassifySettings> table = make_properties();
    return table;
}

static ClassifySettings copy_settings(GstFacetClassify* self) {
    GST_OBJECT_LOCK(self);
    ClassifySettings settings = *self->settings;
    GST_OBJECT_UNLOCK(self);
    return settings;
}

static facet::RegionChoice current_choice(GstFacetClassify* self) {
    GST_OBJECT_LOCK(self);
    facet::RegionChoice choice = *self->settings;
    GST_OBJECT_UNLOCK(self);
    return choice;
}

static facet::Result<facet::StreamSetup> gst_facet_classify_configure(GstFacetFrameFilter* filter) {
    GstFacetClassify* self = GST_FACET_CLASSIFY(filter);
    const ClassifySettings settings = copy_settings(self);
    FACET_ASSIGN(const auto models, facet::find_models(settings.models));
    facet::StreamSetup setup;
    FACET_ASSIGN(setup.session, session_settings(settings, models));
    fill_stream_setup(settings, setup);
    setup.sheds = settings.overload != static_cast<int>(facet::Overload::kBlock);
    setup.behaviour = std::make_unique<facet::Classifier>([self] { return current_choice(self); });
    return setup;
}

static void gst_facet_classify_set_property(GObject* object, guint id, const GValue* value,
                                            GParamSpec*) {
    properties().set(GST_ELEMENT(object), id, value, *GST_FACET_CLASSIFY(object)->settings);
}

static void gst_facet_classify_get_property(GObject* object, guint id, GValue* value, GParamSpec*) {
    properties().get(GST_ELEMENT(object), id, value, *GST_FACET_CLASSIFY(object)->settings);
}

static void gst_facet_classify_finalize(GObject* object) {
    delete GST_FACET_CLASSIFY(object)->settings;
    G_OBJECT_CLASS(gst_facet_classify_parent_class)->finalize(object);
}

static void gst_facet_classify_class_init(GstFacetClassifyClass* klass) {
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = gst_facet_classify_set_property;
    object_class->get_property = gst_facet_classify_get_property;
    object_class->finalize = gst_facet_classify_finalize;
    properties().install(object_class);
    gst_type_mark_as_plugin_api(facet::precision_type(), static_cast<GstPluginAPIFlags>(0));
    gst_type_mark_as_plugin_api(overload_type(), static_cast<GstPluginAPIFlags>(0));
    klass->parent_class.configure = gst_facet_classify_configure;
    gst_element_class_set_static_metadata(
        GST_ELEMENT_CLASS(klass), "Facet face classifier", "Filter/Analyzer/Video",
        "Runs models on the faces of many streams in dynamic batches and writes what they say",
        "The Facet authors");
}

static void gst_facet_classify_init(GstFacetClassify* self) {
    self->settings = new ClassifySettings;
}
