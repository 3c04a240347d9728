// SPDX-License-Identifier: MIT
// Sessions with real models on a photo of known faces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>

#include "engine/backends/registry.h"
#include "engine/base/processors.h"
#include "engine/session.h"
#include "tests/session/result_collector.h"
#include "tests/support/data_path.h"
#include "tests/support/manual_clock.h"
#include "tests/support/photo.h"

namespace facet {
namespace {

using ::testing::HasSubstr;
using testing::Photo;
using testing::ResultCollector;
using ::testing::StartsWith;

// As the photos' own box lists have them.
constexpr const char* kThreeFaces = "images/dlib_faces/2008_002506.jpg";
const std::vector<Rect> kThreeBoxes{{329, 78, 109, 109}, {224, 95, 91, 91}, {125, 65, 90, 91}};
constexpr const char* kSevenFaces = "images/dlib_faces/2008_007676.jpg";
const std::vector<Rect> kSevenBoxes{{226, 62, 37, 37},  {194, 113, 44, 44}, {262, 130, 37, 37},
                                    {366, 134, 37, 37}, {314, 122, 37, 37}, {107, 141, 52, 53},
                                    {137, 84, 44, 44}};

SessionSettings settings_for(std::vector<std::filesystem::path> models, const std::string& device,
                             int max_batch) {
    SessionSettings settings;
    for (const auto& model : models) settings.models.push_back({.path = model, .info = {}});
    if (const char* directory = std::getenv("FACET_MODEL_INFO_PATH"))
        settings.info_directories.emplace_back(directory);
    settings.device = device == "AUTO" ? testing::test_device(device) : device;
    settings.max_batch = max_batch;
    return settings;
}

std::shared_ptr<Session> open(const SessionSettings& settings, Clock& clock = steady_clock()) {
    Result<std::shared_ptr<Session>> session = Session::open(settings, clock);
    if (session.ok()) return *session;
    ADD_FAILURE() << session.error().text();
    return nullptr;
}

// All boxes of a photo in one go, as one frame's faces come.
std::vector<ItemResult> classify(Session& session, const Photo& photo,
                                 const std::vector<Rect>& boxes) {
    ResultCollector collector(boxes.size());
    const OwnerId owner = session.open_owner();
    session.set_owner_state(owner, OwnerState::kBlocked);
    std::vector<Item> items;
    for (size_t face = 0; face < boxes.size(); ++face) {
        Item item;
        item.owner = owner;
        item.crops = session.acquire_crops();
        for (size_t spec = 0; spec < session.crop_specs().size(); ++spec) {
            const Result<void> cropped = crop(photo.view(), boxes[face], session.crop_specs()[spec],
                                              item.crops.pixels(spec));
            EXPECT_TRUE(cropped.ok());
        }
        item.done = collector.done(face);
        items.push_back(std::move(item));
    }
    session.submit(std::move(items));
    std::vector<ItemResult> results = collector.wait_for_all();
    session.close_owner(owner);
    return results;
}

void expect_same(const ItemResult& batched, const ItemResult& alone, float tolerance) {
    ASSERT_FALSE(batched.error) << batched.error->text();
    ASSERT_FALSE(alone.error) << alone.error->text();
    ASSERT_EQ(batched.attributes.size(), alone.attributes.size());
    for (size_t i = 0; i < alone.attributes.size(); ++i) {
        const Attribute &a = batched.attributes[i], &b = alone.attributes[i];
        EXPECT_EQ(a.name, b.name);
        EXPECT_EQ(a.label, b.label);
        EXPECT_NEAR(a.confidence, b.confidence, tolerance * std::abs(b.confidence));
        ASSERT_EQ(a.value.has_value(), b.value.has_value());
        if (a.value) {
            EXPECT_NEAR(*a.value, *b.value, tolerance * std::abs(*b.value)) << a.name;
        }
    }
}

struct Case {
    const char* name;
    const char *age_gender, *emotions, *device;
    float tolerance;  // relative
};

constexpr const char* kAgeGenderInt8 =
    "models/age-gender-recognition-retail-0013/FP16-INT8/age-gender-recognition-retail-0013.xml";
constexpr const char* kEmotionsInt8 =
    "models/emotions-recognition-retail-0003/FP16-INT8/emotions-recognition-retail-0003.xml";
constexpr const char* kAgeGender =
    "models/age-gender-recognition-retail-0013/FP32-dequantized/"
    "age-gender-recognition-retail-0013.onnx";
constexpr const char* kEmotions =
    "models/emotions-recognition-retail-0003/FP32-dequantized/"
    "emotions-recognition-retail-0003.onnx";
constexpr const char* kDetector =
    "models/face-detection-retail-0004/FP32/face-detection-retail-0004.xml";

// Skips where the device asked for is not there.
template <typename Param>
class OnTestDevice : public ::testing::TestWithParam<Param> {
  protected:
    void SetUp() override {
        const auto device = find_backend(testing::test_device("AUTO"));
        if (!device) GTEST_SKIP() << device.error().text();
    }
};

// GPUs sum in another order where another kernel serves the batch.
float tolerance_on_test_device(float tolerance) {
    return testing::test_device("AUTO") == "AUTO" ? tolerance : std::max(tolerance, 1e-4f);
}

class ClassifiersInABatch : public OnTestDevice<Case> {};

TEST_P(ClassifiersInABatch, SayTheSameOfAFaceInABatchAsAlone) {
    FACET_DATA_OR_SKIP(age_gender, GetParam().age_gender);
    FACET_DATA_OR_SKIP(emotions, GetParam().emotions);
    FACET_DATA_OR_SKIP(picture, kSevenFaces);
    const Photo photo = testing::read_jpeg(picture);
    // While the clock stands still no cost is known, and nothing is split for being cheaper.
    testing::ManualClock clock;
    const auto session = open(settings_for({age_gender, emotions}, GetParam().device, 7), clock);
    ASSERT_TRUE(session);
    const std::vector<ItemResult> batched = classify(*session, photo, kSevenBoxes);
    EXPECT_EQ(session->counters().batch_sizes[7], 1u);
    for (size_t face = 0; face < kSevenBoxes.size(); ++face) {
        SCOPED_TRACE(face);
        const Result<ItemResult> alone = session->run(photo.view(), kSevenBoxes[face]);
        ASSERT_TRUE(alone.ok()) << alone.error().text();
        expect_same(batched[face], *alone, tolerance_on_test_device(GetParam().tolerance));
        ASSERT_EQ(batched[face].attributes.size(), 3u);
        EXPECT_EQ(batched[face].attributes[0].name, "age");
        EXPECT_GT(*batched[face].attributes[0].value, 5);
        EXPECT_LT(*batched[face].attributes[0].value, 90);
    }
    EXPECT_EQ(session->counters().batch_sizes[1], kSevenBoxes.size());
}

INSTANTIATE_TEST_SUITE_P(
    Devices, ClassifiersInABatch,
    ::testing::Values(Case{"Fp32OnReference", kAgeGender, kEmotions, "REFERENCE", 0.0f},
                      Case{"Fp32OnTheBestDevice", kAgeGender, kEmotions, "AUTO", 1e-6f},
                      Case{"Int8OnTheBestDevice", kAgeGenderInt8, kEmotionsInt8, "AUTO", 0.0f}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(SessionRequests, AreNoMoreThanTheProcessorsHaveThreadsFor) {
    FACET_DATA_OR_SKIP(age_gender, kAgeGender);
    const std::vector<int> processors = allowed_processors();
    if (processors.empty()) GTEST_SKIP() << "the system does not tell";
    const int count = static_cast<int>(processors.size());
    const auto limits_with = [&, age_gender = age_gender](auto change) {
        SessionSettings settings = settings_for({age_gender}, "CPU", 8);
        change(settings);
        const auto session = open(settings);
        return session ? session->limits() : SessionLimits{};
    };
    const SessionLimits chosen = limits_with([](SessionSettings&) {});
    EXPECT_GE(chosen.threads, 1);
    EXPECT_LE(chosen.requests * chosen.threads, count);
    const SessionLimits one =
        limits_with([&](SessionSettings& s) { s.processors = {processors[0]}; });
    EXPECT_EQ(one.requests, 1);
    EXPECT_EQ(one.threads, 1);
    const SessionLimits narrow = limits_with([](SessionSettings& s) { s.threads = 1; });
    EXPECT_EQ(narrow.requests, std::min(count, 64));
    EXPECT_EQ(narrow.threads, 1);
    const SessionLimits two = limits_with([](SessionSettings& s) { s.requests = 2; });
    EXPECT_EQ(two.requests, 2);
    EXPECT_EQ(two.threads, std::max(1, count / 2));
}

class Detectors : public OnTestDevice<const char*> {};

TEST_P(Detectors, FindTheFacesOfAPhoto) {
    FACET_DATA_OR_SKIP(detector, GetParam());
    FACET_DATA_OR_SKIP(picture, kThreeFaces);
    const Photo photo = testing::read_jpeg(picture);
    const auto session = open(settings_for({detector}, "AUTO", 1));
    ASSERT_TRUE(session);
    const auto width = static_cast<float>(photo.width), height = static_cast<float>(photo.height);
    const Result<ItemResult> result =
        session->run(photo.view(), {.width = width, .height = height});
    ASSERT_TRUE(result.ok()) << result.error().text();
    ASSERT_EQ(result->detections.size(), kThreeBoxes.size());
    for (const Rect& box : kThreeBoxes) {
        float best = 0;
        for (const Detection& found : result->detections)
            best = std::max(best, intersection_over_union(
                                      box, {found.box.x * width, found.box.y * height,
                                            found.box.width * width, found.box.height * height}));
        EXPECT_GT(best, 0.4f) << "box at " << box.x << ", " << box.y;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Models, Detectors,
    ::testing::Values(kDetector,
                      "models/face-detection-retail-0004/FP16-INT8/face-detection-retail-0004.xml",
                      "models/face-detection-retail-0005/FP16-INT8/face-detection-retail-0005.xml",
                      "models/face-detection-adas-0001/FP16/face-detection-adas-0001.xml",
                      "models/ultraface/version-RFB-320.onnx",
                      "models/ultraface/version-RFB-320_without_postprocessing.onnx",
                      "models/ultraface/version-slim-320_simplified.onnx",
                      "models/yunet/face_detection_yunet_2026may.onnx"),
    [](const auto& model) {
        std::string name = std::filesystem::path(model.param).parent_path().filename().string() +
                           std::filesystem::path(model.param).stem().string();
        std::erase_if(name,
                      [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; });
        return name;
    });

TEST(SessionModels, DropDetectionsBelowTheSessionsThreshold) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    FACET_DATA_OR_SKIP(picture, kThreeFaces);
    const Photo photo = testing::read_jpeg(picture);
    SessionSettings settings = settings_for({detector}, "AUTO", 1);
    settings.threshold = 0.01f;
    const auto session = open(settings);
    ASSERT_TRUE(session);
    const Result<ItemResult> result = session->run(
        photo.view(),
        {.width = static_cast<float>(photo.width), .height = static_cast<float>(photo.height)});
    ASSERT_TRUE(result.ok()) << result.error().text();
    EXPECT_GT(result->detections.size(), kThreeBoxes.size());
}

TEST(SessionModels, NameTheFileAndTheSettingWhenTheyCannotBeOpened) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    SessionSettings settings = settings_for({detector}, "REFERENCE", 1);
    settings.models[0].info = "/nonexistent/info.json";
    Result<std::shared_ptr<Session>> session = Session::open(settings);
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(session.error().message, StartsWith("setting 'info'"));
    EXPECT_THAT(session.error().message, HasSubstr("/nonexistent/info.json"));

    settings.models[0] = {.path = "/nonexistent/face-detection-retail-0004.xml", .info = {}};
    session = Session::open(settings);
    ASSERT_FALSE(session.ok());
    EXPECT_EQ(session.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(session.error().message, HasSubstr("/nonexistent/face-detection-retail-0004.xml"));
}

}  // namespace
}  // namespace facet
