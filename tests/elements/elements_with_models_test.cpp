// SPDX-License-Identifier: MIT
// facetdetect and facetclassify with real models and videos, as gst-launch runs them.
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gst/face_meta.h"
#include "gst/ref.h"
#include "tests/support/data_path.h"

GST_ELEMENT_REGISTER_DECLARE(facetdetect);
GST_ELEMENT_REGISTER_DECLARE(facetclassify);

namespace facet {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDetector = "models/face-detection-retail-0004/FP32";
constexpr const char* kAgeGender = "models/age-gender-recognition-retail-0013/FP16-INT8";
constexpr const char* kMood = "models/emotions-recognition-retail-0003/FP16-INT8";
constexpr const char* kVideo = "video/head-pose-face-detection-female-and-male.mp4";

class ElementsWithModels : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        unsetenv("GST_PLUGIN_PATH");
        gst_init(nullptr, nullptr);
        GST_ELEMENT_REGISTER(facetdetect, nullptr);
        GST_ELEMENT_REGISTER(facetclassify, nullptr);
    }
};

// Runs to the end or to the first error, whose text is returned.
std::string run(GstElement* pipeline) {
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline));
    const Ref<GstMessage> message = adopt(gst_bus_timed_pop_filtered(
        bus.get(), GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType>(static_cast<int>(GST_MESSAGE_EOS) | GST_MESSAGE_ERROR)));
    std::string text;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR) {
        GError* error = nullptr;
        gst_message_parse_error(message.get(), &error, nullptr);
        text = error->message;
        g_error_free(error);
    }
    return text;
}

// The faces of each frame that reached the named fakesink, by PTS.
using FacesByTime = std::map<GstClockTime, std::vector<Face>>;
void collect(GstElement* pipeline, const char* sink, FacesByTime& faces) {
    const Ref<GstElement> element = adopt(gst_bin_get_by_name(GST_BIN(pipeline), sink));
    const Ref<GstPad> pad = adopt(gst_element_get_static_pad(element.get(), "sink"));
    gst_pad_add_probe(
        pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer target) {
            GstBuffer* buffer = gst_pad_probe_info_get_buffer(info);
            (*static_cast<FacesByTime*>(target))[GST_BUFFER_PTS(buffer)] = read_faces(buffer);
            return GST_PAD_PROBE_OK;
        },
        &faces, nullptr);
}

// That both say the same of every face; whether a batch had faces of both.
void expect_same(const FacesByTime& one, FacesByTime& other, bool& shared) {
    ASSERT_EQ(one.size(), other.size());
    size_t faces = 0;
    for (const auto& [time, found] : one) {
        ASSERT_EQ(found.size(), other[time].size());
        for (size_t i = 0; i < found.size(); ++i, ++faces) {
            ASSERT_EQ(found[i].attributes.size(), 3u);
            for (const FaceAttribute& attribute : found[i].attributes) {
                const FaceAttribute* same = other[time][i].attribute(attribute.name);
                ASSERT_NE(same, nullptr);
                EXPECT_EQ(attribute.label, same->label);
                EXPECT_NEAR(attribute.confidence, same->confidence, 1e-5);
                shared = shared || attribute.provenance.batch_streams == 2;
            }
        }
    }
    EXPECT_GT(faces, 100u);
}

// Two streams of one clip share every batch in ever new company, and still say the same.
TEST_F(ElementsWithModels, WhateverSharesItsBatchAFaceGetsTheSameResult) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    FACET_DATA_OR_SKIP(age_gender, kAgeGender);
    FACET_DATA_OR_SKIP(mood, kMood);
    FACET_DATA_OR_SKIP(video, kVideo);
    std::string line;
    for (const char* sink : {"one", "other"}) {
        line += "filesrc location=" + video.string() + " ! decodebin ! facetdetect model=" +
                (detector / "face-detection-retail-0004.xml").string() +
                " ! facetclassify device=" + testing::test_device("AUTO") +
                " models=" + (age_gender / "age-gender-recognition-retail-0013.xml").string() +
                "," + (mood / "emotions-recognition-retail-0003.xml").string() +
                " ! fakesink name=" + sink + " ";
    }
    // Streams of files meet as they happen to run; on a busy machine not every time.
    bool shared = false;
    for (int attempt = 0; attempt < 3 && !shared; ++attempt) {
        const Ref<GstElement> pipeline = adopt(gst_parse_launch(line.c_str(), nullptr));
        FacesByTime one, other;
        collect(pipeline.get(), "one", one);
        collect(pipeline.get(), "other", other);
        EXPECT_EQ(run(pipeline.get()), "");
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
        ASSERT_GT(one.size(), 50u);
        expect_same(one, other, shared);
    }
    EXPECT_TRUE(shared) << "no batch had faces of both streams";
}

TEST_F(ElementsWithModels, ACutOffModelIsOneErrorThatNamesTheFile) {
    FACET_DATA_OR_SKIP(age_gender, kAgeGender);
    const fs::path whole = age_gender / "age-gender-recognition-retail-0013.xml";
    const fs::path folder = fs::path(::testing::TempDir()) / "facet-cut-off";
    fs::create_directories(folder);
    for (const char* suffix : {".xml", ".bin"}) {
        for (const char* copied : {".xml", ".bin"})
            fs::copy_file(fs::path(whole).replace_extension(copied),
                          (folder / whole.filename()).replace_extension(copied),
                          fs::copy_options::overwrite_existing);
        const fs::path cut = (folder / whole.filename()).replace_extension(suffix);
        fs::resize_file(cut, fs::file_size(cut) / 2);
        const Ref<GstElement> pipeline =
            adopt(gst_parse_launch(("videotestsrc num-buffers=1 ! facetclassify models=" +
                                    (folder / whole.filename()).string() + " ! fakesink")
                                       .c_str(),
                                   nullptr));
        EXPECT_NE(run(pipeline.get()).find(whole.stem().string()), std::string::npos) << suffix;
        const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline.get()));
        EXPECT_EQ(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR), nullptr) << suffix;
        gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    }
    fs::remove_all(folder);
}

// The one error of a pipeline of this element.
std::string error_of(const std::string& element) {
    const Ref<GstElement> pipeline = adopt(gst_parse_launch(
        ("videotestsrc num-buffers=1 ! " + element + " ! fakesink").c_str(), nullptr));
    std::string text = run(pipeline.get());
    const Ref<GstBus> bus = adopt(gst_element_get_bus(pipeline.get()));
    EXPECT_EQ(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_ERROR), nullptr) << element;
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    return text;
}

TEST_F(ElementsWithModels, AModelThatSaysNothingTheElementCouldUseIsAnErrorOfItsProperty) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    FACET_DATA_OR_SKIP(age_gender, kAgeGender);
    const std::string detects = (detector / "face-detection-retail-0004.xml").string();
    const std::string classifies = (age_gender / "age-gender-recognition-retail-0013.xml").string();
    EXPECT_NE(error_of("facetdetect model=" + classifies)
                  .find("property 'model': " + classifies + " yields no detections"),
              std::string::npos);
    EXPECT_NE(error_of("facetclassify models=" + classifies + "," + detects)
                  .find("property 'models': " + detects + " yields no attributes"),
              std::string::npos);
}

TEST_F(ElementsWithModels, ErrorsOfTheSessionNameThePropertyWhereTheElementHasIt) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    FACET_DATA_OR_SKIP(age_gender, kAgeGender);
    const std::string detects =
        "facetdetect model=" + (detector / "face-detection-retail-0004.xml").string();
    EXPECT_NE(error_of(detects + " model-info=/no/such.json").find("property 'model-info' of "),
              std::string::npos);
    EXPECT_NE(error_of(detects + " device=NPU").find("property 'device': "), std::string::npos);
}

// What a detector finds in a clip scaled to that size, and the size it ran at.
struct Found {
    size_t frames = 0, faces = 0;
    guint64 width = 0, height = 0;
    float left = 0, right = 0;  // of the first frame's leftmost face, in widths of the frame
};
constexpr size_t kFrames = 20;
Found find_faces(const fs::path& video, const std::string& detects, int width, int height) {
    const std::string line =
        "filesrc location=" + video.string() +
        " ! decodebin ! videoscale ! video/x-raw,width=" + std::to_string(width) +
        ",height=" + std::to_string(height) +
        ",pixel-aspect-ratio=1/1 ! identity eos-after=" + std::to_string(kFrames) + " ! " +
        detects + " ! fakesink name=end";
    const Ref<GstElement> pipeline = adopt(gst_parse_launch(line.c_str(), nullptr));
    FacesByTime faces;
    collect(pipeline.get(), "end", faces);
    EXPECT_EQ(run(pipeline.get()), "");
    Found found;
    for (const auto& [time, of_frame] : faces) {
        if (found.frames == kFrames) break;  // identity lets one or another more pass
        ++found.frames;
        found.faces += of_frame.size();
    }
    const Ref<GstElement> element = adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "detects"));
    GstStructure* stats = nullptr;
    g_object_get(element.get(), "stats", &stats, nullptr);
    gst_structure_get(stats, "image-width", G_TYPE_UINT64, &found.width, "image-height",
                      G_TYPE_UINT64, &found.height, nullptr);
    gst_structure_free(stats);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    if (!faces.empty() && !faces.begin()->second.empty()) {
        const Face& face = *std::ranges::min_element(faces.begin()->second, {}, &Face::x);
        found.left = static_cast<float>(face.x) / static_cast<float>(width);
        found.right = found.left + static_cast<float>(face.width) / static_cast<float>(width);
    }
    return found;
}

TEST_F(ElementsWithModels, AReshapedDetectorFindsTheSameFacesAtTheSizeThatFitsTheFrames) {
    FACET_DATA_OR_SKIP(detector, kDetector);
    FACET_DATA_OR_SKIP(video, kVideo);
    const std::string detects =
        "facetdetect name=detects image-size-profiles=320x192,640x384 model=" +
        (detector / "face-detection-retail-0004.xml").string();
    const Found small = find_faces(video, detects, 320, 180);
    const Found large = find_faces(video, detects, 640, 360);
    EXPECT_EQ(small.width, 320u);
    EXPECT_EQ(small.height, 192u);
    EXPECT_EQ(large.width, 640u);
    EXPECT_EQ(large.height, 384u);
    EXPECT_EQ(small.frames, kFrames);
    EXPECT_EQ(large.frames, kFrames);
    EXPECT_GE(small.faces, 15u);
    EXPECT_EQ(small.faces, large.faces);
    EXPECT_NEAR(small.left, large.left, 0.03);
    EXPECT_NEAR(small.right, large.right, 0.03);
}

struct LayersOfFile {
    std::string kinds;  // of the layers in their order
    std::string devices;
    double microseconds = 0;
    uint64_t batch = 0;
};

// The `layers` of an element's stats; nothing where there are none.
std::optional<LayersOfFile> layers_of(GstElement* element) {
    GstStructure* stats = nullptr;
    g_object_get(element, "stats", &stats, nullptr);
    const GValue* list = gst_structure_get_value(stats, "layers");
    std::optional<LayersOfFile> found;
    for (guint i = 0; list != nullptr && i < gst_value_array_get_size(list); ++i) {
        if (!found) found.emplace();
        const GstStructure* layer = gst_value_get_structure(gst_value_array_get_value(list, i));
        double microseconds = 0;
        gst_structure_get(layer, "batch", G_TYPE_UINT64, &found->batch, "time-us", G_TYPE_DOUBLE,
                          &microseconds, nullptr);
        found->microseconds += microseconds;
        found->kinds += std::string(gst_structure_get_string(layer, "kind")) + " ";
        found->devices += std::string(gst_structure_get_string(layer, "device")) + " ";
    }
    gst_structure_free(stats);
    return found;
}

// One frame without faces through an element with these further properties.
std::optional<LayersOfFile> layers_with(const fs::path& model, const std::string& properties) {
    const std::string line = "facetclassify max-batch=4 models=" + model.string() + properties;
    GstElement* element = gst_parse_launch(line.c_str(), nullptr);
    GstHarness* harness = gst_harness_new_with_element(element, "sink", "src");
    gst_harness_set_src_caps_str(harness,
                                 "video/x-raw,format=I420,width=64,height=64,framerate=25/1");
    GstBuffer* frame = gst_harness_create_buffer(harness, 64 * 64 * 3 / 2);
    EXPECT_EQ(gst_harness_push(harness, frame), GST_FLOW_OK);
    gst_buffer_unref(gst_harness_pull(harness));
    const auto layers = layers_of(element);
    gst_harness_teardown(harness);
    gst_object_unref(element);
    return layers;
}

TEST_F(ElementsWithModels, WithATraceTheStatsHaveEachLayersTimeAndTheExecutedGraphIsWritten) {
    FACET_DATA_OR_SKIP(mood, kMood);
    const fs::path model = mood / "emotions-recognition-retail-0003.xml";
    const fs::path trace = fs::path(::testing::TempDir()) / "facet-layers-trace";
    const auto layers = layers_with(model, " trace-path=" + trace.string());
    ASSERT_TRUE(layers);
    EXPECT_EQ(layers->batch, 4u);
    EXPECT_GT(layers->microseconds, 10.0);
    EXPECT_NE(layers->kinds.find("Convolution "), std::string::npos) << layers->kinds;
    EXPECT_EQ(layers->devices.find("CPU "), 0u) << layers->devices;

    const fs::path graph = trace.string() + ".emotions-recognition-retail-0003.CPU.dot";
    std::ifstream file(graph);
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line, "digraph steps {");
    fs::remove(trace);
    fs::remove(graph);
    EXPECT_FALSE(layers_with(model, "")) << "layers are timed where a trace is asked for";
}

// Its boxes start from a grid of constants.
TEST_F(ElementsWithModels, AModelThatCannotTakeAnImageSizeSaysSoByPropertyAndWhatItTakes) {
    const char* models = std::getenv("FACET_MODEL_INFO_PATH");
    if (models == nullptr) GTEST_SKIP() << "needs $FACET_MODEL_INFO_PATH";
    const std::string text = error_of("facetdetect image-size-profiles=320x192,640x384 model=" +
                                      (fs::path(models) / "facet-faces.onnx").string());
    EXPECT_NE(text.find("property 'image-size-profiles' 640x384: "), std::string::npos) << text;
    EXPECT_NE(text.find("facet-faces.onnx: node '"), std::string::npos) << text;
    EXPECT_NE(text.find("the file's own size, 320x192, is supported"), std::string::npos) << text;
}

}  // namespace
}  // namespace facet
