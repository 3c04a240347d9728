// SPDX-License-Identifier: MIT
// Each converter on tensors made by hand, with results computed by hand.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/vision/converters/converter.h"

namespace facet {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A model of some outputs and one converter.
struct Fixture {
    ModelInfo model{.name = "toy"};
    OutputInfo output;
    std::vector<OutputPort> ports;
    std::vector<Tensor> tensors;
    int width = 32, height = 32;

    void add(const std::string& name, const Shape& shape, const std::vector<float>& values) {
        ports.push_back({name, shape});
        tensors.push_back(Tensor::of<float>(shape, values));
    }
    [[nodiscard]] Result<std::unique_ptr<Converter>> make() const {
        return make_converter(model, output, ports, width, height);
    }
    [[nodiscard]] Converted convert(float threshold = 0.5f) const {
        Result<std::unique_ptr<Converter>> converter = make();
        Converted converted;
        EXPECT_TRUE(converter.ok()) << (converter.ok() ? "" : converter.error().text());
        if (!converter.ok()) return converted;
        std::vector<TensorView> views;
        for (const Tensor& tensor : tensors) views.push_back(tensor.view());
        (*converter)->convert(views, threshold, converted);
        return converted;
    }
    [[nodiscard]] std::string error() const {
        const Result<std::unique_ptr<Converter>> converter = make();
        return converter.ok() ? "" : converter.error().text();
    }
};

void expect_box(const Detection& detection, float x, float y, float width, float height) {
    EXPECT_NEAR(detection.box.x, x, 1e-6);
    EXPECT_NEAR(detection.box.y, y, 1e-6);
    EXPECT_NEAR(detection.box.width, width, 1e-6);
    EXPECT_NEAR(detection.box.height, height, 1e-6);
}

Fixture detection_output(const std::vector<float>& rows) {
    Fixture toy;
    toy.output.converter = "detection-output";
    toy.output.layers = {"detection_out"};
    toy.output.labels = {"background", "face"};
    toy.add("detection_out", {1, 1, static_cast<int64_t>(rows.size() / 7), 7}, rows);
    return toy;
}

TEST(DetectionOutput, ReadsRowsUntilANegativeImageId) {
    const Converted converted = detection_output({0,  1, 0.9f, 0.1f, 0.2f, 0.4f, 0.8f,  //
                                                  0,  1, 0.4f, 0.1f, 0.2f, 0.4f, 0.8f,  //
                                                  0,  7, 0.6f, 0.0f, 0.0f, 1.0f, 1.0f,  //
                                                  -1, 0, 0,    0,    0,    0,    0,     //
                                                  0,  1, 0.9f, 0.1f, 0.2f, 0.4f, 0.8f})
                                    .convert();
    ASSERT_EQ(converted.detections.size(), 2u);
    expect_box(converted.detections[0], 0.1f, 0.2f, 0.3f, 0.6f);
    EXPECT_EQ(converted.detections[0].label, "face");
    EXPECT_EQ(converted.detections[0].label_id, 1);
    EXPECT_FLOAT_EQ(converted.detections[0].confidence, 0.9f);
    EXPECT_EQ(converted.detections[1].label_id, 7);
    EXPECT_EQ(converted.detections[1].label, "");
}

TEST(DetectionOutput, ThresholdIsTheCallers) {
    const Fixture toy = detection_output({0, 1, 0.4f, 0.1f, 0.2f, 0.4f, 0.8f});
    EXPECT_EQ(toy.convert(0.5f).detections.size(), 0u);
    EXPECT_EQ(toy.convert(0.3f).detections.size(), 1u);
}

TEST(DetectionOutput, DropsRowsThatAreNoBox) {
    EXPECT_TRUE(detection_output({0, 1,     0.9f,      kNan, 0, 1,    1,  //
                                  0, 1,     kInfinity, 0,    0, 1,    1,  //
                                  0, kNan,  0.9f,      0,    0, 1,    1,  //
                                  0, 3e9f,  0.9f,      0,    0, 1,    1,  //
                                  0, -2.0f, 0.9f,      0,    0, 1,    1,  //
                                  0, 1,     0.9f,      0.5f, 0, 0.5f, 1,  //
                                  0, 1,     0.9f,      0,    1, 1,    0.5f})
                    .convert()
                    .detections.empty());
}

Fixture boxes_scores(const std::vector<float>& boxes, const std::vector<float>& scores) {
    Fixture toy;
    toy.output.converter = "boxes-scores";
    toy.output.layers = {"boxes", "scores"};
    toy.output.labels = {"background", "face"};
    const auto count = static_cast<int64_t>(boxes.size() / 4);
    toy.add("scores", {1, count, 2}, scores);
    toy.add("boxes", {1, count, 4}, boxes);
    return toy;
}

TEST(BoxesScores, SuppressesOverlappingCorners) {
    const Converted converted = boxes_scores({0.1f, 0.1f, 0.3f, 0.3f,    //
                                              0.11f, 0.1f, 0.31f, 0.3f,  //
                                              0.6f, 0.6f, 0.8f, 0.9f,    //
                                              0, 0, 1, 1},
                                             {0.3f, 0.7f, 0.1f, 0.9f, 0.2f, 0.8f, 0.6f, 0.4f})
                                    .convert();
    ASSERT_EQ(converted.detections.size(), 2u);
    expect_box(converted.detections[0], 0.11f, 0.1f, 0.2f, 0.2f);
    EXPECT_FLOAT_EQ(converted.detections[0].confidence, 0.9f);
    EXPECT_EQ(converted.detections[0].label, "face");
    expect_box(converted.detections[1], 0.6f, 0.6f, 0.2f, 0.3f);
}

TEST(BoxesScores, DropsValuesThatAreNotFinite) {
    EXPECT_TRUE(
        boxes_scores({0, 0, kNan, 1, 0, 0, 1, 1, 0, 0, kInfinity, 1}, {0, 0.9f, 0, kNan, 0, 0.9f})
            .convert()
            .detections.empty());
}

TEST(BoxesScores, DecodesOffsetsToPriors) {
    // 64x32 input, stride 32: two cells side by side, centres (16, 16) and (48, 16); two sizes
    // each.
    Fixture toy = boxes_scores({0, 0, 0, 0,  //
                                0, 0, 0, 0,  //
                                0, 0, 0, 0,  //
                                1, -2, std::log(2.0f) / 0.2f, 0},
                               {0, 0.9f, 0, 0, 0, 0, 0, 0.8f});
    toy.width = 64;
    toy.output.decoded = false;
    toy.output.strides = {32};
    toy.output.min_sizes = {{8, 16}};
    const Converted converted = toy.convert();
    ASSERT_EQ(converted.detections.size(), 2u);
    // 8x8 pixels about (16, 16).
    expect_box(converted.detections[0], 12.0f / 64, 12.0f / 32, 8.0f / 64, 8.0f / 32);
    // 16x16 about (48, 16), moved by 0.1 * 16 and -0.2 * 16, twice as wide: 32x16 about
    // (49.6, 12.8).
    expect_box(converted.detections[1], 33.6f / 64, 4.8f / 32, 32.0f / 64, 16.0f / 32);
}

TEST(BoxesScores, CellsShareAPictureThatTheStrideDoesNotDivide) {
    // 32x40 input, stride 32: one column, two rows of 20.
    Fixture toy = boxes_scores(std::vector<float>(8), {0, 0.1f, 0, 0.9f});
    toy.height = 40;
    toy.output.decoded = false;
    toy.output.strides = {32};
    toy.output.min_sizes = {{8}};
    const Converted converted = toy.convert();
    ASSERT_EQ(converted.detections.size(), 1u);
    expect_box(converted.detections[0], 12.0f / 32, 26.0f / 40, 8.0f / 32, 8.0f / 40);
}

TEST(BoxesScores, PriorsHaveToMatchTheBoxes) {
    Fixture toy = boxes_scores({0, 0, 0, 0}, {0, 1});
    toy.output.decoded = false;
    EXPECT_NE(toy.error().find("key 'min_sizes'"), std::string::npos);
    toy.output.strides = {16};
    toy.output.min_sizes = {{8}};
    EXPECT_NE(toy.error().find("make 4 priors, output 'boxes' has 1 boxes"), std::string::npos);
}

// The geometry of the published 320x240 models: 4420 priors.
TEST(BoxesScores, UltraFaceHas4420Priors) {
    Fixture toy = boxes_scores(std::vector<float>(4420 * 4), std::vector<float>(4420 * 2));
    toy.width = 320;
    toy.height = 240;
    toy.output.decoded = false;
    toy.output.strides = {8, 16, 32, 64};
    toy.output.min_sizes = {{10, 16, 24}, {32, 48}, {64, 96}, {128, 192, 256}};
    EXPECT_EQ(toy.error(), "");
}

// 32x16 input, stride 8: 4 columns, 2 rows. One face in row 1, column 2.
Fixture yunet() {
    Fixture toy;
    toy.width = 32;
    toy.height = 16;
    toy.output.converter = "yunet";
    toy.output.labels = {"face"};
    toy.output.strides = {8};
    toy.output.layers = {"cls_8", "obj_8", "bbox_8", "kps_8"};
    std::vector<float> classes(8), objectness(8), boxes(8 * 4), key_points(8 * 10);
    classes[6] = 0.81f;
    objectness[6] = 1.5f;  // clamped to 1
    boxes[4 * 6 + 0] = 0.5f;
    boxes[4 * 6 + 1] = -0.25f;
    boxes[4 * 6 + 2] = std::log(2.0f);
    key_points[10 * 6 + 0] = 0.25f;
    key_points[10 * 6 + 9] = 0.5f;
    toy.add("cls_8", {1, 8, 1}, classes);
    toy.add("obj_8", {1, 8, 1}, objectness);
    toy.add("bbox_8", {1, 8, 4}, boxes);
    toy.add("kps_8", {1, 8, 10}, key_points);
    return toy;
}

TEST(YuNet, DecodesBoxScoreAndLandmarks) {
    const Converted converted = yunet().convert();
    ASSERT_EQ(converted.detections.size(), 1u);
    const Detection& face = converted.detections[0];
    EXPECT_FLOAT_EQ(face.confidence, 0.9f);
    EXPECT_EQ(face.label, "face");
    // Centre (2.5 * 8, 0.75 * 8) = (20, 6), 16x8.
    expect_box(face, 12.0f / 32, 2.0f / 16, 16.0f / 32, 8.0f / 16);
    ASSERT_EQ(face.landmarks.size(), 5u);
    EXPECT_FLOAT_EQ(face.landmarks[0].x, 2.25f * 8 / 32);
    EXPECT_FLOAT_EQ(face.landmarks[0].y, 1.0f * 8 / 16);
    EXPECT_FLOAT_EQ(face.landmarks[4].x, 2.0f * 8 / 32);
    EXPECT_FLOAT_EQ(face.landmarks[4].y, 1.5f * 8 / 16);
}

TEST(YuNet, DropsValuesThatAreNotFinite) {
    for (const size_t damaged : {0, 1, 2, 3}) {
        Fixture toy = yunet();
        toy.tensors[damaged].mutable_view().as<float>()[damaged < 2   ? 6
                                                        : damaged < 3 ? 26
                                                                      : 65] = kNan;
        EXPECT_TRUE(toy.convert().detections.empty()) << toy.ports[damaged].name;
    }
}

TEST(YuNet, LayersHaveToFitTheInput) {
    Fixture toy = yunet();
    toy.height = 32;
    EXPECT_EQ(toy.error(),
              "Unsupported: model 'toy', converter 'yunet': key 'layers': output 'cls_8' has shape "
              "[1,8,1]; supported: [1,16,1] at stride 8 of a 32x32 input");
    toy.output.strides = {8, 16};
    EXPECT_NE(toy.error().find("4 given, 8 needed"), std::string::npos);
    toy.output.strides = {};
    EXPECT_NE(toy.error().find("key 'strides'"), std::string::npos);
}

Fixture label(const std::vector<float>& scores) {
    Fixture toy;
    toy.output.converter = "label";
    toy.output.attribute = "gender";
    toy.output.labels = {"female", "male"};
    toy.add("prob", {1, static_cast<int64_t>(scores.size()), 1, 1}, scores);
    return toy;
}

TEST(Label, IsTheLikeliestClass) {
    const Converted converted = label({0.3f, 0.7f}).convert();
    ASSERT_EQ(converted.attributes.size(), 1u);
    const Attribute& attribute = converted.attributes[0];
    EXPECT_EQ(attribute.name, "gender");
    EXPECT_EQ(attribute.label, "male");
    EXPECT_EQ(attribute.label_id, 1);
    EXPECT_FLOAT_EQ(attribute.confidence, 0.7f);
    EXPECT_EQ(attribute.model_name, "toy");
    EXPECT_EQ(attribute.layer_name, "prob");
    EXPECT_FALSE(attribute.value.has_value());
}

TEST(Label, TurnsLogitsIntoProbabilitiesWhenTold) {
    Fixture toy = label({std::log(3.0f) + 200, 200});  // far beyond exp()'s range
    toy.output.softmax = true;
    const Converted converted = toy.convert();
    EXPECT_EQ(converted.attributes[0].label, "female");
    EXPECT_NEAR(converted.attributes[0].confidence, 0.75f, 1e-5);
}

TEST(Label, NeedsFiniteScoresAndALabelForEach) {
    EXPECT_TRUE(label({kNan, 0.7f}).convert().attributes.empty());
    EXPECT_TRUE(label({0.2f, kInfinity}).convert().attributes.empty());
    EXPECT_EQ(label({0.1f, 0.2f, 0.7f}).error(),
              "Unsupported: model 'toy', converter 'label': key 'layers': output 'prob' has shape "
              "[1,3,1,1]; supported: 2 elements, one per label");
    Fixture toy = label({1});
    toy.output.labels.clear();
    EXPECT_NE(toy.error().find("key 'labels'"), std::string::npos);
}

Fixture number(const std::vector<float>& values) {
    Fixture toy;
    toy.output.converter = "number";
    toy.output.attribute = "age";
    toy.output.factor = 100;
    toy.add("age_conv3", {1, static_cast<int64_t>(values.size()), 1, 1}, values);
    return toy;
}

TEST(Number, IsScaledAndRoundedForItsText) {
    const Converted converted = number({0.3175f}).convert();
    ASSERT_EQ(converted.attributes.size(), 1u);
    EXPECT_FLOAT_EQ(converted.attributes[0].value.value(), 31.75f);
    EXPECT_EQ(converted.attributes[0].label, "32");
    EXPECT_EQ(converted.attributes[0].label_id, -1);
    EXPECT_FLOAT_EQ(converted.attributes[0].confidence, 1);
}

TEST(Number, IsOneFiniteElement) {
    EXPECT_TRUE(number({kNan}).convert().attributes.empty());
    EXPECT_TRUE(number({-kInfinity}).convert().attributes.empty());
    EXPECT_TRUE(number({3e37f}).convert().attributes.empty());
    EXPECT_NE(number({1, 2}).error().find("[1,2,1,1]; supported: one element"), std::string::npos);
}

TEST(Values, JoinsItsLayersInTheOrderGiven) {
    Fixture toy;
    toy.output.converter = "values";
    toy.output.attribute = "head-pose";
    toy.output.layers = {"yaw", "pitch", "roll"};
    toy.add("pitch", {1, 1}, {2});
    toy.add("roll", {1, 1}, {3});
    toy.add("yaw", {1, 1}, {-10.5f});
    const Converted converted = toy.convert();
    ASSERT_EQ(converted.attributes.size(), 1u);
    EXPECT_EQ(converted.attributes[0].values, (std::vector<float>{-10.5f, 2, 3}));
    toy.tensors[1].mutable_view().as<float>()[0] = kNan;
    EXPECT_TRUE(toy.convert().attributes.empty());
}

TEST(Landmarks, ArePairs) {
    Fixture toy;
    toy.output.converter = "landmarks";
    toy.output.attribute = "landmarks";
    toy.add("95", {1, 4, 1, 1}, {0.1f, 0.2f, 0.3f, 0.4f});
    const Converted converted = toy.convert();
    ASSERT_EQ(converted.attributes.size(), 1u);
    EXPECT_EQ(converted.attributes[0].values, (std::vector<float>{0.1f, 0.2f, 0.3f, 0.4f}));
    toy.ports[0].row_shape = {1, 3};
    EXPECT_NE(toy.error().find("an even number of elements"), std::string::npos);
}

TEST(MakeConverter, NamesModelLayerAndKeyInErrors) {
    Fixture toy = number({0.3f});
    toy.output.layers = {"age"};
    EXPECT_EQ(
        toy.error(),
        "Not found: model 'toy', converter 'number': key 'layers': no output 'age'; the model "
        "has: age_conv3");
    toy.add("prob", {1, 2, 1, 1}, {0, 1});
    toy.output.layers = {};
    EXPECT_EQ(toy.error(),
              "Invalid argument: model 'toy', converter 'number': key 'layers': 0 given, 1 needed; "
              "the model has: age_conv3, prob");
    toy.output.converter = "numbers";
    EXPECT_EQ(toy.error(),
              "Unsupported: model 'toy', converter 'numbers': key 'converter': unknown; supported: "
              "boxes-scores, detection-output, label, landmarks, number, values, yunet");
}

TEST(MakeConverter, RefusesOtherShapes) {
    Fixture toy = detection_output({0, 1, 0.9f, 0, 0, 1, 1});
    toy.ports[0].row_shape = {1, 1, 7};
    EXPECT_NE(toy.error().find("[1,1,7]; supported: [1,1,K,7]"), std::string::npos);
    toy = boxes_scores({0, 0, 1, 1}, {0, 1});
    toy.ports[0].row_shape = {1, 1, 3};
    EXPECT_NE(toy.error().find("'scores' has shape [1,1,3]; supported: [1,1,2]"),
              std::string::npos);
    toy.ports[1].row_shape = {1, 4};
    EXPECT_NE(toy.error().find("'boxes' has shape [1,4]; supported: [1,P,4]"), std::string::npos);
    toy.output.labels = {"face"};
    EXPECT_NE(toy.error().find("key 'labels'"), std::string::npos);
}

}  // namespace
}  // namespace facet
