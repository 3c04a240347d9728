// SPDX-License-Identifier: MIT
// The event loop: frames arrive, batches end, the policy wakes; nothing happens in between.
#include "engine/batching/simulation.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

#include "engine/batching/simulation_random.h"

namespace facet {

namespace {

struct StreamItem final : BatchItem {
    int stream = 0;
};

struct Running {
    Batch batch;
    double left;  // nanoseconds of work, at the speed of a batch that runs alone
};

// What a batch costs when every slot runs one.
CostTable side_by_side(const CostTable& costs, const SimulationSettings& settings) {
    const double slowness = 1 + settings.contention * (settings.limits.slots - 1);
    std::vector<CostTable::Point> points = costs.points();
    for (CostTable::Point& point : points)
        point.cost = std::chrono::round<Duration>(point.cost * slowness);
    return CostTable(std::move(points));
}

class Simulator {
  public:
    Simulator(const Load& load, const Policy& policy, const CostTable& costs,
              const SimulationSettings& settings)
        : load_(load),
          costs_(costs),
          settings_(settings),
          queue_(settings.limits, side_by_side(costs, settings), policy),
          random_(settings.seed),
          record_{.streams = load.streams,
                  .slots = settings.limits.slots,
                  .length = load.length,
                  .crops = {},
                  .batches = {}} {
        assert(!costs.empty() && settings.deadline > Duration{0});
        record_.crops.reserve(load.crops());
        for (int stream = 0; stream < load.streams; ++stream) {
            queue_.open_owner(owner_of(stream));
            queue_.set_owner_sheds(owner_of(stream), settings.sheds);
        }
    }

    SimulationRecord run() {
        while (true) {
            const Time next = std::min({next_arrival(), next_end(), wake_at_});
            if (next == kNever) break;
            advance(next);
            end_batches();
            arrive();
            if (settings_.sheds && free_slots() > 0) drop(queue_.shed(now_, free_slots()));
            start_batches();
        }
        assert(queue_.waiting() == 0 && running_.empty());
        return std::move(record_);
    }

  private:
    // One owner's items keep their order: first come, first served.
    [[nodiscard]] OwnerId owner_of(int stream) const {
        return settings_.first_come_first_served ? 1 : static_cast<OwnerId>(stream) + 1;
    }

    [[nodiscard]] int free_slots() const {
        return settings_.limits.slots - static_cast<int>(running_.size());
    }
    // Nanoseconds that a running batch takes for one of its work.
    [[nodiscard]] double slowness() const {
        return 1 + settings_.contention * static_cast<double>(running_.size() - 1);
    }
    [[nodiscard]] Time next_arrival() const {
        return next_frame_ < load_.frames.size() ? load_.frames[next_frame_].at : kNever;
    }
    [[nodiscard]] Time next_end() const {
        if (running_.empty()) return kNever;
        const double left = std::ranges::min_element(running_, {}, &Running::left)->left;
        return now_ + Duration{std::llround(std::max(0.0, left) * slowness())};
    }

    void advance(Time to) {
        const double passed = static_cast<double>((to - now_).count());
        for (Running& running : running_) running.left -= passed / slowness();
        now_ = to;
    }

    void end_batches() {
        // Half a nanosecond: next_end() rounds to the clock's unit.
        const auto ended = std::ranges::stable_partition(
            running_, [](const Running& running) { return running.left > 0.5; });
        for (const Running& running : ended) finish(running.batch);
        running_.erase(ended.begin(), ended.end());
    }

    void finish(const Batch& batch) {
        const int rows = static_cast<int>(batch.run_size);
        queue_.observe(rows, now_ - batch.started);
        record_.batches.push_back(
            {batch.started, now_, static_cast<int>(batch.items.size()), rows, batch.reason});
        record_.ended = now_;
        for (const std::unique_ptr<BatchItem>& item : batch.items) {
            const Duration latency = now_ - item->enqueued;
            record_.crops.push_back({.stream = static_cast<const StreamItem&>(*item).stream,
                                     .met = latency <= settings_.deadline,
                                     .wait = batch.started - item->enqueued,
                                     .latency = latency});
        }
    }

    void arrive() {
        for (; next_arrival() <= now_; ++next_frame_) {
            const LoadFrame& frame = load_.frames[next_frame_];
            for (int face = 0; face < frame.faces; ++face) {
                auto item = std::make_unique<StreamItem>();
                item->owner = owner_of(frame.stream);
                item->stream = frame.stream;
                item->due = now_ + settings_.deadline;
                queue_.push(std::move(item), now_);
            }
        }
        if (next_frame_ < load_.frames.size() || drains_) return;
        drains_ = true;
        for (int stream = 0; stream < load_.streams; ++stream)
            queue_.set_owner_state(owner_of(stream), OwnerState::kDraining);
    }

    void drop(const std::vector<std::unique_ptr<BatchItem>>& items) {
        for (const std::unique_ptr<BatchItem>& item : items)
            record_.crops.push_back(
                {.stream = static_cast<const StreamItem&>(*item).stream, .is_shed = true});
    }

    void start_batches() {
        wake_at_ = kNever;
        while (free_slots() > 0) {
            const Decision decision = queue_.decide(now_, free_slots());
            if (decision.kind == Decision::Kind::kSleep) {
                assert(decision.wake_at > now_);
                wake_at_ = decision.wake_at;
                return;
            }
            Batch batch = queue_.take(decision, now_);
            const auto cost =
                static_cast<double>(costs_.cost(static_cast<int>(batch.run_size)).count());
            const double noise =
                settings_.noise > 0 ? std::max(-0.5, settings_.noise * random_.normal()) : 0;
            running_.push_back({std::move(batch), cost * (1 + noise)});
        }
    }

    const Load& load_;
    const CostTable& costs_;
    const SimulationSettings& settings_;
    BatchQueue queue_;
    SimulationRandom random_;
    SimulationRecord record_;
    Time now_{0};
    Time wake_at_ = kNever;
    size_t next_frame_ = 0;
    bool drains_ = false;
    std::vector<Running> running_;
};

}  // namespace

SimulationRecord simulate(const Load& load, const Policy& policy, const CostTable& costs,
                          const SimulationSettings& settings) {
    return Simulator(load, policy, costs, settings).run();
}

}  // namespace facet
