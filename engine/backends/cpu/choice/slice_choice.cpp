// SPDX-License-Identifier: MIT
// Timing programs of growing size until a row stops getting cheaper.
#include "engine/backends/cpu/choice/slice_choice.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "engine/backends/cpu/choice/choice_cache.h"
#include "engine/backends/cpu/program/pages.h"
#include "engine/backends/cpu/threads/thread_scope.h"

namespace facet::cpu {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostRows = 8;  // beyond, weights are read seldom enough already
constexpr int kRounds = 4;    // of which the shortest counts; fewer where they take long
constexpr double kEnoughSeconds = 0.03;
constexpr int kNarrowRuns = 4;
// How long a second processor may take to come: as many runs alone, but not for ever.
constexpr int kWideRuns = 30;
constexpr double kWideSeconds = 0.02;
constexpr int kSharedRuns = 5;        // so many with others' help say what that is worth
constexpr double kWorthwhile = 0.97;  // more rows must be this much cheaper: they take more memory
constexpr double kWidePays = 0.85;    // of the time of one thread

// A program bound to memory of its own.
class Trial {
  public:
    Trial(std::shared_ptr<const Program> program, const Sliceable& model, int rows, int threads)
        : program_(std::move(program)) {
        for (int thread = 0; thread < threads; ++thread) streams_.emplace_back(onednn::engine());
        if (program_->for_team) team_ = std::make_unique<Team>(threads);
        for (const auto& [ports, addresses] :
             {std::pair{&model.inputs, &inputs_}, {&model.outputs, &outputs_}})
            for (const Port& port : *ports)
                addresses->push_back(take(port.row_shape.elements() * size_of(port.type) * rows));
        bound_ = std::make_unique<BoundProgram>(
            *program_, BoundProgram::Memory{take(program_->arena_bytes), inputs_, outputs_});
    }

    // Of the calling thread; of a team, those that pass.
    Result<double> seconds() const {
        const ThreadScope alone(1);
        const auto begin = Clock::now();
        const double start = thread_seconds();
        if (!team_) {
            FACET_TRY(bound_->run(streams_[0]));
            return thread_seconds() - start;
        }
        FACET_TRY(bound_->run(*team_, streams_));
        return std::chrono::duration<double>(Clock::now() - begin).count();
    }

    [[nodiscard]] bool is_team() const { return team_ != nullptr; }
    // Since the beginning.
    [[nodiscard]] uint64_t parts_of_others() const { return team_ ? team_->parts_of_others() : 0; }

    Result<double> shortest(int runs) const {
        FACET_TRY(seconds());
        double best = std::numeric_limits<double>::max();
        for (int run = 0; run < runs; ++run) {
            FACET_ASSIGN(const double one, seconds());
            best = std::min(best, one);
        }
        return best;
    }

  private:
    std::byte* take(size_t bytes) {
        memory_.emplace_back(std::max<size_t>(bytes, 1));
        return memory_.back().data();
    }

    std::shared_ptr<const Program> program_;
    std::vector<dnnl::stream> streams_;
    std::unique_ptr<Team> team_;
    std::vector<Pages> memory_;
    std::vector<void*> inputs_, outputs_;
    std::unique_ptr<BoundProgram> bound_;
};

// The sizes take turns, so that what else the machine does meets them alike.
Result<int> choose_rows(const Sliceable& model) {
    // The largest batch may be one thread's: a request may have fewer than the model.
    const int largest = std::min(kMostRows, model.max_batch);
    // The largest comes first: its choice of weight layouts is the one all sizes share.
    FACET_TRY(model.program(largest, 1));
    struct Contender {
        int rows;
        Trial trial;
        double each;  // seconds per row
    };
    std::vector<Contender> contenders;
    for (int rows = 1; rows <= largest; rows *= 2) {
        FACET_ASSIGN(auto program, model.program(rows, 1));
        contenders.push_back(
            {rows, Trial(std::move(program), model, rows, 1), std::numeric_limits<double>::max()});
        FACET_TRY(contenders.back().trial.seconds());
    }
    double spent = 0;
    const auto goes_on = [&](int round) {
        return round < 1 || spent < kEnoughSeconds || (round < 2 && spent < 2 * kEnoughSeconds);
    };
    for (int round = 0; round < kRounds && goes_on(round); ++round) {
        for (Contender& contender : contenders) {
            FACET_ASSIGN(const double seconds, contender.trial.seconds());
            contender.each = std::min(contender.each, seconds / contender.rows);
            spent += seconds;
        }
    }
    const Contender* best = &contenders.front();
    for (const Contender& contender : contenders)
        if (contender.each < best->each * kWorthwhile) best = &contender;
    return best->rows;
}

Result<bool> wide_pays(const Sliceable& model) {
    FACET_ASSIGN(auto narrow_program, model.program(1, 1));
    FACET_ASSIGN(auto wide_program, model.program(1, model.threads));
    const Trial narrow(std::move(narrow_program), model, 1, 1);
    const Trial wide(std::move(wide_program), model, 1, model.threads);
    FACET_ASSIGN(const double alone, narrow.shortest(kNarrowRuns));
    FACET_ASSIGN(double together, wide.shortest(1));
    // A processor that slept, or that others have, takes its time to come.
    const std::chrono::duration<double> enough(std::min(kWideSeconds, kWideRuns * alone));
    const auto start = Clock::now();
    int shared_runs = 0;
    while (together > kWidePays * alone && Clock::now() - start < enough) {
        const uint64_t before = wide.parts_of_others();
        FACET_ASSIGN(const double all, wide.seconds());
        together = std::min(together, all);
        shared_runs += wide.parts_of_others() > before ? 1 : 0;
    }
    // Where none came nothing is known, and little lost: nobody waits for who does not come.
    return together <= kWidePays * alone || (wide.is_team() && shared_runs < kSharedRuns);
}

}  // namespace

std::string structure_key(const Graph& graph) {
    uint64_t hash = 14695981039346656037u;  // FNV-1a
    const auto add = [&](uint64_t number) { hash = (hash ^ number) * 1099511628211u; };
    for (const Node& node : graph.nodes) {
        add(node.params.index());
        for (const ValueId id : node.outputs)
            if (id != kNoValue)
                for (const int64_t extent : graph.value(id).shape.extents()) add(extent);
        for (const ValueId id : node.inputs) add(static_cast<uint64_t>(id));
    }
    return std::to_string(hash);
}

Result<Slicing> choose_slicing(const Sliceable& model) {
    Slicing slicing{.threads = model.threads};
    const auto cache = ChoiceCache::shared();
    const std::string key = "rows " + model.key + ' ' + std::to_string(model.max_batch);
    const auto known = cache->find(key);
    if (known && *known >= 1 && *known <= std::min(kMostRows, model.max_batch)) {
        slicing.most_rows = *known;
        FACET_TRY(model.program(*known, 1));
    } else {
        FACET_ASSIGN(slicing.most_rows, choose_rows(model));
        cache->store(key, slicing.most_rows);
        cache->save();
    }
    if (model.threads == 1) return slicing;
    FACET_ASSIGN(slicing.wide_pays, wide_pays(model));
    return slicing;
}

}  // namespace facet::cpu
