// SPDX-License-Identifier: MIT
// Calibrates on the CPU in floats; the input's bytes are the pixels themselves.
#include "engine/tools/quantization.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <memory>

#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/passes.h"
#include "engine/tools/onnx_quantizer.h"
#include "engine/vision/model_info.h"

namespace facet {

namespace {

using Crops = std::vector<ImageRow>;

// A file compiled for one crop of u8 pixels.
struct Runner {
    std::shared_ptr<CompiledModel> model;
    std::unique_ptr<InferRequest> request;

    static Result<Runner> open(const std::filesystem::path& path, const ImageInputInfo& info,
                               Precision precision) {
        std::optional<Extent2> open_size;
        if (info.width > 0) open_size = {info.height, info.width};
        FACET_ASSIGN(Graph graph, read_model(path, open_size));
        auto made = [&]() -> Result<Runner> {
            FACET_TRY(accept_u8_pixels(graph, 0, {info.mean, info.scale}, info.channels_last));
            FACET_TRY(prepare(graph, reference::evaluate));
            static_cast<void>(analyze_batchability(graph));
            FACET_ASSIGN(auto compiled,
                         cpu_backend().compile(std::make_shared<const Graph>(std::move(graph)),
                                               {.max_batch = 1, .precision = precision}));
            FACET_ASSIGN(auto request, compiled->create_request());
            return Runner{std::move(compiled), std::move(request)};
        }();
        if (!made.ok()) return made.error().within(path.string());
        return std::move(*made);
    }

    Result<void> run(const ImageRow& crop) {
        std::memcpy(request->input(0).bytes, crop.pixels.data(), crop.pixels.size());
        return request->infer(1);
    }
    [[nodiscard]] std::span<const float> output(size_t port) const {
        const auto count = model->outputs()[port].row_shape.elements();
        return request->output(port).as<float>().first(count);
    }
    [[nodiscard]] std::vector<TensorView> outputs() const {
        std::vector<TensorView> views;
        for (size_t port = 0; port < model->outputs().size(); ++port)
            views.push_back(
                {DataType::kF32, model->outputs()[port].row_shape, request->output(port).bytes});
        return views;
    }
};

Result<Crops> read_crops(const QuantizeOptions& options,
                         const std::vector<std::filesystem::path>& images,
                         const ImageInputInfo& info, const Shape& pixels) {
    CropSpec spec{.width = static_cast<int>(pixels[2]), .height = static_cast<int>(pixels[1])};
    spec.order = pixels[3] == 1 ? ColorOrder::kGray : info.order;
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
    if (alike && whole) return {1 / info.scale[0], static_cast<int>(info.mean[0]), false};
    float low = 0, high = 0;
    for (size_t channel = 0; channel < 3; ++channel)
        for (const float pixel : {0.0f, 255.0f}) {
            const float value = (pixel - info.mean[channel]) / info.scale[channel];
            low = std::min(low, value);
            high = std::max(high, value);
        }
    const float scale = (high - low) / 255;
    return {scale, static_cast<int>(std::lrint(-low / scale)), false};
}

ActivationBytes bytes_of(const ActivationHistogram& histogram, const QuantizeOptions& options) {
    const float limit = histogram.limit(options.method, options.percentile);
    return {limit / (histogram.is_signed() ? 127.0f : 255.0f), 0, histogram.is_signed()};
}

// Removes a file when it goes out of scope.
struct TemporaryFile {
    std::filesystem::path path;
    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
};

Result<std::map<std::string, ActivationBytes>> calibrate(const QuantizeOptions& options,
                                                         const QuantizableModel& model,
                                                         const ImageInputInfo& info,
                                                         const Crops& crops) {
    std::map<std::string, ActivationBytes> bytes;
    std::vector<std::string> inner;
    for (const std::string& name : model.activations) {
        if (name == model.input)
            bytes[name] = input_bytes(info);
        else
            inner.push_back(name);
    }
    if (inner.empty()) return bytes;
    const TemporaryFile probe{options.output.string() + ".calibration.onnx"};
    FACET_TRY(write_with_outputs(options.model, inner, probe.path));
    FACET_ASSIGN(Runner runner, Runner::open(probe.path, info, Precision::kF32));
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

size_t largest_of(std::span<const float> values) {
    return static_cast<size_t>(std::ranges::max_element(values) - values.begin());
}

Result<std::vector<QuantizationReport::Output>> compare(Runner& floats, Runner& bytes,
                                                        const Crops& crops) {
    std::vector<QuantizationReport::Output> outputs;
    for (const Port& port : floats.model->outputs()) outputs.push_back({.name = port.name});
    for (const ImageRow& crop : crops) {
        FACET_TRY(floats.run(crop));
        FACET_TRY(bytes.run(crop));
        for (size_t port = 0; port < outputs.size(); ++port) {
            const auto expected = floats.output(port), actual = bytes.output(port);
            QuantizationReport::Output& output = outputs[port];
            double sum = 0;
            for (size_t i = 0; i < expected.size(); ++i) {
                const double error = std::abs(double{expected[i]} - double{actual[i]});
                output.largest = std::max(output.largest, std::abs(double{expected[i]}));
                output.largest_error = std::max(output.largest_error, error);
                sum += error;
            }
            const auto share = 1.0 / static_cast<double>(crops.size());
            output.mean_error += sum / static_cast<double>(expected.size()) * share;
            if (largest_of(expected) != largest_of(actual)) output.same_maximum -= share;
        }
    }
    return outputs;
}

Result<std::vector<AgreementFigure>> compare_meaning(Runner& floats, Runner& bytes,
                                                     const ModelInfo& info, const Crops& crops) {
    const Shape& pixels = floats.model->inputs()[0].row_shape;
    std::vector<OutputPort> ports;
    for (const Port& port : floats.model->outputs()) ports.push_back({port.name, port.row_shape});
    std::vector<AgreementFigure> figures;
    for (const OutputInfo& output : info.outputs) {
        FACET_ASSIGN(const auto converter,
                     make_converter(info, output, ports, static_cast<int>(pixels[2]),
                                    static_cast<int>(pixels[1])));
        OutputAgreement agreement(output);
        for (const ImageRow& crop : crops) {
            Converted expected, actual;
            FACET_TRY(floats.run(crop));
            FACET_TRY(bytes.run(crop));
            converter->convert(floats.outputs(), output.threshold, expected);
            converter->convert(bytes.outputs(), output.threshold, actual);
            agreement.add(expected, actual);
        }
        for (AgreementFigure& figure : agreement.figures()) figures.push_back(std::move(figure));
    }
    return figures;
}

}  // namespace

Result<QuantizationReport> quantize(const QuantizeOptions& options) {
    std::optional<std::filesystem::path> explicit_info;
    if (!options.model_info.empty()) explicit_info = options.model_info;
    FACET_ASSIGN(const ModelInfo info,
                 find_model_info(options.model, explicit_info, options.info_directories));
    FACET_ASSIGN(const QuantizableModel model, read_quantizable(options.model));
    FACET_ASSIGN(Runner floats, Runner::open(options.model, info.input, Precision::kF32));
    const Shape& pixels = floats.model->inputs()[0].row_shape;
    FACET_ASSIGN(const Crops crops, read_crops(options, options.crops, info.input, pixels));
    Crops others;
    if (!options.check.empty()) {
        FACET_ASSIGN(others, read_crops(options, options.check, info.input, pixels));
    }
    const Crops& checked = options.check.empty() ? crops : others;
    FACET_ASSIGN(const auto bytes, calibrate(options, model, info.input, crops));
    FACET_TRY(write_quantized(options.model, bytes, options.output));
    FACET_ASSIGN(Runner quantized, Runner::open(options.output, info.input, Precision::kAuto));
    QuantizationReport report{
        .layers = model.layers, .crops = crops.size(), .checked = checked.size()};
    FACET_ASSIGN(report.outputs, compare(floats, quantized, checked));
    FACET_ASSIGN(report.agreement, compare_meaning(floats, quantized, info, checked));
    return report;
}

}  // namespace facet
