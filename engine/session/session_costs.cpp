// SPDX-License-Identifier: MIT
// The order and the limits of the measurement, and the tables measured before.
#include "engine/session/session_costs.h"

#include <algorithm>
#include <system_error>

#include "engine/base/processors.h"
#include "engine/session/remembered.h"
#include "engine/session/slot_timer.h"

namespace facet {

namespace {

constexpr Duration kMeasureFor{150'000'000};
constexpr Duration kPrepareFor{400'000'000};
constexpr int kRunsEach = 3;  // of which the shortest counts

Remembered<CostTable>& measured_before() {
    static Remembered<CostTable> measured;
    return measured;
}

// Those worth measuring first: the ends, powers of two, and their middles.
std::vector<int> sizes_to_measure(int largest, const std::vector<int>& profiles) {
    if (!profiles.empty()) return profiles;
    std::vector<int> sizes{largest, 1};
    for (int rows = 2; rows < largest; rows *= 2) sizes.push_back(rows);
    for (int rows = 3; rows < largest && sizes.size() < 12; rows *= 2) sizes.push_back(rows);
    if (largest == 1) sizes.pop_back();
    return sizes;
}

class Stopwatch {
  public:
    explicit Stopwatch(Clock& clock) : clock_(clock), started_(clock.now()) {}
    [[nodiscard]] Duration passed() const { return clock_.now() - started_; }

  private:
    Clock& clock_;
    const Time started_;
};

Result<CostTable> measure(std::span<RequestSlot> slots, const std::vector<int>& sizes,
                          Clock& clock) {
    SlotTimer timer(slots, clock);
    std::vector<CostTable::Point> points;
    const Stopwatch whole(clock);
    for (const int rows : sizes) {
        // One more run per size than is counted: the first one pays for what is built on demand.
        if (points.size() >= 2 && whole.passed() > kMeasureFor) break;
        FACET_TRY(timer.run(rows));
        Duration shortest = Duration::max();
        for (int run = 0; run < kRunsEach; ++run) {
            FACET_ASSIGN(const Duration took, timer.run(rows));
            shortest = std::min(shortest, took);
            if (whole.passed() > kMeasureFor) break;
        }
        points.push_back({rows, shortest});
    }
    return CostTable(std::move(points));
}

}  // namespace

std::string session_key(const SessionSettings& settings, int largest) {
    std::string key =
        settings.device + '\n' + std::string(to_string(settings.precision)) + '\n' +
        std::to_string(settings.requests) + '\n' + std::to_string(settings.threads) + '\n' +
        processors_text(settings.processors.empty() ? allowed_processors() : settings.processors) +
        '\n' + std::to_string(largest) + '\n' + settings.image_size.text() + '\n';
    for (const int rows : settings.batch_profiles) key += std::to_string(rows) + ',';
    for (const ModelSettings& model : settings.models) {
        std::error_code failed;
        const auto path = std::filesystem::canonical(model.path, failed);
        if (failed) return {};
        const auto bytes = std::filesystem::file_size(path, failed);
        if (failed) return {};
        const auto written = std::filesystem::last_write_time(path, failed);
        if (failed) return {};
        key += '\n' + path.string() + '\n' + model.info + '\n' + std::to_string(bytes) + '\n' +
               std::to_string(written.time_since_epoch().count());
    }
    return key;
}

Result<CostTable> measure_costs(const SessionSettings& settings, int largest, Clock& clock,
                                std::vector<RequestSlot>& slots) {
    const Stopwatch whole(steady_clock());
    for (RequestSlot& slot : slots) {
        FACET_TRY(slot.run_zeros(largest));
        FACET_TRY(slot.run_zeros(1));
    }
    const Stopwatch one(clock);
    FACET_TRY(slots.front().run_zeros(1));
    CostTable costs;
    if (one.passed() > Duration{0}) {
        const std::string key = session_key(settings, largest);
        costs = measured_before().recall(key).value_or(CostTable{});
        if (costs.empty()) {
            FACET_ASSIGN(costs,
                         measure(slots, sizes_to_measure(largest, settings.batch_profiles), clock));
            measured_before().remember(key, costs);
        }
    }
    for (int rows = 2; rows < largest; ++rows) {
        for (RequestSlot& slot : slots) {
            if (whole.passed() > kPrepareFor) return costs;
            FACET_TRY(slot.run_zeros(rows));
        }
    }
    return costs;
}

}  // namespace facet
