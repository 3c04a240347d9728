// SPDX-License-Identifier: MIT
// What opening a session refuses about a model, and how it says so: told by a model of one node.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/session.h"

namespace facet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// An OpenVINO IR "image" -> SoftMax "mixed" along `axis`: rows stay apart unless axis is 0.
struct TinyModel {
    std::string shape = "1,3,4,6";
    int axis = 1;
    std::string info_input = R"({"name": "image"})";
    std::string layer = "mixed";
};

std::string replaced(std::string text, const std::string& word, const std::string& by) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size()))
        text.replace(at, word.size(), by);
    return text;
}

std::string ir_of(const TinyModel& model) {
    std::string extents = "<dim>" + replaced(model.shape, ",", "</dim><dim>") + "</dim>";
    const std::string ir = R"(<net name="tiny" version="11"><layers>
<layer id="0" name="image" type="Parameter" version="opset1">
<data shape="SHAPE" element_type="f32"/>
<output><port id="0" precision="FP32">EXTENTS</port></output></layer>
<layer id="1" name="mixed" type="SoftMax" version="opset1"><data axis="AXIS"/>
<input><port id="0">EXTENTS</port></input>
<output><port id="1" precision="FP32">EXTENTS</port></output></layer>
<layer id="2" name="end" type="Result" version="opset1">
<input><port id="0">EXTENTS</port></input></layer></layers><edges>
<edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges></net>)";
    return replaced(replaced(replaced(ir, "SHAPE", model.shape), "EXTENTS", extents), "AXIS",
                    std::to_string(model.axis));
}

std::string info_of(const TinyModel& model) {
    const std::string info = R"({"schema": "facet-model/1", "name": "tiny", "input": INPUT,
"outputs": [{"converter": "values", "layers": ["LAYER"], "attribute": "parts"}]})";
    return replaced(replaced(info, "INPUT", model.info_input), "LAYER", model.layer);
}

class ModelLoader : public ::testing::Test {
  protected:
    ModelLoader()
        : directory_(std::filesystem::path(::testing::TempDir()) /
                     ("facet-" + std::string(test_name()))) {
        std::filesystem::create_directories(directory_);
    }
    ~ModelLoader() override { std::filesystem::remove_all(directory_); }

    Result<std::shared_ptr<Session>> open(const TinyModel& model, int max_batch = 4,
                                          const std::string& device = "REFERENCE",
                                          ImageSize image_size = {}) {
        std::ofstream(directory_ / "tiny.xml") << ir_of(model);
        std::ofstream(directory_ / "tiny.json") << info_of(model);
        SessionSettings settings;
        settings.models = {{.path = directory_ / "tiny.xml", .info = {}}};
        settings.device = device;
        settings.max_batch = max_batch;
        settings.image_size = image_size;
        return Session::open(settings);
    }
    std::string refusal(const TinyModel& model, int max_batch = 4, ImageSize image_size = {}) {
        const Result<std::shared_ptr<Session>> session =
            open(model, max_batch, "REFERENCE", image_size);
        return session.ok() ? "opened" : session.error().text();
    }

  private:
    static const char* test_name() {
        return ::testing::UnitTest::GetInstance()->current_test_info()->name();
    }
    const std::filesystem::path directory_;
};

TEST_F(ModelLoader, TakesTheCropsSizeAndOrderFromModelAndInfo) {
    const Result<std::shared_ptr<Session>> session =
        open({.info_input = R"({"name": "image", "color": "RGB"})"});
    ASSERT_TRUE(session.ok()) << session.error().text();
    EXPECT_THAT((*session)->crop_specs(), ::testing::ElementsAre(CropSpec{
                                              .width = 6, .height = 4, .order = ColorOrder::kRgb}));
}

TEST_F(ModelLoader, CropsGreyForOneChannelAndReadsChannelsLast) {
    const Result<std::shared_ptr<Session>> grey = open({.shape = "1,1,4,6"});
    ASSERT_TRUE(grey.ok()) << grey.error().text();
    EXPECT_EQ((*grey)->crop_specs()[0].order, ColorOrder::kGray);
    const Result<std::shared_ptr<Session>> last =
        open({.shape = "1,4,6,3", .info_input = R"({"layout": "NHWC"})"});
    ASSERT_TRUE(last.ok()) << last.error().text();
    EXPECT_EQ((*last)->crop_specs()[0].width, 6);
}

TEST_F(ModelLoader, ReshapesTheModelToTheImageSizeWhateverFileAndInfoSay) {
    const Result<std::shared_ptr<Session>> session =
        open({.info_input = R"({"width": 6, "height": 4})"}, 4, "REFERENCE", {10, 8});
    ASSERT_TRUE(session.ok()) << session.error().text();
    EXPECT_EQ((*session)->crop_specs()[0].width, 10);
    EXPECT_EQ((*session)->crop_specs()[0].height, 8);
    const Result<std::shared_ptr<Session>> open_sides =
        open({.shape = "1,3,-1,-1"}, 4, "REFERENCE", {10, 8});
    ASSERT_TRUE(open_sides.ok()) << open_sides.error().text();
    EXPECT_EQ((*open_sides)->crop_specs()[0].width, 10);
}

TEST_F(ModelLoader, BlamesTheImageSizeForWhatTheModelRefusesAtNoOther) {
    // There is no axis 3 of a list.
    EXPECT_THAT(refusal({.shape = "1,3,4"}, 4, {10, 8}),
                AllOf(HasSubstr("setting 'image_size' 10x8"), HasSubstr("tiny.xml")));
    EXPECT_THAT(refusal({.axis = 0}, 4, {10, 8}),
                AllOf(HasSubstr("'max_batch' 4"), ::testing::Not(HasSubstr("image_size"))));
}

TEST_F(ModelLoader, RefusesABatchOfAModelThatMixesRowsAndNamesTheLayer) {
    EXPECT_THAT(refusal({.axis = 0}), AllOf(StartsWith("Unsupported"), HasSubstr("tiny.xml"),
                                            HasSubstr("'max_batch' 4"), HasSubstr("'mixed'")));
    EXPECT_EQ(refusal({.axis = 0}, 1), "opened");
}

TEST_F(ModelLoader, NamesTheInputItCannotFeed) {
    EXPECT_THAT(refusal({.shape = "1,4,4,6"}),
                AllOf(HasSubstr("tiny.xml"), HasSubstr("'image'"), HasSubstr("4 channels")));
    EXPECT_THAT(refusal({.shape = "1,3,4"}), HasSubstr("'image' [1,3,4]"));
    EXPECT_THAT(refusal({.info_input = R"({"name": "picture"})"}), HasSubstr("'picture'"));
    EXPECT_THAT(refusal({.info_input = R"({"width": 8, "height": 8})"}), HasSubstr("8x8"));
    EXPECT_THAT(refusal({.info_input = R"({"color": "GRAY"})"}), HasSubstr("grey"));
}

TEST_F(ModelLoader, NamesTheOutputItDoesNotFind) {
    EXPECT_THAT(refusal({.layer = "elsewhere"}),
                AllOf(HasSubstr("tiny.xml"), HasSubstr("elsewhere")));
}

TEST_F(ModelLoader, NamesAnUnknownDeviceAndTheKnownOnes) {
    const Result<std::shared_ptr<Session>> session = open({}, 4, "ABACUS");
    ASSERT_FALSE(session.ok());
    EXPECT_THAT(session.error().text(), AllOf(HasSubstr("'device'"), HasSubstr("ABACUS"),
                                              HasSubstr("REFERENCE"), HasSubstr("AUTO")));
}

}  // namespace
}  // namespace facet
