// SPDX-License-Identifier: MIT
// Sizes from the graph, times from a profile.
#include "tests/bench/gpu_bench_layers.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <tuple>

#include "tests/bench/gpu_clblast.h"

namespace facet::bench {

namespace {

struct Product {
    int64_t m = 1, n = 1, k = 1;  // pixels of all rows, channels, products

    auto operator<=>(const Product&) const = default;
};

// Nothing where the node is no product of the whole of its input by constant weights.
std::optional<Product> product_of(const Graph& graph, const Node& node, int rows) {
    const auto* convolution = std::get_if<ConvolutionParams>(&node.params);
    const bool product = convolution || std::holds_alternative<MatMulParams>(node.params);
    if (!product || !graph.constant_input(node, 1)) return {};
    if (convolution && convolution->groups != 1) return {};
    const Shape& result = graph.value(node.outputs[0]).shape;
    const int64_t weights = graph.value(node.inputs[1]).shape.elements();
    const int64_t channels = convolution ? result[1] : result[result.rank() - 1];
    return Product{result.elements() / channels * rows, channels, weights / channels};
}

}  // namespace

Result<nlohmann::ordered_json> bench_layers(const gpu::opencl::DeviceInfo& device,
                                            const Graph& graph, InferRequest& request, int rows) {
    std::map<std::string, double> seconds;  // of Facet, by node
    for (int run = 0; run < 3; ++run) {
        FACET_ASSIGN(const auto steps, request.profile(rows));
        for (const StepProfile& step : steps) {
            const auto [entry, added] = seconds.emplace(step.name, step.seconds);
            entry->second = std::min(entry->second, step.seconds);
        }
    }
    auto layers = nlohmann::ordered_json::array();
    std::map<Product, double> known;
    for (const Node& node : graph.nodes) {
        const std::optional<Product> product = product_of(graph, node, rows);
        if (!product || !seconds.contains(node.name)) continue;
        if (!known.contains(*product)) {
            FACET_ASSIGN(known[*product], time_clblast(device, product->m, product->n, product->k));
        }
        if (layers.empty())
            std::printf("%-28s %8s %8s %8s %10s %10s\n", "layer, with what follows it", "pixels",
                        "channels", "products", "Facet ms", "CLBlast ms");
        const double own = seconds[node.name] * 1e3;
        const double peer = known[*product] * 1e3;
        std::printf("%-28.28s %8ld %8ld %8ld %10.4f %10.4f\n", node.name.c_str(),
                    static_cast<long>(product->m), static_cast<long>(product->n),
                    static_cast<long>(product->k), own, peer);
        layers.push_back({{"name", node.name},
                          {"pixels", product->m},
                          {"channels", product->n},
                          {"products", product->k},
                          {"facet_ms", own},
                          {"clblast_ms", peer}});
    }
    return layers;
}

}  // namespace facet::bench
