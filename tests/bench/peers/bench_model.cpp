// SPDX-License-Identifier: MIT
// The list of models, and how they become graphs and inputs.
#include "tests/bench/peers/bench_model.h"

#include <cmath>
#include <utility>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/operation_count.h"
#include "engine/graph/passes.h"
#include "tests/support/data_path.h"

namespace facet::bench {

std::vector<BenchModel> bench_models(const std::filesystem::path& quantised) {
    const auto model = [](const std::string& name, const std::string& folder,
                          const std::string& extension) {
        return "models/" + name + "/" + folder + "/" + name + extension;
    };
    const std::string age = "age-gender-recognition-retail-0013",
                      mood = "emotions-recognition-retail-0003",
                      points = "landmarks-regression-retail-0009",
                      faces = "face-detection-retail-0004", ultraface = "version-RFB-320";
    const auto made = [&](const std::string& name) {
        return quantised.empty()
                   ? std::string()
                   : (std::filesystem::absolute(quantised) / (name + ".onnx")).string();
    };
    return {
        {"age-gender", model(age, "FP32-dequantized", ".onnx"), model(age, "FP16-INT8", ".xml")},
        {"emotions", model(mood, "FP32-dequantized", ".onnx"), model(mood, "FP16-INT8", ".xml")},
        {"ultraface", "models/ultraface/" + ultraface + ".onnx", made(ultraface), true, true},
        {"landmarks", model(points, "FP32", ".xml"), made(points), false, true, 1},
        {"retail-0004", model(faces, "FP32", ".xml"), model(faces, "FP16-INT8", ".xml"), true}};
}

namespace {

Result<std::shared_ptr<const Graph>> load(const std::string& file, bool pixels) {
    if (file.empty()) return Error{ErrorCode::kNotFound, "bench-accuracy did not quantise it"};
    const auto path = testing::data_path(file);
    if (!path)
        return Error{ErrorCode::kNotFound,
                     (file.front() == '/' ? "there is no " : "FACET_DATA has no ") + file};
    FACET_ASSIGN(Graph graph, read_model(*path));
    if (pixels) FACET_TRY(accept_u8_pixels(graph, 0, {}, false));
    FACET_TRY(prepare(graph, reference::evaluate));
    FACET_TRY(require_batchable(graph, analyze_batchability(graph)));
    return std::make_shared<const Graph>(std::move(graph));
}

}  // namespace

Result<std::shared_ptr<const Graph>> load_graph(const std::string& file) {
    return load(file, false);
}

Result<std::shared_ptr<const Graph>> load_pixel_graph(const std::string& file) {
    return load(file, true);
}

double operations_of(const Graph& graph) {
    double sum = 0;
    for (const Node& node : graph.nodes)
        if (std::holds_alternative<ConvolutionParams>(node.params) ||
            std::holds_alternative<MatMulParams>(node.params))
            sum += static_cast<double>(operation_count(graph, node));
    return sum;
}

Tensor made_up_rows(const Graph& graph, int rows) {
    const Shape shape = graph.value(graph.inputs[0]).shape.scaled(rows);
    Tensor tensor = Tensor::allocate(DataType::kF32, shape);
    const std::span<float> values = tensor.mutable_view().as<float>();
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = std::round(127.5f + 127.0f * std::sin(static_cast<float>(i) * 0.0123f));
    return tensor;
}

}  // namespace facet::bench
