// SPDX-License-Identifier: MIT
// Faces as GstVideoRegionOfInterestMeta with GstStructure params: writing and reading.
#include "gst/face_meta.h"

#include <gst/video/video.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "gst/analytics_meta.h"

namespace facet {
namespace {

using Region = GstVideoRegionOfInterestMeta;

constexpr const char* kDetection = "detection";
constexpr const char* kSkipped = "skipped";
constexpr const char* kObjectId = "object_id";
constexpr const char* kAnalytics = "analytics";

bool is_reserved(const char* name) {
    constexpr std::array kReserved = {kDetection, kSkipped, kObjectId, kAnalytics};
    return std::any_of(kReserved.begin(), kReserved.end(),
                       [&](const char* reserved) { return std::strcmp(name, reserved) == 0; });
}

// What GstStructure accepts as a name.
bool is_structure_name(const std::string& name) {
    return !name.empty() && g_ascii_isalpha(name[0]) &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return g_ascii_isalnum(c) || std::strchr("-_/.:+", c) != nullptr;
           });
}

// Names of fields as GLib's numbers, so that they are looked up once.
struct Fields {
    GQuark label = quark("label"), label_id = quark("label_id");
    GQuark confidence = quark("confidence"), attribute_name = quark("attribute_name");
    GQuark model_name = quark("model_name"), layer_name = quark("layer_name");
    GQuark value = quark("value"), values = quark("values"), device = quark("device");
    GQuark batch_id = quark("batch_id"), batch_size = quark("batch_size");
    GQuark batch_streams = quark("batch_streams"), wait_us = quark("wait_us");
    GQuark infer_us = quark("infer_us"), reused = quark("reused");
    GQuark source_pts = quark("source_pts"), detail = quark("detail");

    static GQuark quark(const char* name) { return g_quark_from_static_string(name); }
};

const Fields& fields() {
    static const Fields all;
    return all;
}

std::vector<GstMeta*> metas_of(GstBuffer* buffer) {
    std::vector<GstMeta*> metas;
    const GType api = GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE;
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, api))
        metas.push_back(meta);
    return metas;
}

Region* region_of(GstMeta* meta) {
    return reinterpret_cast<Region*>(meta);
}

// An id no region in `used` has; bounded by their number, whatever ids others have given.
int free_id(const std::set<int>& used) {
    int id = static_cast<int>(used.size()) + 1;
    while (used.contains(id)) ++id;
    return id;
}

std::string string_field(const GstStructure* structure, const char* field) {
    const char* text = gst_structure_get_string(structure, field);
    return text ? text : "";
}

std::optional<double> number_of(const GValue* value) {
    double number = NAN;
    if (!value) return std::nullopt;
    if (G_VALUE_HOLDS_DOUBLE(value)) number = g_value_get_double(value);
    if (G_VALUE_HOLDS_FLOAT(value)) number = g_value_get_float(value);
    if (G_VALUE_HOLDS_INT(value)) number = g_value_get_int(value);
    if (G_VALUE_HOLDS_UINT(value)) number = g_value_get_uint(value);
    if (G_VALUE_HOLDS_INT64(value)) number = static_cast<double>(g_value_get_int64(value));
    if (G_VALUE_HOLDS_UINT64(value)) number = static_cast<double>(g_value_get_uint64(value));
    if (!std::isfinite(number)) return std::nullopt;
    return number;
}

std::optional<double> number_field(const GstStructure* structure, const char* field) {
    return number_of(gst_structure_get_value(structure, field));
}

// Whole numbers of any width, as long as they fit.
template <typename Integer>
std::optional<Integer> integer_field(const GstStructure* structure, const char* field) {
    const GValue* value = gst_structure_get_value(structure, field);
    if (!value) return std::nullopt;
    const auto fitting = [](auto number) -> std::optional<Integer> {
        if (!std::in_range<Integer>(number)) return std::nullopt;
        return static_cast<Integer>(number);
    };
    if (G_VALUE_HOLDS_INT(value)) return fitting(g_value_get_int(value));
    if (G_VALUE_HOLDS_UINT(value)) return fitting(g_value_get_uint(value));
    if (G_VALUE_HOLDS_INT64(value)) return fitting(g_value_get_int64(value));
    if (G_VALUE_HOLDS_UINT64(value)) return fitting(g_value_get_uint64(value));
    return std::nullopt;
}

std::vector<double> numbers_field(const GstStructure* structure, const char* field) {
    std::vector<double> numbers;
    const GValue* array = gst_structure_get_value(structure, field);
    if (!array || !GST_VALUE_HOLDS_ARRAY(array)) return numbers;
    for (guint i = 0; i < gst_value_array_get_size(array); ++i) {
        const std::optional<double> number = number_of(gst_value_array_get_value(array, i));
        if (!number) return {};
        numbers.push_back(*number);
    }
    return numbers;
}

std::optional<double> number_in(const std::string& label) {
    double number = 0;
    const char* end = label.data() + label.size();
    const auto parsed = std::from_chars(label.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(number))
        return std::nullopt;
    return number;
}

bool is_ascii(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0 && c < 0x7f; });
}

// GStreamer refuses strings that are not UTF-8, and labels come from users' files. Transfer full.
char* valid_text(const std::string& text) {
    return is_ascii(text) ? g_strdup(text.c_str()) : g_utf8_make_valid(text.c_str(), -1);
}

// `set` is GObject's setter for a value of `type`.
template <typename Set, typename Value>
void set_value(GstStructure* structure, GQuark field, GType type, Set set, Value content) {
    GValue value = G_VALUE_INIT;
    g_value_init(&value, type);
    set(&value, content);
    gst_structure_id_take_value(structure, field, &value);
}

void set_string(GstStructure* structure, GQuark field, const std::string& text) {
    set_value(structure, field, G_TYPE_STRING, g_value_take_string, valid_text(text));
}

void set_number(GstStructure* structure, GQuark field, double number) {
    set_value(structure, field, G_TYPE_DOUBLE, g_value_set_double, number);
}

void set_number(GstStructure* structure, GQuark field, int number) {
    set_value(structure, field, G_TYPE_INT, g_value_set_int, number);
}

void set_number(GstStructure* structure, GQuark field, int64_t number) {
    set_value(structure, field, G_TYPE_INT64, g_value_set_int64, number);
}

void set_number(GstStructure* structure, GQuark field, uint64_t number) {
    set_value(structure, field, G_TYPE_UINT64, g_value_set_uint64, number);
}

void set_truth(GstStructure* structure, GQuark field, bool truth) {
    set_value(structure, field, G_TYPE_BOOLEAN, g_value_set_boolean, truth);
}

void set_numbers(GstStructure* structure, GQuark field, const std::vector<double>& numbers) {
    GValue array = G_VALUE_INIT;
    gst_value_array_init(&array, static_cast<guint>(numbers.size()));
    for (const double number : numbers) {
        GValue value = G_VALUE_INIT;
        g_value_init(&value, G_TYPE_DOUBLE);
        g_value_set_double(&value, number);
        gst_value_array_append_and_take_value(&array, &value);
    }
    gst_structure_id_take_value(structure, field, &array);
}

const char* attribute_name_of(const GstStructure* structure) {
    const GValue* name = gst_structure_id_get_value(structure, fields().attribute_name);
    const char* text = name && G_VALUE_HOLDS_STRING(name) ? g_value_get_string(name) : nullptr;
    return text && *text ? text : gst_structure_get_name(structure);
}

bool holds_attribute(const GstStructure* structure) {
    return !is_reserved(gst_structure_get_name(structure)) &&
           (gst_structure_has_field_typed(structure, "label", G_TYPE_STRING) ||
            integer_field<int>(structure, "label_id") || number_field(structure, "value") ||
            !numbers_field(structure, "values").empty());
}

FaceAttribute attribute_of(const GstStructure* structure) {
    FaceAttribute attribute;
    attribute.name = attribute_name_of(structure);
    attribute.label = string_field(structure, "label");
    attribute.label_id = integer_field<int>(structure, "label_id").value_or(-1);
    attribute.confidence = number_field(structure, "confidence").value_or(1.0);
    attribute.value = number_field(structure, "value");
    attribute.values = numbers_field(structure, "values");
    if (!attribute.value && !gst_structure_has_field(structure, "label_id"))
        attribute.value = number_in(attribute.label);
    attribute.model_name = string_field(structure, "model_name");
    attribute.layer_name = string_field(structure, "layer_name");
    FaceProvenance& provenance = attribute.provenance;
    provenance.device = string_field(structure, "device");
    provenance.batch_id = integer_field<uint64_t>(structure, "batch_id").value_or(0);
    provenance.batch_size = integer_field<int>(structure, "batch_size").value_or(0);
    provenance.batch_streams = integer_field<int>(structure, "batch_streams").value_or(0);
    provenance.wait_us = integer_field<int64_t>(structure, "wait_us").value_or(0);
    provenance.infer_us = integer_field<int64_t>(structure, "infer_us").value_or(0);
    gboolean reused = FALSE;
    provenance.reused = gst_structure_get_boolean(structure, "reused", &reused) && reused;
    provenance.source_pts =
        integer_field<uint64_t>(structure, "source_pts").value_or(GST_CLOCK_TIME_NONE);
    return attribute;
}

GstStructure* structure_of(const FaceAttribute& attribute) {
    const Fields& field = fields();
    const FaceProvenance& provenance = attribute.provenance;
    GstStructure* structure =
        gst_structure_new_id_empty(g_quark_from_string(attribute.name.c_str()));
    set_string(structure, field.label, attribute.label);
    set_number(structure, field.label_id, attribute.label_id);
    set_number(structure, field.confidence, attribute.confidence);
    set_string(structure, field.attribute_name, attribute.name);
    set_string(structure, field.model_name, attribute.model_name);
    set_string(structure, field.layer_name, attribute.layer_name);
    if (attribute.value) set_number(structure, field.value, *attribute.value);
    if (!attribute.values.empty()) set_numbers(structure, field.values, attribute.values);
    set_string(structure, field.device, provenance.device);
    set_number(structure, field.batch_id, provenance.batch_id);
    set_number(structure, field.batch_size, provenance.batch_size);
    set_number(structure, field.batch_streams, provenance.batch_streams);
    set_number(structure, field.wait_us, provenance.wait_us);
    set_number(structure, field.infer_us, provenance.infer_us);
    set_truth(structure, field.reused, provenance.reused);
    set_number(structure, field.source_pts, uint64_t{provenance.source_pts});
    return structure;
}

// Takes `structure`. It replaces the first param `same` holds for, or is added.
template <typename Same>
void put_param(Region* region, GstStructure* structure, Same same) {
    for (GList* link = region->params; link; link = link->next) {
        auto* present = static_cast<GstStructure*>(link->data);
        if (!present || !same(present)) continue;
        gst_structure_free(present);
        link->data = structure;
        return;
    }
    gst_video_region_of_interest_meta_add_param(region, structure);
}

// [origin, origin + extent) cut to [0, limit); others' negative origins arrive wrapped to unsigned.
std::pair<int, int> clipped(guint origin, guint extent, int limit) {
    const int64_t start = static_cast<int32_t>(origin);
    const int64_t end = std::min<int64_t>(start + extent, limit);
    const int64_t clipped_start = std::clamp<int64_t>(start, 0, limit);
    return {static_cast<int>(clipped_start),
            static_cast<int>(std::max<int64_t>(end - clipped_start, 0))};
}

void read_param(const GstStructure* structure, Face& face) {
    if (gst_structure_has_name(structure, kDetection)) {
        face.confidence = number_field(structure, "confidence").value_or(0);
        face.detection_model = string_field(structure, "model_name");
    } else if (gst_structure_has_name(structure, kObjectId)) {
        face.object_id = integer_field<int>(structure, "id");
    } else if (gst_structure_has_name(structure, kSkipped)) {
        face.skipped = string_field(structure, "reason");
        face.skipped_detail = string_field(structure, "detail");
    } else if (holds_attribute(structure)) {
        face.attributes.push_back(attribute_of(structure));
    }
}

}  // namespace

const char* to_string(SkipReason reason) {
    switch (reason) {
        case SkipReason::kTooSmall:
            return "too-small";
        case SkipReason::kLate:
            return "late";
        case SkipReason::kOverload:
            return "overload";
        case SkipReason::kFailed:
            return "failed";
        case SkipReason::kNotDue:
            return "not-due";
    }
    return "failed";
}

const FaceAttribute* Face::attribute(const std::string& name) const {
    for (const FaceAttribute& candidate : attributes)
        if (candidate.name == name) return &candidate;
    return nullptr;
}

int add_face(GstBuffer* buffer, const DetectedFace& face, int frame_width, int frame_height) {
    std::set<int> used;
    for (GstMeta* meta : metas_of(buffer)) used.insert(region_of(meta)->id);
    const auto [x, width] = clipped(face.x, std::max(face.width, 0), std::max(frame_width, 1));
    const auto [y, height] = clipped(face.y, std::max(face.height, 0), std::max(frame_height, 1));
    Region* region = gst_buffer_add_video_region_of_interest_meta(buffer, face.label.c_str(), x, y,
                                                                  width, height);
    region->id = free_id(used);
    const double columns = std::max(frame_width, 1);
    const double rows = std::max(frame_height, 1);
    GstStructure* detection =
        gst_structure_new(kDetection, "label_id", G_TYPE_INT, face.label_id, "confidence",
                          G_TYPE_DOUBLE, face.confidence, "x_min", G_TYPE_DOUBLE, x / columns,
                          "x_max", G_TYPE_DOUBLE, (x + width) / columns, "y_min", G_TYPE_DOUBLE,
                          y / rows, "y_max", G_TYPE_DOUBLE, (y + height) / rows, nullptr);
    set_string(detection, fields().label, face.label);
    set_string(detection, fields().model_name, face.model_name);
    gst_video_region_of_interest_meta_add_param(region, detection);
    analytics::mirror_region(buffer, region, face.confidence);
    return region->id;
}

void give_unique_ids(GstBuffer* buffer) {
    const std::vector<GstMeta*> metas = metas_of(buffer);
    std::vector<int> sorted;
    sorted.reserve(metas.size());
    for (GstMeta* meta : metas) sorted.push_back(region_of(meta)->id);
    std::ranges::sort(sorted);
    if (std::ranges::adjacent_find(sorted) == sorted.end()) return;
    std::set<int> used(sorted.begin(), sorted.end());
    std::set<int> seen;
    for (GstMeta* meta : metas) {
        Region* region = region_of(meta);
        if (seen.contains(region->id)) region->id = free_id(used);
        used.insert(region->id);
        seen.insert(region->id);
    }
}

FaceWriter::FaceWriter(GstBuffer* buffer) : buffer_(buffer), regions_(metas_of(buffer)) {}

GstMeta* FaceWriter::region_with_id(int roi_id) {
    for (size_t i = 0; i < regions_.size(); ++i) {
        const size_t at = (latest_ + i) % regions_.size();
        if (region_of(regions_[at])->id != roi_id) continue;
        latest_ = at;
        return regions_[at];
    }
    return nullptr;
}

bool FaceWriter::set_attribute(int roi_id, const FaceAttribute& attribute) {
    GstMeta* meta = region_with_id(roi_id);
    if (!meta || !is_structure_name(attribute.name) || is_reserved(attribute.name.c_str()))
        return false;
    put_param(region_of(meta), structure_of(attribute), [&](const GstStructure* present) {
        return attribute_name_of(present) == attribute.name && holds_attribute(present);
    });
    analytics::mirror_attribute(buffer_, region_of(meta), attribute.name, attribute.label,
                                attribute.confidence);
    return true;
}

bool FaceWriter::set_skipped(int roi_id, SkipReason reason, const std::string& detail) {
    GstMeta* meta = region_with_id(roi_id);
    if (!meta) return false;
    GstStructure* skipped =
        gst_structure_new(kSkipped, "reason", G_TYPE_STRING, to_string(reason), nullptr);
    set_string(skipped, fields().detail, detail);
    put_param(region_of(meta), skipped, [](const GstStructure* present) {
        return gst_structure_has_name(present, kSkipped);
    });
    return true;
}

bool set_attribute(GstBuffer* buffer, int roi_id, const FaceAttribute& attribute) {
    return FaceWriter(buffer).set_attribute(roi_id, attribute);
}

bool set_skipped(GstBuffer* buffer, int roi_id, SkipReason reason, const std::string& detail) {
    return FaceWriter(buffer).set_skipped(roi_id, reason, detail);
}

std::vector<Face> read_faces(GstBuffer* buffer, const std::string& type, int frame_width,
                             int frame_height) {
    const GstVideoMeta* video = gst_buffer_get_video_meta(buffer);
    constexpr int kUnknown = std::numeric_limits<int>::max();
    if (frame_width <= 0) frame_width = video ? static_cast<int>(video->width) : kUnknown;
    if (frame_height <= 0) frame_height = video ? static_cast<int>(video->height) : kUnknown;
    const std::vector<GstMeta*> metas = metas_of(buffer);
    std::vector<Face> faces;
    faces.reserve(metas.size());
    for (GstMeta* meta : metas) {
        const Region* region = region_of(meta);
        const char* region_type = g_quark_to_string(region->roi_type);
        Face face;
        face.roi_id = region->id;
        face.type = region_type ? region_type : "";
        if (!type.empty() && face.type != type) continue;
        std::tie(face.x, face.width) = clipped(region->x, region->w, frame_width);
        std::tie(face.y, face.height) = clipped(region->y, region->h, frame_height);
        for (const GList* link = region->params; link; link = link->next)
            if (link->data) read_param(static_cast<const GstStructure*>(link->data), face);
        faces.push_back(std::move(face));
    }
    return faces;
}

}  // namespace facet
