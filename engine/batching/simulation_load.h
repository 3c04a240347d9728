// SPDX-License-Identifier: MIT
// Loads for the simulator: frames of many streams with faces on them, described or recorded.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/clock.h"

namespace facet {

enum class Arrival {
    kSteady,   // a camera's own pace with jitter; Poisson face counts
    kPoisson,  // exponential gaps between frames; Poisson face counts
    kBursty,   // a camera's own pace; each stream goes between a calm and a busy state
};

// The same description gives the same load on every machine.
struct LoadDescription {
    int streams = 1;      // 1..4096
    double fps = 25;      // of each stream, > 0
    double faces = 3;     // mean per frame over time, 0..60
    double crowd = 0;     // mean faces per frame of the first stream instead, where > 0
    double jitter = 0.1;  // share of a frame's interval by which a frame may come early or late
    Arrival arrival = Arrival::kPoisson;
    // kBursty: the busy state holds `burst_share` of the time, lasts `burst_length` on average and
    // brings `burst_ratio` times the faces of the calm one; the mean over both stays `faces`.
    double burst_ratio = 4, burst_share = 0.25;
    Duration burst_length{500'000'000};
    Duration length{60'000'000'000};
    uint64_t seed = 1;
};

// The most faces on one frame of a described load; higher counts are cut.
constexpr int kMostFaces = 60;

struct LoadFrame {
    Time at{0};
    int stream = 0;  // 0..streams-1
    int faces = 0;   // >= 0: crops that arrive together
};

struct Load {
    int streams = 0;
    Duration length{0};
    std::vector<LoadFrame> frames;  // by time

    [[nodiscard]] uint64_t crops() const;
    [[nodiscard]] double crops_per_second() const;
};

// Phases of the streams are drawn evenly over a frame's interval. Reentrant.
[[nodiscard]] Load describe_load(const LoadDescription& description);

}  // namespace facet
