// SPDX-License-Identifier: MIT
// Runs the graph with one tile everywhere, then with the next, and keeps each node's fastest.
#include "engine/backends/gpu/tile_tuning.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <future>
#include <set>
#include <sstream>

#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/gpu_model.h"
#include "engine/backends/gpu/gpu_request.h"
#include "engine/backends/gpu/program_builder.h"
#include "engine/base/log.h"

namespace facet::gpu {

namespace {

constexpr int kRuns = 4;  // the first warms up

// FNV-1a: the same on every machine.
uint64_t hash_of(const std::string& text) {
    uint64_t hash = 14695981039346656037u;
    for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
    return hash;
}

std::filesystem::path file_for(const opencl::DeviceInfo& device, const Program& program,
                               const CompileOptions& options, const MatrixUnit& unit) {
    std::string known = device.name + "\n" + device.version + "\n" + device.driver + "\n" +
                        std::to_string(options.max_batch) + "\n";
    for (const GemmTile& tile : gemm_tiles())
        for (const int64_t number : {tile.tile_m, tile.tile_n, tile.lanes_m, tile.lanes_n,
                                     tile.slices, static_cast<int64_t>(tile.kind)})
            known += std::to_string(number) + " ";
    for (const char* file : {"conv_gemm", "conv_matrix", "conv_winograd"})
        known += kernel_text(file);
    std::ostringstream name;
    name << "tiles-" << std::hex
         << hash_of(known + unit.functions + unit.refused + program.source.text());
    return name.str();
}

// Made-up inputs, the same every time: bytes of any value, floats between -1 and 1.
void fill_inputs(const GpuModel& model, InferRequest& request) {
    uint32_t state = 1;
    const auto next = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
    for (size_t port = 0; port < model.inputs().size(); ++port) {
        const MutableTensorView input = request.input(port);
        if (input.type == DataType::kU8)
            for (uint8_t& value : input.as<uint8_t>()) value = static_cast<uint8_t>(next());
        if (input.type == DataType::kF32)
            for (float& value : input.as<float>())
                value = static_cast<float>(next()) / 8388608.0f - 1.0f;
    }
}

// By node: what its step has written.
using Results = std::map<size_t, std::vector<float>>;

// Ok, or which node of `found` is how far from `expected`.
Result<void> compare(const Graph& graph, const Results& found, const Results& expected,
                     double tolerance) {
    for (const auto& [node, values] : found) {
        const std::vector<float>& right = expected.at(node);
        double largest = 0, difference = 0;
        for (size_t i = 0; i < right.size(); ++i) {
            largest = std::max(largest, std::abs(double{right[i]}));
            const double own = std::abs(double{values[i]} - double{right[i]});
            difference = std::isnan(own) ? INFINITY : std::max(difference, own);
        }
        if (difference <= tolerance * largest) continue;
        std::ostringstream text;
        text << graph.nodes[node].text() << " differs from the plain kernel by "
             << difference / std::max(largest, 1e-30)
             << " of its largest result; allowed: " << tolerance;
        return Error{ErrorCode::kDevice, text.str()};
    }
    return {};
}

struct Best {
    std::vector<size_t> tiles;
    std::vector<double> seconds;
};

// Invariants: the first tile tried is plain, and what it computes is what the others must.
class Tuner {
  public:
    Tuner(const opencl::DeviceInfo& device, const std::string& name,
          const std::shared_ptr<const Graph>& graph, const CompileOptions& options,
          const MatrixUnit& unit)
        : device_(device), name_(name), graph_(graph), options_(options), unit_(unit) {
        if (!unit.refused.empty()) notes_.push_back("matrix unit not used: " + unit.refused);
    }

    Result<TileTable> run(const std::set<size_t>& candidates) {
        build_all(candidates);
        for (const size_t tile : candidates) {
            const GemmTile::Kind kind = gemm_tiles()[tile].kind;
            if (refused_.contains(kind)) continue;
            const Result<void> tried = attempt(tile);
            if (tried) continue;
            if (kind == GemmTile::Kind::kPlain) return tried.error();
            refuse(kind, tried.error());
        }
        TileTable table{.notes = notes_};
        for (const auto& [node, best] : best_) table.by_node.emplace(node, best.tiles);
        return table;
    }

  private:
    using Compiled = Result<std::shared_ptr<CompiledModel>>;

    // Most of the time goes into the driver's compiler: on a real device all programs are built
    // side by side, as far as there are threads. A device that is the processor has none to spare.
    void build_all(const std::set<size_t>& candidates) {
        const bool alone = device_.type == opencl::DeviceType::kCpu;
        const auto policy =
            alone ? std::launch::deferred : std::launch::async | std::launch::deferred;
        for (const size_t tile : candidates)
            models_.emplace(tile, std::async(policy, [this, tile] { return build(tile); }));
    }

    Compiled build(size_t tile) const {
        GpuModel::Tiles tiles;
        tiles.only = tile;
        tiles.matrix_functions = unit_.functions;
        return GpuModel::compile_with(device_, name_, graph_, options_, std::move(tiles));
    }

    // One wrong result and no tile of the kind is trusted.
    void refuse(GemmTile::Kind kind, const Error& error) {
        refused_.insert(kind);
        const bool matrix = kind == GemmTile::Kind::kMatrix;
        std::string reason = error.message.substr(0, error.message.find('\n'));
        notes_.push_back((matrix ? "matrix unit not used: " : "Winograd not used: ") + reason);
        log(LogLevel::kWarning, name_ + ": " + notes_.back());
        for (auto& [node, best] : best_)
            for (size_t bucket = 0; bucket < best.tiles.size(); ++bucket)
                if (gemm_tiles()[best.tiles[bucket]].kind == kind) {
                    best.tiles[bucket] = plain_[node].tiles[bucket];
                    best.seconds[bucket] = plain_[node].seconds[bucket];
                }
    }

    Result<void> attempt(size_t tile) {
        FACET_ASSIGN(const auto compiled, models_.at(tile).get());
        const auto model = std::static_pointer_cast<const GpuModel>(compiled);
        FACET_ASSIGN(const auto created, compiled->create_request());
        auto& request = static_cast<GpuRequest&>(*created);
        fill_inputs(*model, request);
        const bool plain = gemm_tiles()[tile].kind == GemmTile::Kind::kPlain;
        if (expected_.empty() || !plain) FACET_TRY(check(*model, request, tile));
        for (size_t bucket = 0; bucket < tile_buckets(options_.max_batch); ++bucket)
            FACET_TRY(measure(*model, request, tile, bucket));
        return {};
    }

    // The node whose GEMM runs with this tile at so many rows in this step of the program.
    static std::optional<size_t> node_of(const GpuModel& model, size_t step, size_t tile,
                                         int rows) {
        const Step& described = model.program().steps[step];
        const auto* kernel = std::get_if<KernelStep>(&described.action);
        if (kernel == nullptr || kernel->variant(rows).tile != tile) return {};
        return model.program().plan[described.plan].node;
    }

    // One row, and several at once.
    Result<void> check(const GpuModel& model, GpuRequest& request, size_t tile) {
        constexpr int kSeveral = 3;
        const double tolerance = options_.precision == Precision::kF16 ? 2e-2 : 1e-4;
        const bool first = expected_.empty();
        for (const int rows : {1, std::min(kSeveral, options_.max_batch)}) {
            FACET_ASSIGN(Results results, results_of(model, request, tile, rows, first));
            if (first)
                expected_.emplace(rows, std::move(results));
            else
                FACET_TRY(compare(*graph_, results, expected_.at(rows), tolerance));
        }
        return {};
    }

    // Of the steps with this tile, or of every step of any tile.
    static Result<Results> results_of(const GpuModel& model, GpuRequest& request, size_t tile,
                                      int rows, bool every) {
        Results results;
        FACET_TRY(request.observe(rows, [&](size_t step, double) -> Result<void> {
            const auto* kernel = std::get_if<KernelStep>(&model.program().steps[step].action);
            if (kernel == nullptr) return {};
            const std::optional<size_t> own = kernel->variant(rows).tile;
            if (!own || (!every && own != tile)) return {};
            FACET_ASSIGN(results[*node_of(model, step, *own, rows)], request.result_of(step, rows));
            return {};
        }));
        return results;
    }

    Result<void> measure(const GpuModel& model, GpuRequest& request, size_t tile, size_t bucket) {
        const int rows = 1 << bucket;
        std::map<size_t, double> shortest;
        for (int run = 0; run < kRuns; ++run)
            FACET_TRY(request.observe(rows, [&](size_t step, double seconds) -> Result<void> {
                if (const auto node = node_of(model, step, tile, rows); node && run > 0) {
                    const auto [entry, added] = shortest.emplace(*node, seconds);
                    entry->second = std::min(entry->second, seconds);
                }
                return {};
            }));
        const bool plain = gemm_tiles()[tile].kind == GemmTile::Kind::kPlain;
        for (const auto& [node, seconds] : shortest) {
            keep(best_[node], tile, bucket, seconds);
            if (plain) keep(plain_[node], tile, bucket, seconds);
        }
        return {};
    }

    void keep(Best& known, size_t tile, size_t bucket, double seconds) const {
        const size_t buckets = tile_buckets(options_.max_batch);
        known.tiles.resize(buckets, tile);
        known.seconds.resize(buckets, INFINITY);
        if (seconds >= known.seconds[bucket]) return;
        known.seconds[bucket] = seconds;
        known.tiles[bucket] = tile;
    }

    const opencl::DeviceInfo& device_;
    const std::string& name_;
    const std::shared_ptr<const Graph>& graph_;
    const CompileOptions& options_;
    const MatrixUnit& unit_;
    std::map<size_t, Best> best_, plain_;  // by node
    std::map<int, Results> expected_;      // by rows
    std::set<GemmTile::Kind> refused_;
    std::vector<std::string> notes_;
    std::map<size_t, std::future<Compiled>> models_;  // by tile; ends before what it uses
};

}  // namespace

Result<TileTable> tuned_tiles(const opencl::DeviceInfo& device, const std::string& name,
                              const std::shared_ptr<const Graph>& graph,
                              const CompileOptions& options, const MatrixUnit& unit,
                              const std::filesystem::path& directory) {
    std::set<size_t> candidates;
    Target target = GpuModel::target_of(device, options);
    target.candidates = &candidates;
    target.matrix_functions = unit.functions;
    ProgramBuilder builder(*graph, target);
    FACET_ASSIGN(const auto program, builder.build());
    if (candidates.empty()) return TileTable{};
    const std::filesystem::path path = directory / file_for(device, *program, options, unit);
    if (!directory.empty())
        if (auto kept = read_tiles(path, tile_buckets(options.max_batch))) return *std::move(kept);
    FACET_ASSIGN(auto table, Tuner(device, name, graph, options, unit).run(candidates));
    if (!directory.empty()) write_tiles(path, table);
    return table;
}

}  // namespace facet::gpu
