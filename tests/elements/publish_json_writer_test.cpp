// SPDX-License-Identifier: MIT
// The JSON of a frame, byte for byte and as numbers.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "elements/publish/json_writer.h"

namespace facet {
namespace {

FaceAttribute attribute(const char* name, const char* label, double confidence) {
    FaceAttribute made;
    made.name = name;
    made.label = label;
    made.confidence = confidence;
    made.model_name = "model-of-" + made.name;
    return made;
}

// The frame of the schema's example.
FrameRecord example() {
    Face face;
    face.type = "face";
    face.object_id = 3;
    face.x = 1;
    face.y = 2;
    face.width = 30;
    face.height = 40;
    face.confidence = 0.99f;
    FaceAttribute age = attribute("age", "31", 1);
    age.value = 31.4f;
    age.provenance.batch_id = 9;
    age.provenance.batch_size = 6;
    age.provenance.device = "CPU";
    age.provenance.wait_us = 2100;
    age.provenance.infer_us = 4200;
    face.attributes = {attribute("mood", "happy", 0.88f), attribute("gender", "female", 0.97f),
                       age};
    return {"cam0", 17, 680000000, 640, 360, {face}};
}

TEST(JsonWriter, WritesTheSchemasExampleByteForByte) {
    EXPECT_EQ(json_line(example()),
              R"({"schema":"facet/1","stream":"cam0","frame":17,"pts":680000000,)"
              R"("width":640,"height":360,"faces":[{"id":3,"box":{"x":1,"y":2,"w":30,"h":40},)"
              R"("confidence":0.99,"age":{"value":31.4,"model":"model-of-age"},)"
              R"("gender":{"label":"female","confidence":0.97},)"
              R"("mood":{"label":"happy","confidence":0.88},)"
              R"("batch":{"id":9,"size":6,"device":"CPU","wait_us":2100,"infer_us":4200},)"
              R"("skipped":null}]})");
}

TEST(JsonWriter, AFrameWithoutFacesOrTimeIsStillALine) {
    EXPECT_EQ(json_line({"a\nb", 0, std::nullopt, 0, 0, {}}),
              R"({"schema":"facet/1","stream":"a\nb","frame":0,"pts":null,"width":0,"height":0,)"
              R"("faces":[]})");
}

TEST(JsonWriter, AFaceWithoutResultNamesItsReason) {
    FrameRecord record = example();
    record.faces[0].attributes.clear();
    record.faces[0].object_id.reset();
    record.faces[0].skipped = "late";
    const auto face = nlohmann::json::parse(json_line(record))["faces"][0];
    EXPECT_EQ(face["skipped"], "late");
    EXPECT_TRUE(face["batch"].is_null());
    EXPECT_FALSE(face.contains("id"));
    EXPECT_FALSE(face.contains("age"));
}

TEST(JsonWriter, OtherAttributesFollowUnderTheirNames) {
    FrameRecord record = example();
    FaceAttribute landmarks = attribute("landmarks", "", 1);
    landmarks.values = {0.1f, 0.25};
    record.faces[0].attributes.insert(record.faces[0].attributes.begin(),
                                      {landmarks, attribute("glasses", "none", 0.5)});
    const auto face = nlohmann::ordered_json::parse(json_line(record))["faces"][0];
    EXPECT_EQ(face["landmarks"]["values"].dump(), "[0.1,0.25]");
    EXPECT_EQ(face["glasses"]["label"], "none");
    std::string keys;
    for (const auto& item : face.items()) keys += item.key() + " ";
    EXPECT_EQ(keys, "id box confidence age gender mood landmarks glasses batch skipped ");
}

TEST(JsonWriter, AnAttributeCannotTakeAKeyOfTheFace) {
    FrameRecord record = example();
    record.faces[0].attributes.push_back(attribute("box", "cardboard", 1));
    EXPECT_EQ(nlohmann::json::parse(json_line(record))["faces"][0]["box"]["w"], 30);
}

TEST(JsonWriter, NamesTheTypeOnlyOfWhatIsNoFace) {
    FrameRecord record = example();
    record.faces[0].type = "car";
    EXPECT_EQ(nlohmann::json::parse(json_line(record))["faces"][0]["type"], "car");
}

TEST(JsonWriter, BrokenTextAndNumbersStayValidJson) {
    FrameRecord record = example();
    record.stream = "cam\xff";
    record.faces[0].attributes[2].value = std::nan("");
    const auto json = nlohmann::json::parse(json_line(record));
    EXPECT_EQ(json["stream"], "cam\uFFFD");
    EXPECT_TRUE(json["faces"][0]["age"]["value"].is_null());
}

}  // namespace
}  // namespace facet
