// SPDX-License-Identifier: MIT
// facettestsrc: draws moving faces of known identity, age, gender and mood, and tells the truth.
#include <gst/base/gstpushsrc.h>
#include <gst/video/gstvideopool.h>
#include <gst/video/video.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "elements/testsrc/frame_painter.h"
#include "elements/testsrc/pixel_writer.h"
#include "elements/testsrc/source_properties.h"
#include "gst/errors.h"
#include "gst/ground_truth_meta.h"
#include "gst/ranged_param.h"

GST_DEBUG_CATEGORY_STATIC(facet_test_src_debug);
#define GST_CAT_DEFAULT facet_test_src_debug

using facet::SourceSettings;
using facet::drawing::FramePainter;
using facet::drawing::Scene;

namespace {

// Invariants: all but `settings` belong to the streaming thread between start and stop; `info` is
// written under the object lock, for queries. `scene` and
// `painter` are set from the first caps on and of the size of `info`. Timestamps count
// `frames` at the rate of `info` from `origin`.
struct TestSrcState {
    SourceSettings settings;  // guarded by the object lock
    GstVideoInfo info;
    facet::drawing::FrameTarget target;  // format and matrix; planes change with each buffer
    std::optional<Scene> scene;
    std::unique_ptr<FramePainter> painter;
    GstClockTime origin = 0;
    uint64_t frames = 0;
    bool fresh = true;  // no frame of the scene was drawn yet
};

}  // namespace

struct GstFacetTestSrc {
    GstPushSrc parent;
    TestSrcState* state;
};

struct GstFacetTestSrcClass {
    GstPushSrcClass parent_class;
};

G_DEFINE_TYPE(GstFacetTestSrc, gst_facet_test_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE(facettestsrc, "facettestsrc", GST_RANK_NONE,
                            gst_facet_test_src_get_type())

#define GST_FACET_TEST_SRC(object) \
    (G_TYPE_CHECK_INSTANCE_CAST((object), gst_facet_test_src_get_type(), GstFacetTestSrc))

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("video/x-raw, format = (string) { I420, NV12, RGB, "
                                            "BGRx }, width = (int) [ 16, 16384 ], "
                                            "height = (int) [ 16, 16384 ], "
                                            "framerate = (fraction) [ 1/1000, 1000/1 ]"));

static SourceSettings gst_facet_test_src_copy_settings(GstFacetTestSrc* self) {
    GST_OBJECT_LOCK(self);
    const SourceSettings settings = self->state->settings;
    GST_OBJECT_UNLOCK(self);
    return settings;
}

static facet::drawing::FrameFormat gst_facet_test_src_format(GstVideoFormat format) {
    switch (format) {
        case GST_VIDEO_FORMAT_NV12:
            return facet::drawing::FrameFormat::kNv12;
        case GST_VIDEO_FORMAT_RGB:
            return facet::drawing::FrameFormat::kRgb;
        case GST_VIDEO_FORMAT_BGRx:
            return facet::drawing::FrameFormat::kBgrx;
        default:
            return facet::drawing::FrameFormat::kI420;
    }
}

static gboolean gst_facet_test_src_start(GstBaseSrc* source) {
    if (const auto ranges = facet::check_ranges(G_OBJECT(source)); !ranges.ok()) {
        facet::post_error(GST_ELEMENT(source), ranges.error());
        return FALSE;
    }
    TestSrcState& state = *GST_FACET_TEST_SRC(source)->state;
    GST_OBJECT_LOCK(source);
    gst_video_info_init(&state.info);
    GST_OBJECT_UNLOCK(source);
    state.scene.reset();
    state.painter.reset();
    state.origin = 0;
    state.frames = 0;
    state.fresh = true;
    return TRUE;
}

static gboolean gst_facet_test_src_stop(GstBaseSrc* source) {
    TestSrcState& state = *GST_FACET_TEST_SRC(source)->state;
    state.scene.reset();
    state.painter.reset();
    return TRUE;
}

static GstCaps* gst_facet_test_src_fixate(GstBaseSrc* source, GstCaps* caps) {
    caps = gst_caps_make_writable(caps);
    GstStructure* structure = gst_caps_get_structure(caps, 0);
    gst_structure_fixate_field_nearest_int(structure, "width", 640);
    gst_structure_fixate_field_nearest_int(structure, "height", 360);
    gst_structure_fixate_field_nearest_fraction(structure, "framerate", 25, 1);
    if (gst_structure_has_field(structure, "pixel-aspect-ratio"))
        gst_structure_fixate_field_nearest_fraction(structure, "pixel-aspect-ratio", 1, 1);
    return GST_BASE_SRC_CLASS(gst_facet_test_src_parent_class)->fixate(source, caps);
}

// When the rate changes, the frames so far keep their times.
static GstClockTime gst_facet_test_src_time_of(const TestSrcState& state, uint64_t frame) {
    return state.origin + gst_util_uint64_scale(frame,
                                                static_cast<guint64>(state.info.fps_d) * GST_SECOND,
                                                static_cast<guint64>(state.info.fps_n));
}

static void gst_facet_test_src_rebuild(GstFacetTestSrc* self, bool resized) {
    TestSrcState& state = *self->state;
    const SourceSettings settings = gst_facet_test_src_copy_settings(self);
    const facet::drawing::FrameShape shape = {
        GST_VIDEO_INFO_WIDTH(&state.info), GST_VIDEO_INFO_HEIGHT(&state.info),
        static_cast<double>(state.info.fps_d) / state.info.fps_n};
    if (state.scene)
        state.scene->reshape(shape);
    else
        state.scene.emplace(settings.scene, shape);
    if (resized || !state.painter)
        state.painter = std::make_unique<FramePainter>(settings.scene.seed, shape.width,
                                                       shape.height, settings.noise);
}

static gboolean gst_facet_test_src_set_caps(GstBaseSrc* source, GstCaps* caps) {
    GstFacetTestSrc* self = GST_FACET_TEST_SRC(source);
    TestSrcState& state = *self->state;
    GstVideoInfo info;
    if (!gst_video_info_from_caps(&info, caps)) return FALSE;
    if (state.scene) {
        state.origin = gst_facet_test_src_time_of(state, state.frames);
        state.frames = 0;
    }
    const bool resized = info.width != state.info.width || info.height != state.info.height;
    GST_OBJECT_LOCK(self);
    state.info = info;
    GST_OBJECT_UNLOCK(self);
    state.target.format = gst_facet_test_src_format(GST_VIDEO_INFO_FORMAT(&info));
    gdouble red = 0.299;
    gdouble blue = 0.114;
    gst_video_color_matrix_get_Kr_Kb(info.colorimetry.matrix, &red, &blue);
    state.target.matrix = facet::drawing::YuvMatrix::from(
        red, blue, info.colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255);
    gst_facet_test_src_rebuild(self, resized);
    gst_base_src_set_blocksize(source, static_cast<guint>(info.size));
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
    GST_INFO_OBJECT(self, "drawing %" GST_PTR_FORMAT, caps);
    return TRUE;
}

static gboolean gst_facet_test_src_decide_allocation(GstBaseSrc* source, GstQuery* query) {
    GstBufferPool* pool = nullptr;
    guint size = 0;
    guint least = 0;
    guint most = 0;
    const bool proposed = gst_query_get_n_allocation_pools(query) > 0;
    if (proposed) gst_query_parse_nth_allocation_pool(query, 0, &pool, &size, &least, &most);
    size = std::max(size, static_cast<guint>(GST_FACET_TEST_SRC(source)->state->info.size));
    if (!pool) pool = gst_video_buffer_pool_new();
    GstStructure* config = gst_buffer_pool_get_config(pool);
    GstCaps* caps = nullptr;
    gst_query_parse_allocation(query, &caps, nullptr);
    if (gst_query_find_allocation_meta(query, GST_VIDEO_META_API_TYPE, nullptr))
        gst_buffer_pool_config_add_option(config, GST_BUFFER_POOL_OPTION_VIDEO_META);
    gst_buffer_pool_config_set_params(config, caps, size, least, most);
    gst_buffer_pool_set_config(pool, config);
    if (proposed)
        gst_query_set_nth_allocation_pool(query, 0, pool, size, least, most);
    else
        gst_query_add_allocation_pool(query, pool, size, least, most);
    gst_object_unref(pool);
    return GST_BASE_SRC_CLASS(gst_facet_test_src_parent_class)->decide_allocation(source, query);
}

static gboolean gst_facet_test_src_query(GstBaseSrc* source, GstQuery* query) {
    const TestSrcState& state = *GST_FACET_TEST_SRC(source)->state;
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return GST_BASE_SRC_CLASS(gst_facet_test_src_parent_class)->query(source, query);
    GST_OBJECT_LOCK(source);
    const GstVideoInfo info = state.info;
    GST_OBJECT_UNLOCK(source);
    if (info.fps_n <= 0 || info.fps_d <= 0) return FALSE;
    // As of a camera: a frame is there at its end at the latest.
    const GstClockTime latency = gst_util_uint64_scale(GST_SECOND, static_cast<guint64>(info.fps_d),
                                                       static_cast<guint64>(info.fps_n));
    gst_query_set_latency(query, gst_base_src_is_live(source), latency, GST_CLOCK_TIME_NONE);
    return TRUE;
}

// A live frame is due at its timestamp; the base class waits for it on the pipeline's clock.
static void gst_facet_test_src_get_times(GstBaseSrc* source, GstBuffer* buffer, GstClockTime* start,
                                         GstClockTime* end) {
    *start = *end = GST_CLOCK_TIME_NONE;
    if (!gst_base_src_is_live(source) || !GST_BUFFER_PTS_IS_VALID(buffer)) return;
    *start = GST_BUFFER_PTS(buffer);
    *end = *start + GST_BUFFER_DURATION(buffer);
}

static void gst_facet_test_src_write_truth(const Scene& scene, GstBuffer* buffer) {
    const auto width = static_cast<float>(scene.shape().width);
    const auto height = static_cast<float>(scene.shape().height);
    facet::GroundTruth truth;
    truth.frame = scene.frame();
    for (const facet::drawing::Person& person : scene.people()) {
        const float left = std::clamp(person.box.left, 0.0F, width);
        const float top = std::clamp(person.box.top, 0.0F, height);
        facet::TrueFace face;
        face.identity = person.traits.identity;
        face.x = left;
        face.y = top;
        face.width = std::clamp(person.box.right, 0.0F, width) - left;
        face.height = std::clamp(person.box.bottom, 0.0F, height) - top;
        face.age = person.traits.age;
        face.gender = to_string(person.traits.gender);
        face.mood = to_string(person.pose.mood);
        face.skin_tone = person.traits.skin_tone;
        face.lighting = to_string(scene.lighting());
        face.visible = person.visible;
        truth.faces.push_back(std::move(face));
    }
    facet::set_ground_truth(buffer, truth, scene.shape().width, scene.shape().height);
}

static GstFlowReturn gst_facet_test_src_fill(GstPushSrc* source, GstBuffer* buffer) {
    GstFacetTestSrc* self = GST_FACET_TEST_SRC(source);
    TestSrcState& state = *self->state;
    if (!state.scene) {
        GST_ELEMENT_ERROR(self, CORE, NEGOTIATION, (nullptr), ("no caps before the first frame"));
        return GST_FLOW_NOT_NEGOTIATED;
    }
    if (!state.fresh) state.scene->step();
    state.fresh = false;
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &state.info, buffer, GST_MAP_WRITE)) {
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("Cannot write into the buffer of a frame"),
                          ("%zu bytes", gst_buffer_get_size(buffer)));
        return GST_FLOW_ERROR;
    }
    for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES(&frame); ++plane) {
        state.target.planes[plane] =
            static_cast<uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane));
        state.target.strides[plane] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane);
    }
    facet::drawing::write_frame(state.painter->paint(*state.scene), state.target);
    gst_video_frame_unmap(&frame);
    gst_facet_test_src_write_truth(*state.scene, buffer);
    GST_BUFFER_PTS(buffer) = gst_facet_test_src_time_of(state, state.frames);
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer) =
        gst_facet_test_src_time_of(state, state.frames + 1) - GST_BUFFER_PTS(buffer);
    GST_BUFFER_OFFSET(buffer) = state.scene->frame();
    GST_BUFFER_OFFSET_END(buffer) = state.scene->frame() + 1;
    ++state.frames;
    GST_LOG_OBJECT(self, "frame %" G_GUINT64_FORMAT ": %zu faces", state.scene->frame(),
                   state.scene->people().size());
    return GST_FLOW_OK;
}

static void gst_facet_test_src_set_property(GObject* object, guint id, const GValue* value,
                                            GParamSpec* spec) {
    GstFacetTestSrc* self = GST_FACET_TEST_SRC(object);
    if (id == facet::kSourceIsLive) {
        gst_base_src_set_live(GST_BASE_SRC(self), g_value_get_boolean(value));
        return;
    }
    GST_OBJECT_LOCK(self);
    const bool known = facet::set_source_property(self->state->settings, id, value);
    GST_OBJECT_UNLOCK(self);
    if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_facet_test_src_get_property(GObject* object, guint id, GValue* value,
                                            GParamSpec* spec) {
    GstFacetTestSrc* self = GST_FACET_TEST_SRC(object);
    if (id == facet::kSourceIsLive) {
        g_value_set_boolean(value, gst_base_src_is_live(GST_BASE_SRC(self)));
        return;
    }
    const SourceSettings settings = gst_facet_test_src_copy_settings(self);
    if (!facet::get_source_property(settings, id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

static void gst_facet_test_src_finalize(GObject* object) {
    delete GST_FACET_TEST_SRC(object)->state;
    G_OBJECT_CLASS(gst_facet_test_src_parent_class)->finalize(object);
}

static void gst_facet_test_src_class_init(GstFacetTestSrcClass* klass) {
    GST_DEBUG_CATEGORY_INIT(facet_test_src_debug, "facettestsrc", 0, "Facet's source of faces");
    auto* object_class = G_OBJECT_CLASS(klass);
    auto* element_class = GST_ELEMENT_CLASS(klass);
    auto* source_class = GST_BASE_SRC_CLASS(klass);
    object_class->set_property = gst_facet_test_src_set_property;
    object_class->get_property = gst_facet_test_src_get_property;
    object_class->finalize = gst_facet_test_src_finalize;
    facet::install_source_properties(object_class);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "Facet test source", "Source/Video",
        "Draws moving faces of known identity, age, gender and mood", "Facet");
    source_class->start = gst_facet_test_src_start;
    source_class->stop = gst_facet_test_src_stop;
    source_class->fixate = gst_facet_test_src_fixate;
    source_class->set_caps = gst_facet_test_src_set_caps;
    source_class->decide_allocation = gst_facet_test_src_decide_allocation;
    source_class->query = gst_facet_test_src_query;
    source_class->get_times = gst_facet_test_src_get_times;
    GST_PUSH_SRC_CLASS(klass)->fill = gst_facet_test_src_fill;
    gst_type_mark_as_plugin_api(facet::source_arrival_type(), static_cast<GstPluginAPIFlags>(0));
}

static void gst_facet_test_src_init(GstFacetTestSrc* self) {
    self->state = new TestSrcState();
    gst_video_info_init(&self->state->info);
    gst_base_src_set_format(GST_BASE_SRC(self), GST_FORMAT_TIME);
}
