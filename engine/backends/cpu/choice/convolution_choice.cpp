// SPDX-License-Identifier: MIT
// Estimates, and measurements of those that come close to the best of them.
#include "engine/backends/cpu/choice/convolution_choice.h"

#include <algorithm>
#include <limits>
#include <string>

#include "engine/backends/cpu/choice/choice_cache.h"
#include "engine/backends/cpu/choice/joined_steps.h"
#include "engine/backends/cpu/lower/gathered_step.h"
#include "engine/backends/cpu/lower/winograd_step.h"
#include "engine/backends/cpu/onednn/onednn_api.h"
#include "engine/backends/cpu/program/pages.h"
#include "engine/backends/cpu/threads/thread_scope.h"

namespace facet::cpu {

namespace {

using Geometry = WinogradConvolution::Geometry;

constexpr int kDirect = 0;  // oneDNN's convolution, in the place of a tile
constexpr int64_t kManyRows = 8;

// What the estimates know of a processor: only ratios matter, and they differ little.
constexpr double kFlopPerSecond = 100e9;
constexpr double kBytesPerSecond = 80e9;       // of weights, from the outer caches
constexpr double kTransformsPerSecond = 10e9;  // floats of the transformed tiles
constexpr double kInDoubt = 1.5;     // an estimate this much above the best is out of the question
constexpr int64_t kFewResults = 16;  // positions of one row
constexpr int64_t kManyWeights = 8192;
constexpr double kEnoughSeconds = 1e-3;  // what takes long is measured well by one run
constexpr int kRuns = 3;                 // of which the shortest counts

// A cost is the seconds of one row alone and those per row of a batch: small batches and large ones
// weigh the same.
double estimate_at(const Geometry& geometry, int tile) {
    const double weights =
        static_cast<double>(geometry.channels) * static_cast<double>(geometry.result_channels);
    if (tile == kDirect) {
        const auto positions =
            static_cast<double>(geometry.rows * geometry.result_height * geometry.result_width);
        return std::max(18 * positions * weights / kFlopPerSecond, 36 * weights / kBytesPerSecond);
    }
    const double points = (tile + 2) * (tile + 2);
    const auto tiles =
        static_cast<double>(geometry.rows * ((geometry.result_height + tile - 1) / tile) *
                            ((geometry.result_width + tile - 1) / tile));
    const auto channels = static_cast<double>(geometry.channels + geometry.result_channels);
    return std::max(2 * points * tiles * weights / kFlopPerSecond,
                    4 * points * weights / kBytesPerSecond) +
           points * tiles * channels / kTransformsPerSecond;
}

double estimate(const Geometry& geometry, int tile, int64_t many) {
    Geometry batch = geometry;
    batch.rows *= many;
    return estimate_at(geometry, tile) + estimate_at(batch, tile) / static_cast<double>(many);
}

// Memory for the measurements, which give no results: all zeros.
class Workbench {
  public:
    [[nodiscard]] float* take(size_t bytes) {
        memory_.emplace_back(std::max<size_t>(bytes, 1));
        return reinterpret_cast<float*>(memory_.back().data());
    }

  private:
    std::vector<Pages> memory_;
};

template <typename Function>
double shortest(const Function& run) {
    run();
    double best = std::numeric_limits<double>::max();
    double spent = 0;
    for (int i = 0; i < kRuns && spent < kEnoughSeconds; ++i) {
        const double start = thread_seconds();
        run();
        const double seconds = thread_seconds() - start;
        best = std::min(best, seconds);
        spent += seconds;
    }
    return best;
}

double measure_direct(const Geometry& geometry) {
    onednn::ConvolutionRequest request;
    request.source =
        onednn::any_f32({geometry.rows, geometry.channels, geometry.height, geometry.width});
    request.weights = onednn::any_f32({geometry.result_channels, geometry.channels, 3, 3});
    request.destination = onednn::any_f32(
        {geometry.rows, geometry.result_channels, geometry.result_height, geometry.result_width});
    request.strides = request.dilations = {1, 1};
    request.pads_begin = {geometry.pad_top, geometry.pad_left};
    request.pads_end = {geometry.result_height + 2 - geometry.height - geometry.pad_top,
                        geometry.result_width + 2 - geometry.width - geometry.pad_left};
    const onednn::Candidate candidate = onednn::convolution(request, {});
    if (!candidate.is_fast()) return std::numeric_limits<double>::max();
    Workbench memory;
    std::unordered_map<int, dnnl::memory> arguments;
    const auto add = [&](int name, const onednn::Desc& layout) {
        if (layout.get_size() > 0)
            arguments.emplace(
                name, dnnl::memory(layout, onednn::engine(), memory.take(layout.get_size())));
    };
    add(DNNL_ARG_SRC, candidate.source());
    add(DNNL_ARG_WEIGHTS, candidate.weights());
    add(DNNL_ARG_DST, candidate.destination());
    add(DNNL_ARG_SCRATCHPAD, candidate.scratchpad());
    dnnl::stream stream(onednn::engine());
    const dnnl::primitive primitive = candidate.instantiate();
    return shortest([&] { primitive.execute(stream, arguments); });
}

double measure_winograd(const Geometry& geometry, int tile) {
    const WinogradConvolution convolution(geometry, tile, 1);
    Workbench memory;
    const float* source = memory.take(geometry.rows * geometry.height * geometry.width *
                                      geometry.channels * sizeof(float));
    const float* packed = memory.take(
        WinogradConvolution::packed_bytes(tile, geometry.channels, geometry.result_channels));
    float* result = memory.take(geometry.rows * geometry.result_height * geometry.result_width *
                                geometry.result_channels * sizeof(float));
    auto* scratch = reinterpret_cast<std::byte*>(memory.take(convolution.scratch_bytes()));
    return shortest([&] { convolution.run(source, packed, {}, result, scratch); });
}

double measure(const Geometry& geometry, int tile, int64_t many) {
    const auto at = [&](const Geometry& shape) {
        return tile == kDirect ? measure_direct(shape) : measure_winograd(shape, tile);
    };
    Geometry batch = geometry;
    batch.rows *= many;
    return at(geometry) + (many > 1 ? at(batch) / static_cast<double>(many) : 0);
}

std::string key_of(const Geometry& geometry, int64_t many) {
    std::string key = "f32-3x3";
    for (const int64_t number : {geometry.rows, geometry.channels, geometry.height, geometry.width,
                                 geometry.result_channels, geometry.result_height,
                                 geometry.result_width, geometry.pad_top, geometry.pad_left, many})
        key += ' ' + std::to_string(number);
    return key;
}

int choose(const Geometry& geometry, int64_t many, ChoiceCache& cache) {
    std::vector<int> contenders{kDirect};
    contenders.insert(contenders.end(), std::begin(WinogradConvolution::kTiles),
                      std::end(WinogradConvolution::kTiles));
    double best = std::numeric_limits<double>::max();
    for (const int tile : contenders) best = std::min(best, estimate(geometry, tile, many));
    std::erase_if(contenders,
                  [&](int tile) { return estimate(geometry, tile, many) > kInDoubt * best; });
    if (contenders.size() == 1) return contenders.front();
    const std::string key = key_of(geometry, many);
    if (const auto known = cache.find(key); known && std::ranges::count(contenders, *known) > 0)
        return *known;
    const int chosen = *std::ranges::min_element(
        contenders, {}, [&](int tile) { return measure(geometry, tile, many); });
    cache.store(key, chosen);
    return chosen;
}

bool is_part_of_join(const Graph& graph, const PlannedStep& step) {
    const size_t last = step.followers.empty() ? step.node : step.followers.back().node;
    const ValueId result = graph.nodes[last].outputs[0];
    return count_readers(graph)[result] == 1 &&
           std::ranges::any_of(graph.nodes, [&](const Node& node) {
               return std::holds_alternative<ConcatParams>(node.params) &&
                      std::ranges::count(node.inputs, result) == 1;
           });
}

// Where results are few, reading the weights is most of the work, which Winograd's algorithm makes
// more of and oneDNN does for each row. A pointwise convolution is a product of matrices as it is:
// no faster here, but it writes its channels of a join where they belong.
bool suits_gathered(const Graph& graph, const PlannedStep& step) {
    const auto geometry = gathered_geometry(graph, step, 1);
    if (!geometry) return false;
    const bool few = geometry->positions() <= kFewResults &&
                     geometry->inner() * geometry->result_channels >= kManyWeights;
    return few || (geometry->is_pointwise() && is_part_of_join(graph, step));
}

}  // namespace

void choose_convolutions(const Graph& graph, int max_batch, Precision precision,
                         std::vector<PlannedStep>& plan) {
    const bool own_loops = WinogradConvolution::is_available();
    const ThreadScope one(1);
    const auto cache = ChoiceCache::shared();
    for (PlannedStep& step : plan) {
        if (step.integer) continue;
        step.gathered = own_loops && precision != Precision::kBf16 && suits_gathered(graph, step);
        if (step.gathered) continue;
        const auto geometry = own_loops ? winograd_geometry(graph, step, 1) : std::nullopt;
        if (geometry)
            step.winograd_tile = choose(*geometry, std::min<int64_t>(max_batch, kManyRows), *cache);
        const auto* params = std::get_if<ConvolutionParams>(&graph.nodes[step.node].params);
        step.bf16 = precision == Precision::kBf16 && params && params->groups == 1 &&
                    step.winograd_tile == kDirect;
    }
    cache->save();
    if (!own_loops || precision == Precision::kBf16) return;
    join_pixels(graph, plan);
    join_separable(graph, plan);
}

}  // namespace facet::cpu
