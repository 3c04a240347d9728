// SPDX-License-Identifier: MIT
// The rules that start a batch, and the arithmetic behind them.
#include "engine/batching/batch_policy.h"

#include <algorithm>

namespace facet {

namespace {

constexpr double kWorthwhile = 0.95;  // savings of less than a twentieth are noise
// Splitting is judged by measurements of different sizes, whose noise adds up; and a size that is
// avoided is seldom measured again.
constexpr double kSplitPays = 0.9;
constexpr double kKeepsUp = 0.85;  // share of its time a device can be busy without queueing
// What the owners that are served first must save at least, as a share of the largest batch's cost:
// less than this comes and goes with every frame, and batches would be small for little.
constexpr double kCutSaves = 0.5;

constexpr double kSharingSaves = 0.1;  // at least, of a batch's time
constexpr double kSharedWork = 1.05;   // of the batch's, which costs no throughput worth the name

size_t rows_of(const BatchLimits& limits, size_t count) {
    const auto padded = std::ranges::lower_bound(limits.profiles, static_cast<int>(count));
    return padded == limits.profiles.end() ? count : static_cast<size_t>(*padded);
}

// How many of the `count` items of a batch, shared out in rounds, go first: those of the rounds up
// to one that leaves nothing of some owners, where that is better than to have these wait for the
// crowd's. The items left behind, those of the others and of who comes meanwhile, are later by what
// two batches cost more than one, for as long as the device needs to catch up.
size_t without_crowd(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
                     size_t count) {
    if (queue.shares.size() < 2 || queue.back_pressure || costs.empty()) return count;
    if (count > queue.waiting) return count;  // room enough for fillers
    const auto cost = [&](size_t items) {
        return std::chrono::duration<double>(costs.cost(static_cast<int>(rows_of(limits, items))))
            .count();
    };
    const double whole = cost(count);
    const double saves_at_least = kCutSaves * cost(largest_batch(limits));
    double most = 0;
    size_t best = count;
    for (size_t rounds = 1;; ++rounds) {
        size_t first = 0, owners_done = 0;
        for (const size_t items : queue.shares) {
            first += std::min(items, rounds);
            if (items <= rounds) ++owners_done;
        }
        // Every further round saves less.
        if (first >= count || whole - cost(first) < saves_at_least) return best;
        const double both = cost(first) + cost(count - first);
        const double spare =
            1 - queue.arrivals_per_second * both / (static_cast<double>(count) * limits.slots);
        if (spare <= 0) continue;
        const auto others = static_cast<double>(queue.shares.size() - owners_done + 1);
        const double gained = static_cast<double>(owners_done) * (whole - cost(first)) -
                              others * (both - whole) / spare;
        if (gained <= most) continue;
        most = gained;
        best = first;
    }
}

// How many of the batch's items a slot takes when the free slots share them: all where that is done
// no sooner, or makes work that the device has no time for.
size_t part_of(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
               const Decision& batch) {
    const size_t parts = std::min(static_cast<size_t>(std::max(queue.free_slots, 1)), batch.count);
    if (parts < 2 || costs.empty()) return batch.count;
    const size_t part = (batch.count + parts - 1) / parts;
    const Duration whole = costs.cost(static_cast<int>(batch.run_size));
    const Duration shared = costs.cost(static_cast<int>(rows_of(limits, part)));
    const std::chrono::duration<double, Duration::period> saved = whole - shared;
    if (saved <= limits.wake_up || saved < kSharingSaves * whole) return batch.count;
    const double work = std::chrono::duration<double>(shared).count() * static_cast<double>(parts);
    if (work <= kSharedWork * std::chrono::duration<double>(whole).count()) return part;
    const double busy =
        queue.arrivals_per_second * work / (static_cast<double>(batch.count) * limits.slots);
    return queue.back_pressure || busy > kKeepsUp ? batch.count : part;
}

Decision start(StartReason reason, const BatchLimits& limits, const QueueView& queue,
               const CostTable& costs, size_t waiting) {
    const BatchSize size = best_size(limits, costs, waiting);
    const size_t first = without_crowd(limits, queue, costs, size.count);
    const size_t rows = first == size.count ? size.run_size : rows_of(limits, first);
    Decision decision{Decision::Kind::kStart, reason, first, rows};
    const size_t part = part_of(limits, queue, costs, decision);
    if (part == first) return decision;
    decision.count = part;
    decision.run_size = rows_of(limits, part);
    decision.left = first - part;
    return decision;
}

Time latest_start(const BatchLimits& limits, const QueueView& queue, Duration cost) {
    if (queue.earliest_due == kNever) return queue.earliest_deadline;
    return std::min(queue.earliest_deadline, queue.earliest_due - cost - limits.margin);
}

// Whether no size that can be reached until `latest` costs noticeably less per item.
bool cannot_get_cheaper(const BatchLimits& limits, const QueueView& queue, const CostTable& costs,
                        size_t rows, Time now, Time latest) {
    const double limit = static_cast<double>(largest_batch(limits));
    const double seconds = std::chrono::duration<double>(latest - now).count();
    const double reached =
        std::min(limit, static_cast<double>(rows) + queue.arrivals_per_second * seconds);
    const double worthwhile = costs.cost_per_row(static_cast<int>(rows)) * kWorthwhile;
    for (size_t more = rows + 1; static_cast<double>(more) <= reached; ++more)
        if (costs.cost_per_row(static_cast<int>(more)) < worthwhile) return false;
    return true;
}

// Starting now makes the next item wait for the rest of this run; waiting for that item makes those
// here wait for it. With b here and arrivals every 1/r seconds the first is cost(b) - 1/r, the
// second b/r: starting is better while r * cost(b) <= b + 1, for each slot. Under back pressure the
// arrivals are an echo of what the device did: there it must keep up with time to spare, or small
// batches would keep themselves small.
bool keeps_up(const BatchLimits& limits, const QueueView& queue, Duration cost, size_t rows) {
    const double arriving =
        queue.arrivals_per_second * std::chrono::duration<double>(cost).count() / limits.slots;
    const double here = static_cast<double>(rows);
    return arriving <= (queue.back_pressure ? kKeepsUp * here : here + 1);
}

BatchSize best_of_profiles(const BatchLimits& limits, const CostTable& costs, size_t waiting) {
    if (costs.empty()) return {waiting, rows_of(limits, waiting)};
    struct Plan {
        double cost = 0;
        int largest = 0;
    };
    std::vector<Plan> plans(waiting + 1);  // [n]: the cheapest way to run n items
    for (size_t items = 1; items <= waiting; ++items) {
        Plan& best = plans[items];
        for (const int profile : limits.profiles) {
            const size_t rows = static_cast<size_t>(profile);
            const Plan& rest = plans[rows < items ? items - rows : 0];
            const double cost = static_cast<double>(costs.cost(profile).count()) + rest.cost;
            if (best.largest == 0 || cost <= best.cost)
                best = {cost, std::max(profile, rest.largest)};
            if (rows >= items) break;
        }
    }
    size_t rows = static_cast<size_t>(plans[waiting].largest);
    if (rows < waiting && costs.is_stale(static_cast<int>(rows_of(limits, waiting))))
        rows = rows_of(limits, waiting);
    return {std::min(waiting, rows), rows};
}

}  // namespace

std::string_view to_string(StartReason reason) {
    switch (reason) {
        case StartReason::kFull:
            return "full";
        case StartReason::kDeadline:
            return "deadline";
        case StartReason::kIdle:
            return "idle";
        case StartReason::kAllIn:
            return "all-in";
        case StartReason::kDrain:
            return "drain";
    }
    return "unknown";
}

size_t largest_batch(const BatchLimits& limits) {
    if (limits.profiles.empty()) return static_cast<size_t>(limits.max_batch);
    return static_cast<size_t>(std::min(limits.max_batch, limits.profiles.back()));
}

BatchSize best_size(const BatchLimits& limits, const CostTable& costs, size_t waiting) {
    waiting = std::min(waiting, largest_batch(limits));
    if (!limits.profiles.empty()) return best_of_profiles(limits, costs, waiting);
    BatchSize best{waiting, waiting};
    if (costs.empty()) return best;
    const auto cost_of = [&costs](size_t rows) {
        return rows == 0 ? 0.0 : static_cast<double>(costs.cost(static_cast<int>(rows)).count());
    };
    double least = cost_of(waiting) * kSplitPays;
    for (size_t part = waiting - 1; part >= 1; --part) {
        const double cost = cost_of(part) * static_cast<double>(waiting / part) +  //
                            cost_of(waiting % part);
        if (cost >= least) continue;
        least = cost;
        best = {part, part};
    }
    // A wrong measurement must not stand for ever because it keeps others from being made.
    if (best.count < waiting && costs.is_stale(static_cast<int>(waiting)))
        return {waiting, waiting};
    return best;
}

Decision DeadlinePolicy::decide(const BatchLimits& limits, const QueueView& queue,
                                const CostTable& costs, Time now) const {
    const size_t largest = largest_batch(limits);
    const size_t all = queue.waiting + queue.fillers;
    if (all == 0) return {};
    if (queue.waiting >= largest)
        return start(StartReason::kFull, limits, queue, costs, queue.waiting);

    if (queue.left > 0)
        return start(queue.left_reason, limits, queue, costs, std::min(queue.left, all));

    const size_t rows = std::min(all, largest);
    const Duration cost = costs.cost(static_cast<int>(rows));
    const Time latest = latest_start(limits, queue, cost);
    if (latest <= now) return start(StartReason::kDeadline, limits, queue, costs, all);
    if (queue.draining > 0) return start(StartReason::kDrain, limits, queue, costs, all);
    if (!queue.more_can_come) return start(StartReason::kAllIn, limits, queue, costs, all);
    if (queue.waiting > 0 && !costs.empty() &&
        (keeps_up(limits, queue, costs.cost(static_cast<int>(queue.waiting)), queue.waiting) ||
         cannot_get_cheaper(limits, queue, costs, queue.waiting, now, latest)))
        return start(StartReason::kIdle, limits, queue, costs, all);
    return {.wake_at = latest};
}

const Policy& deadline_policy() {
    static const DeadlinePolicy policy;
    return policy;
}

}  // namespace facet
