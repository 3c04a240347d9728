// SPDX-License-Identifier: MIT
// FrameRecord -> JSON text.
#include "elements/publish/json_writer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

namespace facet {
namespace {

using Json = nlohmann::ordered_json;

// Keys of a face that an attribute of the same name must not overwrite.
constexpr std::array kFaceKeys = {"id", "type", "box", "confidence", "batch", "skipped"};
// These attributes come first, in this order; all others follow as they were written.
constexpr std::array kLeadingAttributes = {"age", "gender", "mood"};

// A float's 31.4 is 31.399999618530273 as a double; readers want to see 31.4.
double rounded(double number) {
    return std::round(number * 1e4) / 1e4;
}

Json json_of(const FaceAttribute& attribute) {
    Json json = Json::object();
    if (!attribute.values.empty()) {
        Json values = Json::array();
        for (const double value : attribute.values) values.push_back(rounded(value));
        json["values"] = std::move(values);
        json["model"] = attribute.model_name;
    } else if (attribute.value) {
        json["value"] = rounded(*attribute.value);
        json["model"] = attribute.model_name;
    } else {
        json["label"] = attribute.label;
        json["confidence"] = rounded(attribute.confidence);
    }
    return json;
}

std::vector<const FaceAttribute*> in_schema_order(const Face& face) {
    std::vector<const FaceAttribute*> ordered;
    for (const char* name : kLeadingAttributes)
        if (const FaceAttribute* attribute = face.attribute(name)) ordered.push_back(attribute);
    for (const FaceAttribute& attribute : face.attributes) {
        const auto same_name = [&](const char* name) { return attribute.name == name; };
        if (std::none_of(kLeadingAttributes.begin(), kLeadingAttributes.end(), same_name) &&
            std::none_of(kFaceKeys.begin(), kFaceKeys.end(), same_name))
            ordered.push_back(&attribute);
    }
    return ordered;
}

// The batch of the first attribute that came out of one.
Json batch_of(const std::vector<const FaceAttribute*>& attributes) {
    for (const FaceAttribute* attribute : attributes) {
        const FaceProvenance& provenance = attribute->provenance;
        if (provenance.batch_size == 0) continue;
        return {{"id", provenance.batch_id},
                {"size", provenance.batch_size},
                {"device", provenance.device},
                {"wait_us", provenance.wait_us},
                {"infer_us", provenance.infer_us}};
    }
    return nullptr;
}

Json json_of(const Face& face) {
    Json json = Json::object();
    if (face.object_id) json["id"] = *face.object_id;
    if (!face.type.empty() && face.type != "face") json["type"] = face.type;
    json["box"] = {{"x", face.x}, {"y", face.y}, {"w", face.width}, {"h", face.height}};
    json["confidence"] = rounded(face.confidence);
    const std::vector<const FaceAttribute*> attributes = in_schema_order(face);
    for (const FaceAttribute* attribute : attributes) json[attribute->name] = json_of(*attribute);
    json["batch"] = batch_of(attributes);
    json["skipped"] = face.skipped.empty() ? Json(nullptr) : Json(face.skipped);
    return json;
}

}  // namespace

std::string json_line(const FrameRecord& record) {
    Json json = Json::object();
    json["schema"] = "facet/1";
    json["stream"] = record.stream;
    json["frame"] = record.frame;
    json["pts"] = record.pts ? Json(*record.pts) : Json(nullptr);
    json["width"] = record.width;
    json["height"] = record.height;
    json["faces"] = Json::array();
    for (const Face& face : record.faces) json["faces"].push_back(json_of(face));
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace facet
