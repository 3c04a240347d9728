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

std::vector<Region*> regions_of(GstBuffer* buffer) {
    std::vector<Region*> regions;
    gpointer state = nullptr;
    while (GstMeta* meta = gst_buffer_iterate_meta_filtered(
               buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))
        regions.push_back(reinterpret_cast<Region*>(meta));
    return regions;
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

void set_string(GstStructure* structure, const char* field, const std::string& text) {
    // GStreamer refuses strings that are not UTF-8, and labels come from users' files.
    char* valid = g_utf8_make_valid(text.c_str(), -1);
    gst_structure_set(structure, field, G_TYPE_STRING, valid, nullptr);
    g_free(valid);
}

void set_numbers(GstStructure* structure, const char* field, const std::vector<double>& numbers) {
    GValue array = G_VALUE_INIT;
    gst_value_array_init(&array, static_cast<guint>(numbers.size()));
    for (const double number : numbers) {
        GValue value = G_VALUE_INIT;
        g_value_init(&value, G_TYPE_DOUBLE);
        g_value_set_double(&value, number);
        gst_value_array_append_and_take_value(&array, &value);
    }
    gst_structure_take_value(structure, field, &array);
}

std::string attribute_name_of(const GstStructure* structure) {
    const std::string name = string_field(structure, "attribute_name");
    return name.empty() ? gst_structure_get_name(structure) : name;
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
    GstStructure* structure = gst_structure_new_empty(attribute.name.c_str());
    const FaceProvenance& provenance = attribute.provenance;
    set_string(structure, "label", attribute.label);
    gst_structure_set(structure, "label_id", G_TYPE_INT, attribute.label_id, "confidence",
                      G_TYPE_DOUBLE, attribute.confidence, nullptr);
    set_string(structure, "attribute_name", attribute.name);
    set_string(structure, "model_name", attribute.model_name);
    set_string(structure, "layer_name", attribute.layer_name);
    if (attribute.value)
        gst_structure_set(structure, "value", G_TYPE_DOUBLE, *attribute.value, nullptr);
    if (!attribute.values.empty()) set_numbers(structure, "values", attribute.values);
    set_string(structure, "device", provenance.device);
    gst_structure_set(structure, "batch_id", G_TYPE_UINT64, guint64{provenance.batch_id},
                      "batch_size", G_TYPE_INT, provenance.batch_size, "batch_streams", G_TYPE_INT,
                      provenance.batch_streams, "wait_us", G_TYPE_INT64, gint64{provenance.wait_us},
                      "infer_us", G_TYPE_INT64, gint64{provenance.infer_us}, "reused",
                      G_TYPE_BOOLEAN, gboolean{provenance.reused}, "source_pts", G_TYPE_UINT64,
                      guint64{provenance.source_pts}, nullptr);
    return structure;
}

Region* region_with_id(GstBuffer* buffer, int roi_id) {
    for (Region* region : regions_of(buffer))
        if (region->id == roi_id) return region;
    return nullptr;
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
    for (const Region* region : regions_of(buffer)) used.insert(region->id);
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
    set_string(detection, "label", face.label);
    set_string(detection, "model_name", face.model_name);
    gst_video_region_of_interest_meta_add_param(region, detection);
    analytics::mirror_region(buffer, region, face.confidence);
    return region->id;
}

void give_unique_ids(GstBuffer* buffer) {
    const std::vector<Region*> regions = regions_of(buffer);
    std::set<int> used;
    for (const Region* region : regions) used.insert(region->id);
    std::set<int> seen;
    for (Region* region : regions) {
        if (seen.contains(region->id)) region->id = free_id(used);
        used.insert(region->id);
        seen.insert(region->id);
    }
}

bool set_attribute(GstBuffer* buffer, int roi_id, const FaceAttribute& attribute) {
    Region* region = region_with_id(buffer, roi_id);
    if (!region || !is_structure_name(attribute.name) || is_reserved(attribute.name.c_str()))
        return false;
    put_param(region, structure_of(attribute), [&](const GstStructure* present) {
        return holds_attribute(present) && attribute_name_of(present) == attribute.name;
    });
    analytics::mirror_attribute(buffer, region, attribute.name, attribute.label,
                                attribute.confidence);
    return true;
}

bool set_skipped(GstBuffer* buffer, int roi_id, SkipReason reason, const std::string& detail) {
    Region* region = region_with_id(buffer, roi_id);
    if (!region) return false;
    GstStructure* skipped =
        gst_structure_new(kSkipped, "reason", G_TYPE_STRING, to_string(reason), nullptr);
    set_string(skipped, "detail", detail);
    put_param(region, skipped, [](const GstStructure* present) {
        return gst_structure_has_name(present, kSkipped);
    });
    return true;
}

std::vector<Face> read_faces(GstBuffer* buffer, const std::string& type, int frame_width,
                             int frame_height) {
    const GstVideoMeta* video = gst_buffer_get_video_meta(buffer);
    constexpr int kUnknown = std::numeric_limits<int>::max();
    if (frame_width <= 0) frame_width = video ? static_cast<int>(video->width) : kUnknown;
    if (frame_height <= 0) frame_height = video ? static_cast<int>(video->height) : kUnknown;
    std::vector<Face> faces;
    for (const Region* region : regions_of(buffer)) {
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
