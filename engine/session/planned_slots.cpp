// SPDX-License-Identifier: MIT
// Makes the slots of each plan, times batches on them, and keeps the best plan's.
#include "engine/session/planned_slots.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/processors.h"
#include "engine/session/remembered.h"
#include "engine/session/session_costs.h"
#include "engine/session/slot_timer.h"

namespace facet {

namespace {

constexpr Duration kEnough{60'000'000};  // for one plan
constexpr int kLeastRounds = 2, kMostRounds = 4;

using Slots = std::vector<RequestSlot>;

Result<Slots> make_slots(const RequestPlan& plan, const std::vector<SessionModel>& models,
                         const std::vector<size_t>& specs) {
    Slots slots;
    for (int slot = 0; slot < plan.requests; ++slot) {
        FACET_ASSIGN(RequestSlot created, RequestSlot::create(models, specs, plan.threads));
        slots.push_back(std::move(created));
    }
    return slots;
}

// Nanoseconds of a batch of each size, shared by the slots; the shortest of a few rounds.
Result<std::vector<double>> time_of(Slots& slots, const std::vector<int>& sizes) {
    SlotTimer timer(slots, steady_clock());
    std::vector<double> shortest(sizes.size(), std::numeric_limits<double>::max());
    const Time start = steady_clock().now();
    for (int round = 0; round < kMostRounds; ++round) {
        if (round >= kLeastRounds && steady_clock().now() - start > kEnough) break;
        for (size_t i = 0; i < sizes.size(); ++i) {
            const int busy = std::min(sizes[i], static_cast<int>(slots.size()));
            const int rows = (sizes[i] + busy - 1) / busy;
            FACET_ASSIGN(const Duration took, timer.run(rows, static_cast<size_t>(busy)));
            shortest[i] = std::min(shortest[i], std::max(1.0, static_cast<double>(took.count())));
        }
    }
    return shortest;
}

Remembered<RequestPlan>& chosen_before() {
    static Remembered<RequestPlan> chosen;
    return chosen;
}

}  // namespace

Result<PlannedSlots> plan_slots(const SessionSettings& settings, int largest,
                                const std::vector<SessionModel>& models,
                                const std::vector<size_t>& specs) {
    const bool has_threads = models.front().compiled->threads() > 0;
    const int processors =
        has_threads ? std::max(1, static_cast<int>(allowed_processors().size())) : 0;
    std::vector<RequestPlan> plans = plans_for(
        {.requests = settings.requests, .threads = settings.threads, .processors = processors});
    const std::string key = session_key(settings, largest);
    if (const auto chosen = chosen_before().recall(key); plans.size() > 1 && chosen)
        plans = {*chosen};
    std::vector<Slots> slots;
    std::vector<std::vector<double>> times;
    for (const RequestPlan& plan : plans) {
        FACET_ASSIGN(slots.emplace_back(), make_slots(plan, models, specs));
        if (plans.size() == 1) return PlannedSlots{plan, std::move(slots.front())};
        FACET_ASSIGN(times.emplace_back(),
                     time_of(slots.back(), sizes_to_compare(largest, processors)));
    }
    const size_t best = choose_plan(times);
    chosen_before().remember(key, plans[best]);
    return PlannedSlots{plans[best], std::move(slots[best])};
}

}  // namespace facet
