// SPDX-License-Identifier: MIT
// facetdetect: finds faces on video frames.
#include <gst/gst.h>

#include "elements/detect/detector.h"
#include "gst/frame_filter.h"
#include "gst/model_path.h"
#include "gst/properties.h"
#include "gst/size_list.h"

GST_DEBUG_CATEGORY_STATIC(facetdetect_debug);
#define GST_CAT_DEFAULT facetdetect_debug

using facet::DetectSettings;
using facet::Mutable;

struct GstFacetDetect {
    GstFacetFrameFilter parent;
    DetectSettings* settings;  // object lock
};

struct GstFacetDetectClass {
    GstFacetFrameFilterClass parent_class;
};

#define GST_FACET_DETECT(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), gst_facet_detect_get_type(), GstFacetDetect))

GType gst_facet_detect_get_type();
G_DEFINE_TYPE_WITH_CODE(GstFacetDetect, gst_facet_detect, GST_TYPE_FACET_FRAME_FILTER,
                        GST_DEBUG_CATEGORY_INIT(facetdetect_debug, "facetdetect", 0,
                                                "Face detection"))
GST_ELEMENT_REGISTER_DEFINE(facetdetect, "facetdetect", GST_RANK_NONE, gst_facet_detect_get_type())

static facet::PropertyTable<DetectSettings> make_properties() {
    facet::PropertyTable<DetectSettings> table;
    table.add_text("model", "Detection model: a file (.xml, .onnx) or an installed name; required",
                   &DetectSettings::model, Mutable::kReady);
    table.add_text("model-info",
                   "Description of the model (JSON); empty: the file of the model's name beside it "
                   "or in $FACET_MODEL_INFO_PATH",
                   &DetectSettings::model_info, Mutable::kReady);
    table.add_text("image-size-profiles",
                   "Sizes of the model's input, as 320x192,640x384: each stream runs at the one "
                   "that fits its frames best; not together with batch-profiles; empty: the "
                   "model's own",
                   &DetectSettings::image_size_profiles, Mutable::kReady);
    table.add_double("threshold",
                     "Least confidence of a face, 0 to 1; below 0: the model description's own",
                     &DetectSettings::threshold, -1, 1, Mutable::kReady);
    table.add_int("inference-interval", "Look at every Nth frame; those between pass without faces",
                  &DetectSettings::inference_interval, 1, G_MAXINT, Mutable::kPlaying);
    facet::add_filter_properties(table);
    return table;
}

static const facet::PropertyTable<DetectSettings>& properties() {
    static const facet::PropertyTable<DetectSettings> table = make_properties();
    return table;
}

static DetectSettings copy_settings(GstFacetDetect* self) {
    GST_OBJECT_LOCK(self);
    DetectSettings settings = *self->settings;
    GST_OBJECT_UNLOCK(self);
    return settings;
}

static int current_interval(GstFacetDetect* self) {
    GST_OBJECT_LOCK(self);
    const int interval = self->settings->inference_interval;
    GST_OBJECT_UNLOCK(self);
    return interval;
}

static facet::Result<facet::StreamSetup> gst_facet_detect_configure(GstFacetFrameFilter* filter) {
    GstFacetDetect* self = GST_FACET_DETECT(filter);
    const DetectSettings settings = copy_settings(self);
    if (settings.model.empty())
        return facet::Error{facet::ErrorCode::kInvalidArgument,
                            "property 'model' is not set; give a model file or an installed name"};
    FACET_ASSIGN(const auto model, facet::find_model(settings.model));
    facet::StreamSetup setup;
    FACET_ASSIGN(setup.session, session_settings(settings, {model}));
    setup.session.models.front().info = settings.model_info;
    FACET_ASSIGN(setup.image_sizes,
                 facet::parse_image_sizes("image-size-profiles", settings.image_size_profiles));
    if (!setup.image_sizes.empty() && !setup.session.batch_profiles.empty())
        return facet::Error{facet::ErrorCode::kInvalidArgument,
                            "property 'image-size-profiles': not together with 'batch-profiles'; "
                            "max-batch bounds the batch"};
    if (settings.threshold >= 0) setup.session.threshold = static_cast<float>(settings.threshold);
    fill_stream_setup(settings, setup);
    setup.wanted = facet::Yield::kDetections;
    setup.behaviour = std::make_unique<facet::Detector>([self] { return current_interval(self); },
                                                        model.stem().string());
    return setup;
}

static void gst_facet_detect_set_property(GObject* object, guint id, const GValue* value,
                                          GParamSpec*) {
    properties().set(GST_ELEMENT(object), id, value, *GST_FACET_DETECT(object)->settings);
}

static void gst_facet_detect_get_property(GObject* object, guint id, GValue* value, GParamSpec*) {
    properties().get(GST_ELEMENT(object), id, value, *GST_FACET_DETECT(object)->settings);
}

static void gst_facet_detect_finalize(GObject* object) {
    delete GST_FACET_DETECT(object)->settings;
    G_OBJECT_CLASS(gst_facet_detect_parent_class)->finalize(object);
}

static void gst_facet_detect_class_init(GstFacetDetectClass* klass) {
    GObjectClass* object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = gst_facet_detect_set_property;
    object_class->get_property = gst_facet_detect_get_property;
    object_class->finalize = gst_facet_detect_finalize;
    properties().install(object_class);
    gst_type_mark_as_plugin_api(facet::precision_type(), static_cast<GstPluginAPIFlags>(0));
    klass->parent_class.configure = gst_facet_detect_configure;
    gst_element_class_set_static_metadata(
        GST_ELEMENT_CLASS(klass), "Facet face detector", "Filter/Analyzer/Video",
        "Finds faces on frames, several streams per batch, and marks them as regions of interest",
        "The Facet authors");
}

static void gst_facet_detect_init(GstFacetDetect* self) {
    self->settings = new DetectSettings;
}
