// SPDX-License-Identifier: MIT
// One owner that is blocked after each submission, so that its items start together at once.
#include "engine/tools/measure_costs.h"

#include <algorithm>
#include <utility>

namespace facet {

namespace {

class BatchTimer {
  public:
    explicit BatchTimer(Session& session) : session_(session), owner_(session.open_owner()) {}
    ~BatchTimer() { session_.close_owner(owner_); }
    BatchTimer(const BatchTimer&) = delete;
    BatchTimer& operator=(const BatchTimer&) = delete;

    // Runs `rows` items as one batch and returns its time.
    Result<Duration> run(int rows) {
        session_.set_owner_state(owner_, OwnerState::kActive);
        std::vector<Item> items(rows);
        for (Item& item : items) {
            item.owner = owner_;
            item.crops = session_.acquire_crops();
            item.done = [this](ItemResult result) { note(std::move(result)); };
        }
        session_.submit(std::move(items));
        session_.set_owner_state(owner_, OwnerState::kBlocked);
        MutexLock lock(mutex_);
        while (done_ < rows) done_changed_.wait(mutex_);
        done_ = 0;
        if (last_.error) return *last_.error;
        if (last_.provenance.batch_size != rows) return Duration{0};
        return Duration{last_.provenance.infer_us * 1000};
    }

  private:
    void note(ItemResult result) {
        MutexLock lock(mutex_);
        ++done_;
        last_ = std::move(result);
        done_changed_.notify_one();
    }

    Session& session_;
    const OwnerId owner_;
    Mutex mutex_;  // guards done_ and last_
    CondVar done_changed_;
    int done_ FACET_GUARDED_BY(mutex_) = 0;
    ItemResult last_ FACET_GUARDED_BY(mutex_);
};

// 1, 2, 3, 4, 6, 8, 12, 16 ... and `most` itself.
std::vector<int> measured_sizes(int most) {
    std::vector<int> sizes;
    for (int power = 1; power <= most; power *= 2) {
        sizes.push_back(power);
        if (power >= 2 && power * 3 / 2 <= most) sizes.push_back(power * 3 / 2);
    }
    if (sizes.back() != most) sizes.push_back(most);
    return sizes;
}

}  // namespace

Result<CostTable> measure_costs(const SessionSettings& settings, int rounds, bool fastest) {
    FACET_ASSIGN(const std::shared_ptr<Session> session, Session::open(settings));
    BatchTimer timer(*session);
    const std::vector<int> sizes = measured_sizes(settings.max_batch);
    std::vector<std::vector<Duration>> times(sizes.size());
    for (int round = 0; round < rounds; ++round)
        for (size_t i = 0; i < sizes.size(); ++i) {
            FACET_ASSIGN(const Duration time, timer.run(sizes[i]));
            if (time > Duration{0}) times[i].push_back(time);
        }
    std::vector<CostTable::Point> points;
    for (size_t i = 0; i < sizes.size(); ++i) {
        if (times[i].empty()) continue;
        const auto middle =
            times[i].begin() + static_cast<ptrdiff_t>(fastest ? 0 : times[i].size() / 2);
        std::ranges::nth_element(times[i], middle);
        points.push_back({sizes[i], *middle});
    }
    return CostTable(std::move(points));
}

}  // namespace facet
