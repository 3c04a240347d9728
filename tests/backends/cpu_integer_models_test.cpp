// SPDX-License-Identifier: MIT
// Quantised models of the test data: int8 beside the float evaluation of the same file, on faces.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <regex>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "tests/backends/cpu_models.h"
#include "tests/support/data_path.h"

namespace facet::testing {

namespace {

constexpr int kMaxBatch = 32;
constexpr double kAgreement = 0.99;
constexpr double kYear = 0.01;  // age_conv3 is years / 100

// Every box of the dlib photos, as it is and shifted by a twelfth of its width.
std::vector<cv::Mat> face_crops(const std::filesystem::path& folder) {
    static const std::regex kFile("file='([^']+)'");
    static const std::regex kBox("top='(-?\\d+)' left='(-?\\d+)' width='(\\d+)' height='(\\d+)'");
    std::vector<cv::Mat> crops;
    for (const char* list : {"training.xml", "testing.xml"}) {
        std::ifstream file(folder / list);
        cv::Mat photo;
        std::smatch match;
        for (std::string line; std::getline(file, line);) {
            if (std::regex_search(line, match, kFile))
                photo = cv::imread((folder / match[1].str()).string());
            if (!std::regex_search(line, match, kBox) || photo.empty()) continue;
            for (const int shift : {-1, 0, 1}) {
                cv::Rect box(std::stoi(match[2]), std::stoi(match[1]), std::stoi(match[3]),
                             std::stoi(match[4]));
                box.x += shift * box.width / 12;
                box &= cv::Rect(0, 0, photo.cols, photo.rows);
                if (box.width > 8 && box.height > 8) crops.push_back(photo(box).clone());
            }
        }
    }
    return crops;
}

class IntegerModel {
  public:
    static IntegerModel load(const std::filesystem::path& path, Precision precision) {
        auto graph = read_model(path);
        EXPECT_TRUE(graph) << graph.error().text();
        EXPECT_TRUE(accept_u8_pixels(*graph, 0, {}, false));
        EXPECT_TRUE(prepare(*graph, reference::evaluate));
        EXPECT_TRUE(require_batchable(*graph, analyze_batchability(*graph)));
        auto model =
            cpu_backend().compile(std::make_shared<const Graph>(*std::move(graph)),
                                  {.max_batch = kMaxBatch, .threads = 1, .precision = precision});
        EXPECT_TRUE(model) << model.error().text();
        IntegerModel loaded;
        loaded.model_ = *std::move(model);
        loaded.request_ = *loaded.model_->create_request();
        return loaded;
    }

    [[nodiscard]] const std::vector<Port>& outputs() const { return model_->outputs(); }
    // The outputs for rows [first, first + rows) of `crops`, one after the other.
    std::vector<std::vector<float>> infer(const std::vector<cv::Mat>& crops, size_t first,
                                          size_t rows) {
        const Shape& shape = model_->inputs()[0].row_shape;
        auto* pixels = static_cast<uint8_t*>(request_->input(0).bytes);
        for (size_t row = 0; row < rows; ++row) {
            cv::Mat small;
            cv::resize(crops[first + row], small,
                       cv::Size(static_cast<int>(shape[2]), static_cast<int>(shape[1])));
            std::memcpy(pixels + row * shape.elements(), small.data, shape.elements());
        }
        EXPECT_TRUE(request_->infer(static_cast<int>(rows)));
        std::vector<std::vector<float>> results;
        for (size_t port = 0; port < outputs().size(); ++port) {
            const auto values = request_->output(port).as<float>();
            const auto count = rows * outputs()[port].row_shape.elements();
            results.emplace_back(values.begin(), values.begin() + static_cast<ptrdiff_t>(count));
        }
        return results;
    }

  private:
    std::shared_ptr<CompiledModel> model_;
    std::unique_ptr<InferRequest> request_;
};

struct Agreement {
    std::vector<double> differences;  // largest per row
    size_t same_label = 0;
};

// By output, over all crops.
std::vector<Agreement> compare(IntegerModel& integer, IntegerModel& floats,
                               const std::vector<cv::Mat>& crops) {
    std::vector<Agreement> agreements(floats.outputs().size());
    for (size_t first = 0; first < crops.size(); first += kMaxBatch) {
        const size_t rows = std::min<size_t>(kMaxBatch, crops.size() - first);
        const auto results = integer.infer(crops, first, rows);
        const auto expected = floats.infer(crops, first, rows);
        for (size_t port = 0; port < results.size(); ++port) {
            const auto size = static_cast<ptrdiff_t>(results[port].size() / rows);
            for (size_t row = 0; row < rows; ++row) {
                const auto a = results[port].begin() + static_cast<ptrdiff_t>(row) * size;
                const auto b = expected[port].begin() + static_cast<ptrdiff_t>(row) * size;
                double worst = 0;
                for (ptrdiff_t i = 0; i < size; ++i)
                    worst = std::max(worst, std::abs(double{a[i]} - double{b[i]}));
                agreements[port].differences.push_back(worst);
                const bool same =
                    std::max_element(a, a + size) - a == std::max_element(b, b + size) - b;
                agreements[port].same_label += same ? 1 : 0;
            }
        }
    }
    for (Agreement& agreement : agreements) std::ranges::sort(agreement.differences);
    return agreements;
}

double quantile(const std::vector<double>& sorted, double share) {
    return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}

class CpuIntegerClassifier : public ::testing::TestWithParam<const char*> {};

}  // namespace

// Prints a line per output: `test-cpu-integer-models --gtest_filter=*Classifier*` is the table.
TEST_P(CpuIntegerClassifier, SaysOfFacesWhatTheFloatEvaluationSays) {
    if (!cpu::onednn::has_byte_products()) GTEST_SKIP() << "no VNNI";
    FACET_DATA_OR_SKIP(path, model_named(GetParam()).path);
    FACET_DATA_OR_SKIP(folder, "images/dlib_faces");
    const std::vector<cv::Mat> crops = face_crops(folder);
    ASSERT_GT(crops.size(), 100u);
    IntegerModel integer = IntegerModel::load(path, Precision::kInt8);
    IntegerModel floats = IntegerModel::load(path, Precision::kF32);
    const auto agreements = compare(integer, floats, crops);
    for (size_t port = 0; port < agreements.size(); ++port) {
        const Port& output = floats.outputs()[port];
        const double same =
            static_cast<double>(agreements[port].same_label) / static_cast<double>(crops.size());
        std::printf(
            "%s %s: %zu faces, label the same in %.2f %%, differences: median %.5f, "
            "99 %% %.5f, largest %.5f\n",
            GetParam(), output.name.c_str(), crops.size(), 100 * same,
            quantile(agreements[port].differences, 0.5),
            quantile(agreements[port].differences, 0.99), agreements[port].differences.back());
        EXPECT_GE(same, kAgreement) << output.name;
        if (output.row_shape.elements() > 1) continue;
        EXPECT_LE(quantile(agreements[port].differences, 0.99), kYear) << output.name;
    }
}

TEST_P(CpuIntegerClassifier, RowsOfEveryBatchEqualTheSameRowsAlone) {
    if (!cpu::onednn::has_byte_products()) GTEST_SKIP() << "no VNNI";
    FACET_DATA_OR_SKIP(path, model_named(GetParam()).path);
    FACET_DATA_OR_SKIP(folder, "images/dlib_faces");
    const std::vector<cv::Mat> crops = face_crops(folder);
    IntegerModel integer = IntegerModel::load(path, Precision::kInt8);
    std::vector<std::vector<std::vector<float>>> alone;
    for (size_t row = 0; row < kMaxBatch; ++row) alone.push_back(integer.infer(crops, row, 1));
    for (size_t rows = 2; rows <= kMaxBatch; ++rows) {
        const auto batch = integer.infer(crops, 0, rows);
        for (size_t port = 0; port < batch.size(); ++port) {
            const size_t size = batch[port].size() / rows;
            for (size_t row = 0; row < rows; ++row)
                ASSERT_EQ(0, std::memcmp(batch[port].data() + row * size, alone[row][port].data(),
                                         size * sizeof(float)))
                    << "row " << row << " of " << rows;
        }
    }
}

// Boxes a float evaluation is sure of are found in the same places.
TEST(CpuIntegerDetector, FindsTheFacesThatTheFloatEvaluationFinds) {
    if (!cpu::onednn::has_byte_products()) GTEST_SKIP() << "no VNNI";
    constexpr size_t kFields = 7;
    constexpr float kSure = 0.6f, kLeast = 0.4f;
    for (const char* name : {"retail_0004_int8", "retail_0005_int8"}) {
        FACET_DATA_OR_SKIP(path, model_named(name).path);
        FACET_DATA_OR_SKIP(folder, "images");
        std::vector<cv::Mat> photos;
        for (const auto& entry : std::filesystem::directory_iterator(folder))
            if (entry.path().extension() == ".jpg")
                photos.push_back(cv::imread(entry.path().string()));
        IntegerModel integer = IntegerModel::load(path, Precision::kInt8);
        IntegerModel floats = IntegerModel::load(path, Precision::kF32);
        size_t sure = 0, found = 0;
        for (size_t photo = 0; photo < photos.size(); ++photo) {
            const auto expected = floats.infer(photos, photo, 1)[0];
            const auto result = integer.infer(photos, photo, 1)[0];
            for (size_t i = 0; i < expected.size(); i += kFields) {
                const cv::Rect2f box(expected[i + 3], expected[i + 4],
                                     expected[i + 5] - expected[i + 3],
                                     expected[i + 6] - expected[i + 4]);
                if (expected[i] < 0) break;
                if (expected[i + 2] < kSure) continue;
                ++sure;
                for (size_t k = 0; k < result.size() && result[k] >= 0; k += kFields) {
                    const cv::Rect2f other(result[k + 3], result[k + 4],
                                           result[k + 5] - result[k + 3],
                                           result[k + 6] - result[k + 4]);
                    const float both = (box & other).area();
                    if (result[k + 2] < kLeast || both < 0.75f * (box.area() + other.area() - both))
                        continue;
                    ++found;
                    break;
                }
            }
        }
        std::printf("%s: %zu of %zu faces above %.1f in the same place\n", name, found, sure,
                    kSure);
        EXPECT_GT(sure, 40u) << name;
        EXPECT_GE(static_cast<double>(found), kAgreement * static_cast<double>(sure)) << name;
    }
}

INSTANTIATE_TEST_SUITE_P(Models, CpuIntegerClassifier,
                         ::testing::Values("age_gender_int8", "emotions_int8"));

}  // namespace facet::testing
