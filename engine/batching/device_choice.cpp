// SPDX-License-Identifier: MIT
// Predicted finishes, compared.
#include "engine/batching/device_choice.h"

#include <algorithm>

namespace facet {

namespace {

Duration cost_of(const DeviceState& device, size_t items, const BatchLimits& limits) {
    const auto padded = std::ranges::lower_bound(limits.profiles, static_cast<int>(items));
    return device.costs.cost(padded == limits.profiles.end() ? static_cast<int>(items) : *padded);
}

// When its next batch could start.
Time free_at(const DeviceState& device, Time now) {
    if (device.free_slots > 0) return now;
    Time earliest = kNever;
    for (const Time until : device.busy_until)
        earliest = std::min(earliest, until >= now ? until : now + (now - until));
    return earliest;
}

// The first time after `now` at which a device that keeps busy is predicted to start so much later
// than then, `lead`, that a free one takes its batch. A batch that was to end at p says so up to
// p - lead and, being late by then, from p + lead on.
Time overtaken_at(const DeviceState& busy, Duration lead, Time now) {
    const auto holds_at = [&](Time time) {
        return std::ranges::none_of(busy.busy_until, [&](Time until) {
            return until > time - lead && until < time + lead;
        });
    };
    Time earliest = kNever;
    for (const Time until : busy.busy_until)
        if (until + lead > now && until + lead < earliest && holds_at(until + lead))
            earliest = until + lead;
    return earliest;
}

bool can_predict(std::span<const DeviceState> devices) {
    return std::ranges::none_of(devices, [](const DeviceState& device) {
        return device.takes_work && device.costs.empty();
    });
}

// The most items that `device` finishes before `finish`, if at least half of them.
size_t most_before(const DeviceState& device, Time finish, size_t waiting,
                   const BatchLimits& limits, Time now) {
    for (size_t items = waiting; 2 * items >= waiting; --items)
        if (now + cost_of(device, items, limits) < finish) return items;
    return 0;
}

}  // namespace

Choice choice_of(std::span<const DeviceState> devices, size_t mine, size_t waiting,
                 const BatchLimits& limits, Time now) {
    const bool predicts = can_predict(devices);
    size_t best = mine;
    Time best_finish = kNever;
    for (size_t index = 0; index < devices.size(); ++index) {
        const DeviceState& device = devices[index];
        if (!device.takes_work || (!predicts && device.free_slots == 0)) continue;
        const Time start = predicts ? free_at(device, now) : now;
        if (start == kNever) continue;
        const Time finish = start + (predicts ? cost_of(device, waiting, limits) : Duration{0});
        const bool before =
            finish < best_finish ||
            (finish == best_finish && device.free_slots > 0 && devices[best].free_slots == 0);
        if (!before) continue;
        best = index;
        best_finish = finish;
    }
    if (best == mine) return {.most = waiting};
    if (devices[best].free_slots > 0) return {};
    if (const size_t most = most_before(devices[mine], best_finish, waiting, limits, now))
        return {.most = most};
    const Duration lead =
        cost_of(devices[mine], waiting, limits) - cost_of(devices[best], waiting, limits);
    return {.wake_at = overtaken_at(devices[best], lead, now)};
}

}  // namespace facet
