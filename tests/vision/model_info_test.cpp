// SPDX-License-Identifier: MIT
// Model-info files: the ready ones, what is read, what is refused, where they are looked for.
#include "engine/vision/model_info.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace facet {
namespace {

namespace fs = std::filesystem;

// A folder of its own, gone afterwards.
class ModelInfoTest : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "facet-model-info-XXXXXX").string();
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override { fs::remove_all(folder_); }

    fs::path write(const fs::path& name, const std::string& text) const {
        const fs::path path = folder_ / name;
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
        return path;
    }
    // The error for a file of this text, without its path.
    [[nodiscard]] std::string error(const std::string& text) const {
        const fs::path path = write("model.json", text);
        const Result<ModelInfo> info = read_model_info(path);
        if (info.ok()) return "";
        EXPECT_EQ(info.error().code, ErrorCode::kInvalidArgument);
        const std::string prefix = path.string() + ": ";
        EXPECT_EQ(info.error().message.rfind(prefix, 0), 0u) << info.error().message;
        return info.error().message.substr(prefix.size());
    }
    [[nodiscard]] std::string error_of_input(const std::string& keys) const {
        return error(R"({"schema": "facet-model/1", "input": {)" + keys +
                     R"(}, "outputs": [{"converter": "number", "attribute": "age"}]})");
    }
    [[nodiscard]] std::string error_of_output(const std::string& keys) const {
        return error(R"({"schema": "facet-model/1", "outputs": [{)" + keys + "}]}");
    }

    fs::path folder_;
};

constexpr const char* kSmallest =
    R"({"schema": "facet-model/1", "outputs": [{"converter": "number", "attribute": "age"}]})";

TEST_F(ModelInfoTest, EveryKeyIsRead) {
    const Result<ModelInfo> read = read_model_info(write("model.json", R"({
        "schema": "facet-model/1",  // a comment
        "name": "toy", "description": "a toy",
        "input": {"name": "data", "color": "RGB", "layout": "NHWC", "mean": [1, 2.5, 3],
                  "scale": 128, "width": 64, "height": 32},
        "outputs": [
            {"converter": "boxes-scores", "layers": ["b", "s"], "labels": ["none", "face"],
             "threshold": 0.7, "nms_threshold": 0.4, "decoded": false, "strides": [8, 16],
             "min_sizes": [[10, 16.5], [32]], "variances": [0.3, 0.4]},
            {"converter": "label", "attribute": "mood", "labels": ["sad"], "softmax": true},
            {"converter": "number", "attribute": "age", "factor": 100, "unit": "years"}]})"));
    ASSERT_TRUE(read.ok()) << read.error().text();
    const ModelInfo& info = read.value();
    EXPECT_EQ(info.name, "toy");
    EXPECT_EQ(info.description, "a toy");
    EXPECT_EQ(info.input.name, "data");
    EXPECT_EQ(info.input.order, ColorOrder::kRgb);
    EXPECT_TRUE(info.input.channels_last);
    EXPECT_EQ(info.input.mean, (std::array<float, 3>{1, 2.5f, 3}));
    EXPECT_EQ(info.input.scale, (std::array<float, 3>{128, 128, 128}));
    EXPECT_EQ(info.input.width, 64);
    EXPECT_EQ(info.input.height, 32);
    ASSERT_EQ(info.outputs.size(), 3u);
    const OutputInfo& boxes = info.outputs[0];
    EXPECT_EQ(boxes.converter, "boxes-scores");
    EXPECT_EQ(boxes.layers, (std::vector<std::string>{"b", "s"}));
    EXPECT_EQ(boxes.labels, (std::vector<std::string>{"none", "face"}));
    EXPECT_FLOAT_EQ(boxes.threshold, 0.7f);
    EXPECT_FLOAT_EQ(boxes.nms_threshold, 0.4f);
    EXPECT_FALSE(boxes.decoded);
    EXPECT_EQ(boxes.strides, (std::vector<int>{8, 16}));
    EXPECT_EQ(boxes.min_sizes, (std::vector<std::vector<float>>{{10, 16.5f}, {32}}));
    EXPECT_EQ(boxes.variances, (std::array<float, 2>{0.3f, 0.4f}));
    EXPECT_EQ(info.outputs[1].attribute, "mood");
    EXPECT_TRUE(info.outputs[1].softmax);
    EXPECT_FLOAT_EQ(info.outputs[2].factor, 100);
    EXPECT_EQ(info.outputs[2].unit, "years");
}

TEST_F(ModelInfoTest, DefaultsAreThoseOfTheHeader) {
    const Result<ModelInfo> read = read_model_info(write("small.json", kSmallest));
    ASSERT_TRUE(read.ok()) << read.error().text();
    EXPECT_EQ(read->name, "small");
    EXPECT_EQ(read->input.order, ColorOrder::kBgr);
    EXPECT_EQ(read->input.scale, (std::array<float, 3>{1, 1, 1}));
    EXPECT_TRUE(read->outputs[0].layers.empty());
    EXPECT_FLOAT_EQ(read->outputs[0].factor, 1);
}

TEST_F(ModelInfoTest, RefusesABrokenRoot) {
    EXPECT_NE(error("{\"schema\": ").find("parse error at line 1"), std::string::npos);
    EXPECT_EQ(error("[]"), "is not a JSON object");
    EXPECT_EQ(error("{}"), "key 'schema' is missing");
    EXPECT_EQ(error(R"({"schema": 1})"), "key 'schema' is number; supported: a string");
    EXPECT_EQ(error(R"({"schema": "facet-model/2"})"),
              "key 'schema' is \"facet-model/2\"; supported: facet-model/1");
    EXPECT_EQ(error(R"({"schema": "facet-model/1", "output": []})"),
              "key 'output' is unknown here; supported: schema, name, description, input, outputs");
    EXPECT_EQ(error(R"({"schema": "facet-model/1"})"), "key 'outputs' is missing");
    EXPECT_EQ(error(R"({"schema": "facet-model/1", "outputs": []})"),
              "key 'outputs' is not a list of at least one object");
    EXPECT_EQ(error(R"({"schema": "facet-model/1", "outputs": ["label"]})"),
              "key 'outputs[0]' is string; supported: an object");
    EXPECT_EQ(error(R"({"schema": "facet-model/1", "input": 3, "outputs": [{}]})"),
              "key 'input' is number; supported: an object");
}

TEST_F(ModelInfoTest, RefusesABrokenInput) {
    EXPECT_EQ(error_of_input(""), "");
    EXPECT_EQ(error_of_input(R"("colour": "RGB")"),
              "key 'input.colour' is unknown here; supported: name, color, layout, mean, scale, "
              "width, height");
    EXPECT_EQ(error_of_input(R"("color": "CMYK")"),
              "key 'input.color' is \"CMYK\"; supported: BGR, RGB, GRAY");
    EXPECT_EQ(error_of_input(R"("layout": "CHW")"),
              "key 'input.layout' is \"CHW\"; supported: NCHW, NHWC");
    EXPECT_EQ(error_of_input(R"("mean": [1, 2])"),
              "key 'input.mean' has 2 elements; supported: 3, or a single number");
    EXPECT_EQ(error_of_input(R"("color": "GRAY", "mean": [1, 2, 3])"),
              "key 'input.mean' has 3 elements; supported: 1, or a single number");
    EXPECT_EQ(error_of_input(R"("mean": [1, "2", 3])"),
              "key 'input.mean[1]' is string; supported: a number");
    EXPECT_EQ(error_of_input(R"("scale": 0)"), "key 'input.scale' is 0; supported: 1e-06 to 1e+06");
    EXPECT_EQ(error_of_input(R"("width": 64)"),
              "key 'input.height' is missing: give both sides or none");
    EXPECT_EQ(error_of_input(R"("width": 64.5, "height": 64)"),
              "key 'input.width' is number; supported: a whole number");
    EXPECT_EQ(error_of_input(R"("width": 64, "height": 99999)"),
              "key 'input.height' is 99999; supported: 1 to 16384");
}

TEST_F(ModelInfoTest, RefusesABrokenOutput) {
    EXPECT_EQ(error_of_output(""), "key 'outputs[0].converter' is missing");
    EXPECT_EQ(error_of_output(R"("converter": "tex")"),
              "key 'outputs[0].converter' is \"tex\"; supported: boxes-scores, detection-output, "
              "label, landmarks, number, values, yunet");
    EXPECT_EQ(error_of_output(R"("converter": "label", "threshold": 0.5)"),
              "key 'outputs[0].threshold' is unknown here; supported: converter, layers, "
              "attribute, labels, softmax");
    EXPECT_EQ(error_of_output(R"("converter": "label")"), "key 'outputs[0].attribute' is missing");
    EXPECT_EQ(error_of_output(R"("converter": "label", "attribute": "")"),
              "key 'outputs[0].attribute' is empty");
    EXPECT_EQ(error_of_output(R"("converter": "label", "attribute": "mood", "labels": "sad")"),
              "key 'outputs[0].labels' is string; supported: a list");
    EXPECT_EQ(error_of_output(R"("converter": "label", "attribute": "mood", "softmax": 1)"),
              "key 'outputs[0].softmax' is number; supported: true, false");
    EXPECT_EQ(error_of_output(R"("converter": "yunet", "threshold": 1.5)"),
              "key 'outputs[0].threshold' is 1.5; supported: 0 to 1");
    EXPECT_EQ(error_of_output(R"("converter": "yunet", "strides": [8, 0])"),
              "key 'outputs[0].strides[1]' is 0; supported: 1 to 4096");
    EXPECT_EQ(error_of_output(R"("converter": "boxes-scores", "min_sizes": [[8], [-1]])"),
              "key 'outputs[0].min_sizes[1][0]' is -1; supported: 1e-06 to 1e+06");
    EXPECT_EQ(error_of_output(R"("converter": "boxes-scores", "variances": [0.1])"),
              "key 'outputs[0].variances' has 1 elements; supported: 2, centre and size");
}

TEST_F(ModelInfoTest, AMissingFileIsNotFound) {
    const Result<ModelInfo> info = read_model_info(folder_ / "none.json");
    ASSERT_FALSE(info.ok());
    EXPECT_EQ(info.error().code, ErrorCode::kNotFound);
    EXPECT_NE(info.error().message.find("none.json"), std::string::npos);
}

std::string named(const std::string& name) {
    return R"({"schema": "facet-model/1", "name": ")" + name +
           R"(", "outputs": [{"converter": "number", "attribute": "age"}]})";
}

TEST_F(ModelInfoTest, TheExplicitPathWinsThenTheFileBesideTheModelThenTheDirectories) {
    const fs::path model = folder_ / "age" / "FP16" / "net.xml";
    const std::vector<fs::path> directories{folder_ / "one", folder_ / "two"};
    const auto found = [&](const std::optional<fs::path>& explicit_path = std::nullopt) {
        const Result<ModelInfo> info = find_model_info(model, explicit_path, directories);
        return info.ok() ? info->name : info.error().text();
    };
    write("two/age.json", named("folder two up, second directory"));
    EXPECT_EQ(found(), "folder two up, second directory");
    write("two/net.json", named("stem, second directory"));
    EXPECT_EQ(found(), "stem, second directory");
    write("one/age.json", named("folder two up, first directory"));
    EXPECT_EQ(found(), "folder two up, first directory");
    write("age/FP16/net.json", named("beside"));
    EXPECT_EQ(found(), "beside");
    EXPECT_EQ(found(write("other.json", named("explicit"))), "explicit");
}

TEST_F(ModelInfoTest, AMissingExplicitPathIsNotReplaced) {
    write("net.json", kSmallest);
    EXPECT_FALSE(find_model_info(folder_ / "net.onnx", folder_ / "typo.json", {}).ok());
}

TEST_F(ModelInfoTest, ABrokenFileIsNotPassedOver) {
    write("net.json", "{}");
    write("one/net.json", kSmallest);
    EXPECT_FALSE(find_model_info(folder_ / "net.onnx", std::nullopt, {folder_ / "one"}).ok());
}

TEST_F(ModelInfoTest, NotFoundListsEveryPlace) {
    const Result<ModelInfo> info =
        find_model_info("/m/age/FP16/net.xml", std::nullopt, {"/one", "/two"});
    ASSERT_FALSE(info.ok());
    EXPECT_EQ(info.error().text(),
              "Not found: no model-info file for /m/age/FP16/net.xml; looked at: "
              "/m/age/FP16/net.json, /one/net.json, /one/age.json, /two/net.json, /two/age.json");
}

// The files of pipelines/models, which the test's environment points at.
class ReadyFiles : public ::testing::TestWithParam<const char*> {};

TEST_P(ReadyFiles, Parses) {
    const char* directory = std::getenv("FACET_MODEL_INFO_PATH");
    if (directory == nullptr) GTEST_SKIP() << "needs FACET_MODEL_INFO_PATH (meson test sets it)";
    const Result<ModelInfo> info =
        read_model_info(fs::path(directory) / (std::string(GetParam()) + ".json"));
    ASSERT_TRUE(info.ok()) << info.error().text();
    EXPECT_EQ(info->name, GetParam());
    EXPECT_FALSE(info->description.empty());
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadyFiles,
    ::testing::Values("age-gender-recognition-retail-0013", "emotions-recognition-retail-0003",
                      "face-detection-adas-0001", "face-detection-retail-0004",
                      "face-detection-retail-0005", "face_detection_yunet_2026may",
                      "head-pose-estimation-adas-0001", "landmarks-regression-retail-0009",
                      "version-RFB-320", "version-RFB-320_without_postprocessing",
                      "version-slim-320_simplified"));

}  // namespace
}  // namespace facet
