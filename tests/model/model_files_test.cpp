// SPDX-License-Identifier: MIT
// Models from files: the same rows in every way to run them, and the refusals of loading.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "engine/model.h"
#include "tests/support/data_path.h"

namespace facet {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kAgeGender =
    "models/age-gender-recognition-retail-0013/FP32-dequantized/"
    "age-gender-recognition-retail-0013.onnx";

constexpr const char* kDetector =
    "models/face-detection-retail-0004/FP32/face-detection-retail-0004.xml";

std::shared_ptr<Model> load(const std::filesystem::path& path, const ModelOptions& options) {
    Result<std::shared_ptr<Model>> model = Model::load(path, options);
    EXPECT_TRUE(model.ok()) << (model.ok() ? "" : model.error().text());
    return model.ok() ? *model : nullptr;
}

std::string refusal(const std::filesystem::path& path, const ModelOptions& options) {
    const Result<std::shared_ptr<Model>> model = Model::load(path, options);
    return model.ok() ? "loaded" : model.error().text();
}

// Row `row` of made-up pixels, the same for whoever asks.
void fill(Request& request, int at, int row) {
    const std::span<float> all = request.input(0).as<float>();
    const size_t elements = all.size() / static_cast<size_t>(request.batch());
    std::mt19937 random(static_cast<uint32_t>(row));
    for (float& element : all.subspan(elements * static_cast<size_t>(at), elements))
        element = static_cast<float>(random() % 256);
}

// Every output's row `at`, one after the other.
std::vector<float> row_of(const Model& model, const Request& request, int at) {
    std::vector<float> values;
    for (size_t port = 0; port < model.outputs().size(); ++port) {
        const std::span<const float> all = request.output(port).as<float>();
        const size_t elements = all.size() / static_cast<size_t>(request.batch());
        const auto row = all.subspan(elements * static_cast<size_t>(at), elements);
        values.insert(values.end(), row.begin(), row.end());
    }
    return values;
}

std::vector<std::vector<float>> rows_alone(const std::filesystem::path& path, int rows) {
    std::vector<std::vector<float>> results;
    const auto model = load(path, {.threads = 1});
    const auto request = *model->create_request();
    for (int row = 0; row < rows; ++row) {
        fill(*request, 0, row);
        EXPECT_TRUE(request->infer().ok());
        results.push_back(row_of(*model, *request, 0));
    }
    return results;
}

void expect_near(const std::vector<float>& found, const std::vector<float>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
        EXPECT_NEAR(found[i], expected[i], 1e-5 * std::max(1.0f, std::fabs(expected[i])));
}

TEST(ModelFiles, GiveEachRowOfABatchWhatItGetsAlone) {
    FACET_DATA_OR_SKIP(path, kAgeGender);
    constexpr int kRows = 7;
    const auto alone = rows_alone(path, kRows);
    for (const ModelOptions& options : {ModelOptions{.max_batch = 8, .threads = 1},
                                        ModelOptions{.batch_profiles = {1, 2, 8}, .threads = 1}}) {
        const auto model = load(path, options);
        const auto request = *model->create_request();
        ASSERT_TRUE(request->set_batch(kRows).ok());
        for (int row = 0; row < kRows; ++row) fill(*request, row, row);
        ASSERT_TRUE(request->infer().ok());
        for (int row = 0; row < kRows; ++row)
            expect_near(row_of(*model, *request, row), alone[static_cast<size_t>(row)]);
    }
}

TEST(ModelFiles, GiveRequestsThatAreBatchedForThemWhatTheyGetAlone) {
    FACET_DATA_OR_SKIP(path, kAgeGender);
    constexpr int kRows = 6;
    const auto alone = rows_alone(path, kRows);
    const auto model = load(path, {.device = "BATCH:CPU(4)", .threads = 1});
    EXPECT_THAT(model->description(), AllOf(StartsWith("CPU: "), HasSubstr("batches of up to 4")));
    std::vector<std::unique_ptr<Request>> requests;
    for (int row = 0; row < kRows; ++row) {
        requests.push_back(*model->create_request());
        fill(*requests.back(), 0, row);
    }
    for (const auto& request : requests) ASSERT_TRUE(request->start().ok());
    for (int row = 0; row < kRows; ++row) {
        const auto& request = requests[static_cast<size_t>(row)];
        ASSERT_TRUE(request->wait().ok());
        expect_near(row_of(*model, *request, 0), alone[static_cast<size_t>(row)]);
    }
}

TEST(ModelFiles, SayTheirPorts) {
    FACET_DATA_OR_SKIP(path, kAgeGender);
    const auto model = load(path, {.max_batch = 4});
    ASSERT_EQ(model->inputs().size(), 1u);
    EXPECT_EQ(model->inputs()[0].name, "data");
    EXPECT_EQ(model->inputs()[0].row_shape, (Shape{1, 3, 62, 62}));
    EXPECT_EQ((*model->create_request())->input(0).shape, (Shape{4, 3, 62, 62}));
    EXPECT_EQ(model->outputs().size(), 2u);
}

// What a request of that size says of the made-up image.
std::vector<float> result_at(Model& model, ImageSize size) {
    const auto request = *model.create_request();
    if (!model.image_sizes().empty()) {
        EXPECT_TRUE(request->set_image_size(size).ok());
    }
    const Shape shape = request->input(0).shape;
    EXPECT_EQ(shape, (Shape{1, 3, size.height, size.width}));
    fill(*request, 0, 5);
    EXPECT_TRUE(request->infer().ok());
    return row_of(model, *request, 0);
}

TEST(ModelFiles, RunAtEachImageSizeOfTheirProfilesAndStartAtTheLargest) {
    FACET_DATA_OR_SKIP(path, kDetector);
    const ImageSize own{300, 300}, small{160, 96};
    const auto model = load(path, {.image_size_profiles = {small, own}, .threads = 1});
    const auto request = *model->create_request();
    EXPECT_EQ(request->image_size(), own) << "unset is the largest";
    EXPECT_EQ(model->image_sizes(), (std::vector<ImageSize>{small, own}));
    EXPECT_FALSE(result_at(*model, small).empty());
    expect_near(result_at(*model, own), result_at(*load(path, {.threads = 1}), own));
    const Result<void> refused = request->set_image_size({320, 240});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message, "image size 320x240; supported: 160x96, 300x300");
}

TEST(ModelFiles, NameTheNodeThatCannotFollowAnotherImageSize) {
    FACET_DATA_OR_SKIP(path, kAgeGender);
    EXPECT_THAT(refusal(path, {.image_size_profiles = {{20, 20}}}),
                AllOf(HasSubstr("setting 'image_size_profiles' 20x20"), HasSubstr("node '")));
}

// An OpenVINO IR of one SoftMax "mixed" along the axis that holds the rows.
class MixedRows : public ::testing::Test {
  protected:
    MixedRows() {
        std::ofstream(path_) << R"(<net name="tiny" version="11"><layers>
<layer id="0" name="image" type="Parameter" version="opset1">
<data shape="1,3,4,6" element_type="f32"/>
<output><port id="0" precision="FP32"><dim>1</dim><dim>3</dim><dim>4</dim><dim>6</dim></port>
</output></layer>
<layer id="1" name="mixed" type="SoftMax" version="opset1"><data axis="0"/>
<input><port id="0"><dim>1</dim><dim>3</dim><dim>4</dim><dim>6</dim></port></input>
<output><port id="1" precision="FP32"><dim>1</dim><dim>3</dim><dim>4</dim><dim>6</dim></port>
</output></layer>
<layer id="2" name="end" type="Result" version="opset1">
<input><port id="0"><dim>1</dim><dim>3</dim><dim>4</dim><dim>6</dim></port></input></layer>
</layers><edges><edge from-layer="0" from-port="0" to-layer="1" to-port="0"/>
<edge from-layer="1" from-port="1" to-layer="2" to-port="0"/></edges></net>)";
    }
    ~MixedRows() override { std::filesystem::remove(path_); }

    const std::filesystem::path path_ =
        std::filesystem::path(::testing::TempDir()) /
        (std::string("facet-mixed-rows-") +
         ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".xml");
};

TEST_F(MixedRows, AreRefusedInBatchesWithTheLayer) {
    const std::string layer =
        "the model cannot run batches: node 'mixed' (SoftMax): softmax runs "
        "along axis 0, which holds the batch";
    EXPECT_EQ(refusal(path_, {.max_batch = 4}),
              "Unsupported: " + path_.string() +
                  ": setting 'max_batch' 4 (1 runs the model item by item): " + layer);
    EXPECT_EQ(refusal(path_, {.device = "BATCH:CPU(8)"}),
              "Unsupported: " + path_.string() +
                  ": automatic batching (device 'CPU' runs request by request): " + layer);
    EXPECT_EQ(refusal(path_, {}), "loaded");
}

TEST(ModelFiles, NameTheDeviceThatIsNone) {
    FACET_DATA_OR_SKIP(path, kAgeGender);
    for (const char* device : {"ABACUS", "BATCH:ABACUS(4)"})
        EXPECT_THAT(refusal(path, {.device = device}),
                    AllOf(HasSubstr("setting 'device'"), HasSubstr("'ABACUS'; supported: "),
                          HasSubstr("CPU")));
    EXPECT_THAT(refusal("nowhere.onnx", {}), HasSubstr("nowhere.onnx"));
}

}  // namespace
}  // namespace facet
