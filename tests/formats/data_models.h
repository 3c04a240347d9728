// SPDX-License-Identifier: MIT
// The model files of the test data, as paths below $FACET_DATA/models.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cctype>
#include <filesystem>
#include <string>

namespace facet::testing::models {

constexpr const char* kAgeGenderInt8 =
    "age-gender-recognition-retail-0013/FP16-INT8/age-gender-recognition-retail-0013.xml";
constexpr const char* kAgeGenderOnnx =
    "age-gender-recognition-retail-0013/FP32-dequantized/age-gender-recognition-retail-0013.onnx";
constexpr const char* kEmotionsInt8 =
    "emotions-recognition-retail-0003/FP16-INT8/emotions-recognition-retail-0003.xml";
constexpr const char* kEmotionsOnnx =
    "emotions-recognition-retail-0003/FP32-dequantized/emotions-recognition-retail-0003.onnx";
constexpr const char* kFaceAdas = "face-detection-adas-0001/FP16/face-detection-adas-0001.xml";
constexpr const char* kFace0004Fp16 =
    "face-detection-retail-0004/FP16/face-detection-retail-0004.xml";
constexpr const char* kFace0004Fp32 =
    "face-detection-retail-0004/FP32/face-detection-retail-0004.xml";
constexpr const char* kFace0004Int8 =
    "face-detection-retail-0004/FP16-INT8/face-detection-retail-0004.xml";
constexpr const char* kFace0005Int8 =
    "face-detection-retail-0005/FP16-INT8/face-detection-retail-0005.xml";
constexpr const char* kLandmarks =
    "landmarks-regression-retail-0009/FP32/landmarks-regression-retail-0009.xml";
constexpr const char* kHeadPose =
    "head-pose-estimation-adas-0001/FP16/head-pose-estimation-adas-0001.xml";
constexpr const char* kUltraFaceRfb = "ultraface/version-RFB-320.onnx";
constexpr const char* kUltraFaceRfbRaw = "ultraface/version-RFB-320_without_postprocessing.onnx";
constexpr const char* kUltraFaceSlim = "ultraface/version-slim-320_simplified.onnx";
constexpr const char* kYuNet = "yunet/face_detection_yunet_2026may.onnx";

// All of them.
inline constexpr std::array kAll{kAgeGenderInt8,   kAgeGenderOnnx, kEmotionsInt8, kEmotionsOnnx,
                                 kFaceAdas,        kFace0004Fp16,  kFace0004Fp32, kFace0004Int8,
                                 kFace0005Int8,    kLandmarks,     kHeadPose,     kUltraFaceRfb,
                                 kUltraFaceRfbRaw, kUltraFaceSlim, kYuNet};

// "FP16_face_detection_retail_0004_xml", for tests with one of these files as parameter.
inline std::string test_name(const ::testing::TestParamInfo<const char*>& info) {
    const std::filesystem::path path(info.param);
    std::string name = path.parent_path().filename().string() + "_" + path.filename().string();
    for (char& letter : name)
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
    return name;
}

}  // namespace facet::testing::models
