// SPDX-License-Identifier: MIT
// Calibrates on the CPU in floats; the input's bytes are the pixels themselves.
#include "engine/tools/quantization.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "engine/tools/onnx_quantizer.h"
#include "engine/vision/model_info.h"

namespace facet {

namespace {

using Crops = std::vector<ImageRow>;

constexpr size_t kTrialCrops = 32;
constexpr double kWorthwhile = 0.9;  // of the error before

Result<Crops> read_crops(const QuantizeOptions& options,
                         const std::vector<std::filesystem::path>& images, const CropSpec& spec) {
    FACET_ASSIGN(Crops crops,
                 read_image_rows({images, options.detector, options.info_directories}, spec));
    crops.resize(std::min(crops.size(), static_cast<size_t>(options.most_crops)));
    return crops;
}

// Bytes that hold every pixel exactly where all channels are normalised alike, else their range.
ActivationBytes input_bytes(const ImageInputInfo& info) {
    const bool alike = info.mean[0] == info.mean[1] && info.mean[0] == info.mean[2] &&
                       info.scale[0] == info.scale[1] && info.scale[0] == info.scale[2];
    const bool whole = info.mean[0] == std::nearbyint(info.mean[0]) && info.mean[0] >= 0 &&
                       info.mean[0] <= 255 && info.scale[0] > 0;
    if (alike && whole) return {1 / info.scale[0], static_cast<int>(info.mean[0])};
    float low = 0, high = 0;
    for (size_t channel = 0; channel < 3; ++channel)
        for (const float pixel : {0.0f, 255.0f}) {
            const float value = (pixel - info.mean[channel]) / info.scale[channel];
            low = std::min(low, value);
            high = std::max(high, value);
        }
    const float scale = (high - low) / 255;
    return {scale, static_cast<int>(std::lrint(-low / scale))};
}

// Zero is a byte: padding and what a Relu cuts stay what they are.
ActivationBytes bytes_of(const ActivationHistogram& histogram, const QuantizeOptions& options) {
    const ActivationRange range = histogram.range(options.method, options.percentile);
    const float scale = (range.high - range.low) / 255;
    return {scale, static_cast<int>(std::lrint(-range.low / scale))};
}

// Removes a file when it goes out of scope.
struct TemporaryFile {
    std::filesystem::path path;
    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
};

using BytesByName = std::map<std::string, ActivationBytes>;

Result<BytesByName> calibrate(const QuantizeOptions& options, const QuantizableModel& model,
                              const ModelInfo& info, const Crops& crops) {
    BytesByName bytes;
    std::vector<std::string> inner;
    for (const std::string& name : model.activations) {
        if (name == model.input)
            bytes[name] = input_bytes(info.input);
        else
            inner.push_back(name);
    }
    if (inner.empty()) return bytes;
    const TemporaryFile probe{options.output.string() + ".calibration.onnx"};
    FACET_TRY(write_with_outputs(options.model, inner, probe.path));
    ModelInfo inner_info = info;
    inner_info.outputs.clear();
    FACET_ASSIGN(CropRunner runner, CropRunner::open(probe.path, inner_info, Precision::kF32));
    std::vector<ActivationHistogram> histograms(inner.size());
    for (const auto take : {&ActivationHistogram::widen, &ActivationHistogram::add}) {
        for (const ImageRow& crop : crops) {
            FACET_TRY(runner.run(crop));
            for (size_t i = 0; i < inner.size(); ++i) (histograms[i].*take)(runner.output(i));
        }
    }
    for (size_t i = 0; i < inner.size(); ++i) bytes[inner[i]] = bytes_of(histograms[i], options);
    return bytes;
}

// Mean errors as shares of the outputs' largest magnitudes, all together.
Result<double> error_of(const QuantizeOptions& options, const BytesByName& bytes,
                        const ModelInfo& info, CropRunner& floats,
                        std::span<const ImageRow> crops) {
    const TemporaryFile trial{options.output.string() + ".trial.onnx"};
    FACET_TRY(write_quantized(options.model, bytes, trial.path));
    FACET_ASSIGN(CropRunner runner, CropRunner::open(trial.path, info, Precision::kAuto));
    FACET_ASSIGN(const ModelComparison comparison, compare_models(floats, runner, info, crops));
    double error = 0;
    for (const OutputDifference& output : comparison.outputs)
        error += output.mean_error / std::max(output.largest, 1e-9);
    return error;
}

// Takes out of `bytes` what QuantizeOptions::most_floats says; yields the names.
Result<std::vector<std::string>> leave_out_worst(const QuantizeOptions& options,
                                                 const ModelInfo& info, CropRunner& floats,
                                                 std::span<const ImageRow> crops,
                                                 BytesByName& bytes) {
    std::vector<std::string> left_out;
    if (options.most_floats == 0) return left_out;
    const auto few = crops.first(std::min(crops.size(), kTrialCrops));
    FACET_ASSIGN(double error, error_of(options, bytes, info, floats, few));
    while (left_out.size() < static_cast<size_t>(options.most_floats)) {
        double least = kWorthwhile * error;
        std::string worst;
        for (const auto& candidate : BytesByName(bytes)) {
            bytes.erase(candidate.first);
            FACET_ASSIGN(const double without, error_of(options, bytes, info, floats, few));
            bytes.insert(candidate);
            if (without >= least) continue;
            least = without;
            worst = candidate.first;
        }
        if (worst.empty()) break;
        error = least;
        bytes.erase(worst);
        left_out.push_back(worst);
    }
    return left_out;
}

}  // namespace

Result<QuantizationReport> quantize(const QuantizeOptions& options) {
    std::optional<std::filesystem::path> explicit_info;
    if (!options.model_info.empty()) explicit_info = options.model_info;
    FACET_ASSIGN(const ModelInfo info,
                 find_model_info(options.model, explicit_info, options.info_directories));
    FACET_ASSIGN(const QuantizableModel model, read_quantizable(options.model));
    FACET_ASSIGN(CropRunner floats, CropRunner::open(options.model, info, Precision::kF32));
    FACET_ASSIGN(const Crops crops, read_crops(options, options.crops, floats.crop()));
    Crops others;
    if (!options.check.empty()) {
        FACET_ASSIGN(others, read_crops(options, options.check, floats.crop()));
    }
    const Crops& checked = options.check.empty() ? crops : others;
    FACET_ASSIGN(BytesByName bytes, calibrate(options, model, info, crops));
    QuantizationReport report{.crops = crops.size(), .checked = checked.size()};
    FACET_ASSIGN(report.floats, leave_out_worst(options, info, floats, crops, bytes));
    FACET_ASSIGN(report.layers, write_quantized(options.model, bytes, options.output));
    FACET_ASSIGN(CropRunner quantized, CropRunner::open(options.output, info, Precision::kAuto));
    FACET_ASSIGN(report.comparison, compare_models(floats, quantized, info, checked));
    return report;
}

}  // namespace facet
