// SPDX-License-Identifier: MIT
// Loading models and cutting photos.
#include "tests/backends/cpu_models.h"

#include <algorithm>
#include <cstring>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"

namespace facet::testing {

namespace {

constexpr Extent2 kOpenSize{320, 320};  // of models that leave theirs to the caller

}  // namespace

const std::vector<ModelCase>& float_models() {
    static const std::vector<ModelCase> kModels{
        {"age_gender",
         "models/age-gender-recognition-retail-0013/FP32-dequantized/"
         "age-gender-recognition-retail-0013.onnx"},
        {"emotions",
         "models/emotions-recognition-retail-0003/FP32-dequantized/"
         "emotions-recognition-retail-0003.onnx"},
        {"ultraface_rfb", "models/ultraface/version-RFB-320.onnx", 127, 128, true},
        {"ultraface_rfb_raw", "models/ultraface/version-RFB-320_without_postprocessing.onnx", 127,
         128, true},
        {"ultraface_slim", "models/ultraface/version-slim-320_simplified.onnx", 127, 128, true},
        {"yunet", "models/yunet/face_detection_yunet_2026may.onnx"},
        {"landmarks",
         "models/landmarks-regression-retail-0009/FP32/landmarks-regression-retail-0009.xml"},
        {"head_pose",
         "models/head-pose-estimation-adas-0001/FP16/head-pose-estimation-adas-0001.xml"},
        {"retail_0004", "models/face-detection-retail-0004/FP32/face-detection-retail-0004.xml"},
        {"adas_0001", "models/face-detection-adas-0001/FP16/face-detection-adas-0001.xml"}};
    return kModels;
}

const std::vector<ModelCase>& quantised_models() {
    static const std::vector<ModelCase> kModels{
        {"age_gender_int8",
         "models/age-gender-recognition-retail-0013/FP16-INT8/"
         "age-gender-recognition-retail-0013.xml"},
        {"emotions_int8",
         "models/emotions-recognition-retail-0003/FP16-INT8/"
         "emotions-recognition-retail-0003.xml"},
        {"retail_0004_int8",
         "models/face-detection-retail-0004/FP16-INT8/face-detection-retail-0004.xml"},
        {"retail_0005_int8",
         "models/face-detection-retail-0005/FP16-INT8/face-detection-retail-0005.xml"}};
    return kModels;
}

const ModelCase& model_named(const std::string& name) {
    for (const auto* models : {&float_models(), &quantised_models()})
        for (const ModelCase& model : *models)
            if (model.name == name) return model;
    return float_models().front();
}

Result<std::shared_ptr<const Graph>> load_model(const std::filesystem::path& path) {
    FACET_ASSIGN(Graph graph, read_model(path, kOpenSize));
    FACET_TRY(prepare(graph, reference::evaluate));
    FACET_TRY(require_batchable(graph, analyze_batchability(graph)));
    return std::make_shared<const Graph>(std::move(graph));
}

Tensor photo_rows(const ModelCase& model, const std::filesystem::path& photo,
                  const Shape& row_shape, int rows) {
    const cv::Mat image = cv::imread(photo.string());
    const cv::Size size(static_cast<int>(row_shape[3]), static_cast<int>(row_shape[2]));
    std::vector<cv::Mat> crops;
    for (int row = 0; row < rows; ++row) {
        // The first is the whole photo; the others wander over it.
        cv::Rect region(0, 0, image.cols, image.rows);
        if (row > 0) {
            region.width = std::max(8, image.cols / (1 + row % 5));
            region.height = std::max(8, image.rows / (1 + row % 3));
            region.x = (image.cols - region.width) * (row * 7 % 32) / 32;
            region.y = (image.rows - region.height) * (row * 11 % 32) / 32;
        }
        cv::Mat crop;
        cv::resize(image(region), crop, size);
        crops.push_back(crop);
    }
    const cv::Mat blob = cv::dnn::blobFromImages(crops, 1.0 / model.scale, cv::Size(),
                                                 cv::Scalar::all(model.mean), model.rgb);
    return Tensor::of<float>(row_shape.scaled(rows), {blob.ptr<float>(), blob.total()});
}

Result<std::vector<Tensor>> infer_rows(CompiledModel& model, InferRequest& request,
                                       const Tensor& input, int first, int rows) {
    const size_t row_size = model.inputs()[0].row_shape.elements() * sizeof(float);
    std::memcpy(request.input(0).bytes,
                static_cast<const std::byte*>(input.view().bytes) + first * row_size,
                rows * row_size);
    FACET_TRY(request.infer(rows));
    std::vector<Tensor> outputs;
    for (size_t port = 0; port < model.outputs().size(); ++port) {
        const Port& description = model.outputs()[port];
        outputs.push_back(Tensor::allocate(description.type, description.row_shape.scaled(rows)));
        std::memcpy(outputs.back().mutable_view().bytes, request.output(port).bytes,
                    outputs.back().view().byte_size());
    }
    return outputs;
}

}  // namespace facet::testing
