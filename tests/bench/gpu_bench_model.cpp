// SPDX-License-Identifier: MIT
// Reads, prepares, counts and writes out.
#include "tests/bench/gpu_bench_model.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/backends/reference/reference_backend.h"
#include "engine/formats/model_reader.h"
#include "engine/graph/batchability.h"
#include "engine/graph/operation_count.h"

namespace facet::bench {

namespace {

using Json = nlohmann::json;

double bytes_of(const Value& value) {
    return static_cast<double>(value.shape.elements()) * static_cast<double>(size_of(value.type));
}

void count(BenchModel& model) {
    for (const Node& node : model.graph->nodes) {
        model.flop += static_cast<double>(operation_count(*model.graph, node));
        for (const ValueId id : node.inputs) {
            if (id == kNoValue) continue;
            const Value& value = model.graph->value(id);
            (value.constant ? model.weight_bytes : model.row_bytes) += bytes_of(value);
        }
        for (const ValueId id : node.outputs) model.row_bytes += bytes_of(model.graph->value(id));
    }
}

std::string activation_name(ActivationParams::Kind kind) {
    using Kind = ActivationParams::Kind;
    switch (kind) {
        case Kind::kRelu:
            return "relu";
        case Kind::kLeakyRelu:
            return "leaky_relu";
        case Kind::kClip:
            return "clip";
        case Kind::kSigmoid:
            return "sigmoid";
        case Kind::kExp:
            return "exp";
        case Kind::kTanh:
            return "tanh";
        default:
            return "activation " + std::to_string(static_cast<int>(kind));
    }
}

struct ParamsToJson {
    Json operator()(const ConvolutionParams& params) const {
        return {{"strides", params.strides},
                {"dilations", params.dilations},
                {"pads_begin", params.pads_begin},
                {"pads_end", params.pads_end},
                {"groups", params.groups}};
    }
    Json operator()(const PoolingParams& params) const {
        return {{"kind", params.kind == PoolingParams::Kind::kMax ? "max" : "average"},
                {"kernel", params.kernel},
                {"strides", params.strides},
                {"pads_begin", params.pads_begin},
                {"pads_end", params.pads_end},
                {"ceil", params.ceil_mode},
                {"count_include_pad", params.count_include_pad}};
    }
    Json operator()(const ActivationParams& params) const {
        return {
            {"kind", activation_name(params.kind)}, {"alpha", params.alpha}, {"beta", params.beta}};
    }
    Json operator()(const EltwiseParams& params) const {
        constexpr const char* kNames[] = {"add",     "subtract", "multiply", "divide",
                                          "maximum", "minimum",  "power"};
        return {{"kind", kNames[static_cast<size_t>(params.kind)]}};
    }
    Json operator()(const MatMulParams& params) const {
        return {{"transpose_a", params.transpose_a}, {"transpose_b", params.transpose_b}};
    }
    Json operator()(const SoftmaxParams& params) const { return {{"axis", params.axis}}; }
    Json operator()(const ConcatParams& params) const { return {{"axis", params.axis}}; }
    Json operator()(const TransposeParams& params) const { return {{"order", params.order}}; }
    template <typename Params>
    Json operator()(const Params&) const {
        return Json::object();
    }
};

Json values_to_json(const Graph& graph, std::ofstream& weights) {
    Json values = Json::array();
    for (const Value& value : graph.values) {
        Json described{{"name", value.name},
                       {"type", std::string(to_string(value.type))},
                       {"shape", std::vector<int64_t>(value.shape.extents().begin(),
                                                      value.shape.extents().end())},
                       {"batched", value.batched}};
        if (value.constant) {
            described["offset"] = static_cast<int64_t>(weights.tellp());
            const TensorView view = value.constant->view();
            weights.write(static_cast<const char*>(view.bytes),
                          static_cast<std::streamsize>(view.byte_size()));
        }
        values.push_back(std::move(described));
    }
    return values;
}

}  // namespace

Result<BenchModel> load_bench_model(const std::filesystem::path& file, const ImageInput& image) {
    FACET_ASSIGN(Graph graph, read_model(file));
    FACET_TRY(accept_u8_pixels(graph, 0, image, false));
    FACET_TRY(prepare(graph, reference::evaluate));
    FACET_TRY(require_batchable(graph, analyze_batchability(graph)));
    BenchModel model{.name = file.stem().string()};
    model.graph = std::make_shared<const Graph>(std::move(graph));
    count(model);
    return model;
}

Result<void> write_graph(const Graph& graph, const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    std::ofstream weights(directory / "weights.bin", std::ios::binary);
    Json nodes = Json::array();
    for (const Node& node : graph.nodes)
        nodes.push_back({{"operation", std::string(name_of(node.params))},
                         {"params", std::visit(ParamsToJson{}, node.params)},
                         {"inputs", node.inputs},
                         {"outputs", node.outputs}});
    const Json written{{"values", values_to_json(graph, weights)},
                       {"nodes", std::move(nodes)},
                       {"inputs", graph.inputs},
                       {"outputs", graph.outputs}};
    std::ofstream(directory / "graph.json") << written.dump();
    if (weights.flush()) return {};
    return Error{ErrorCode::kIo, directory.string() + ": cannot be written to"};
}

}  // namespace facet::bench
