// SPDX-License-Identifier: MIT
// What a batch of n rows costs on a device: measured at a few sizes, refined while it runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace facet {

// Invariants: sizes ascend; costs are positive and never fall with the size (a dip in what was
// measured is levelled out with its neighbours); the answers of an empty table are 0.
// Thread-compatible value type.
class CostTable {
  public:
    struct Point {
        int rows = 0;
        Duration cost{0};
        friend bool operator==(const Point&, const Point&) = default;
    };

    CostTable() = default;
    // Points of no rows or no cost are left out; of equal sizes the last one counts.
    explicit CostTable(std::vector<Point> measured);

    [[nodiscard]] bool empty() const { return points_.empty(); }
    // Linear between the points, the first one's below it, and above the last one along the nearest
    // two; rows >= 1.
    [[nodiscard]] Duration cost(int rows) const;
    // cost(rows) / rows in nanoseconds.
    [[nodiscard]] double cost_per_row(int rows) const;
    // A batch of `rows` took so long. Moves the size by a sixteenth of the difference, of which a
    // factor of two either way is believed at most: one hiccup moves it by a sixteenth; a stale
    // size by a quarter. An empty table stays empty: whoever did not measure gets no advice by
    // chance.
    void observe(int rows, Duration took);
    // Whether nothing was observed of this size for so long that it is worth a try, however dear it
    // is held to be.
    [[nodiscard]] bool is_stale(int rows) const;
    [[nodiscard]] const std::vector<Point>& points() const { return points_; }

    // "1:410250 4:980000": rows and nanoseconds.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] static Result<CostTable> parse(std::string_view text);

  private:
    struct Estimate {
        int rows = 0;
        double cost = 0;    // nanoseconds
        uint64_t seen = 0;  // the observation that was the last of this size; 0: none
    };

    void level();

    std::vector<Estimate> estimates_;  // as measured and observed
    std::vector<Point> points_;        // the same, never falling
    uint64_t observations_ = 0;        // of all sizes
};

}  // namespace facet
