// SPDX-License-Identifier: MIT
// Interpolates measured costs and keeps them monotone.
#include "engine/batching/cost_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace facet {

namespace {

constexpr double kGain = 1.0 / 16;
constexpr double kGainOfStale = 1.0 / 4;
constexpr uint64_t kStaleAfter = 256;  // observations of other sizes: some ten seconds
constexpr double kBelieved = 2;        // observations count as this factor of the estimate at most

// Reads an integer off the front of `text`.
template <typename Integer>
bool take_integer(std::string_view& text, Integer& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return false;
    text.remove_prefix(end - text.data());
    return true;
}

}  // namespace

CostTable::CostTable(std::vector<Point> measured) {
    std::ranges::stable_sort(measured, {}, &Point::rows);
    for (const Point& point : measured) {
        if (point.rows < 1 || point.cost <= Duration{0}) continue;
        if (!estimates_.empty() && estimates_.back().rows == point.rows) estimates_.pop_back();
        estimates_.push_back({point.rows, static_cast<double>(point.cost.count())});
    }
    level();
}

// Pools adjacent violators: the nearest never-falling curve in the sense of least squares.
void CostTable::level() {
    struct Pool {
        double sum;
        size_t count;
    };
    std::vector<Pool> pools;
    for (const Estimate& estimate : estimates_) {
        pools.push_back({estimate.cost, 1});
        while (pools.size() > 1) {
            const Pool last = pools.back();
            Pool& before = pools[pools.size() - 2];
            if (before.sum * last.count <= last.sum * before.count) break;
            before = {before.sum + last.sum, before.count + last.count};
            pools.pop_back();
        }
    }
    points_.clear();
    for (const Pool& pool : pools)
        for (size_t i = 0; i < pool.count; ++i)
            points_.push_back({estimates_[points_.size()].rows,
                               Duration{std::llround(std::max(1.0, pool.sum / pool.count))}});
}

Duration CostTable::cost(int rows) const {
    if (points_.empty()) return Duration{0};
    if (points_.size() == 1) {
        // One size says nothing of the share that does not grow with the rows.
        const Point& only = points_.front();
        return rows <= only.rows ? only.cost : only.cost * rows / only.rows;
    }
    if (rows <= points_.front().rows) return points_.front().cost;
    auto above = std::ranges::lower_bound(points_, rows, {}, &Point::rows);
    if (above != points_.end() && above->rows == rows) return above->cost;
    above = std::clamp(above, points_.begin() + 1, points_.end() - 1);
    const Point& low = *(above - 1);
    const Point& high = *above;
    const double slope =
        static_cast<double>((high.cost - low.cost).count()) / (high.rows - low.rows);
    const double cost = static_cast<double>(low.cost.count()) + slope * (rows - low.rows);
    return Duration{std::llround(std::max(1.0, cost))};
}

double CostTable::cost_per_row(int rows) const {
    return static_cast<double>(cost(rows).count()) / rows;
}

void CostTable::observe(int rows, Duration took) {
    if (estimates_.empty() || rows < 1 || took <= Duration{0}) return;
    auto place = std::ranges::lower_bound(estimates_, rows, {}, &Estimate::rows);
    const double gain = is_stale(rows) ? kGainOfStale : kGain;
    if (place == estimates_.end() || place->rows != rows)
        place = estimates_.insert(place, {rows, static_cast<double>(cost(rows).count())});
    const double believed = std::clamp(static_cast<double>(took.count()), place->cost / kBelieved,
                                       place->cost * kBelieved);
    place->cost += gain * (believed - place->cost);
    place->seen = ++observations_;
    level();
}

bool CostTable::is_stale(int rows) const {
    const auto found = std::ranges::lower_bound(estimates_, rows, {}, &Estimate::rows);
    const uint64_t seen = found == estimates_.end() || found->rows != rows ? 0 : found->seen;
    return observations_ - seen >= kStaleAfter;
}

std::string CostTable::text() const {
    std::string text;
    for (const Point& point : points_) {
        if (!text.empty()) text += ' ';
        text += std::to_string(point.rows);
        text += ':';
        text += std::to_string(point.cost.count());
    }
    return text;
}

Result<CostTable> CostTable::parse(std::string_view text) {
    std::vector<Point> points;
    while (!text.empty()) {
        if (text.front() == ' ') {
            text.remove_prefix(1);
            continue;
        }
        Point point;
        int64_t cost = 0;
        const std::string_view rest = text;
        bool good = take_integer(text, point.rows) && text.starts_with(':');
        if (good) text.remove_prefix(1);
        good = good && take_integer(text, cost) && (text.empty() || text.front() == ' ') &&
               point.rows >= 1 && cost >= 1;
        if (!good)
            return Error{ErrorCode::kCorrupt, "costs at '" + std::string(rest.substr(0, 20)) +
                                                  "'; expected rows:nanoseconds, both above 0"};
        point.cost = Duration{cost};
        points.push_back(point);
    }
    return CostTable(std::move(points));
}

}  // namespace facet
