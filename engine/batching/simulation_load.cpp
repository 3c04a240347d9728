// SPDX-License-Identifier: MIT
// Draws each stream's frames from a generator of its own, then merges them by time.
#include "engine/batching/simulation_load.h"

#include <algorithm>
#include <numeric>

#include "engine/batching/simulation_random.h"

namespace facet {

namespace {

constexpr double kNanoseconds = 1e9;

Duration seconds(double value) {
    return Duration{static_cast<int64_t>(value * kNanoseconds)};
}

// The mean number of faces per frame as time goes on.
class FaceMean {
  public:
    FaceMean(const LoadDescription& description, double mean, SimulationRandom& random)
        : description_(description), random_(random), calm_(mean), busy_(mean) {
        if (description.arrival != Arrival::kBursty) return;
        const double share = description.burst_share;
        calm_ = mean / (1 - share + share * description.burst_ratio);
        busy_ = calm_ * description.burst_ratio;
        is_busy_ = random.uniform() < share;
        change_ = dwell();
    }

    double at(Time time) {
        if (description_.arrival != Arrival::kBursty) return calm_;
        while (change_ <= time) {
            is_busy_ = !is_busy_;
            change_ += dwell();
        }
        return is_busy_ ? busy_ : calm_;
    }

  private:
    Duration dwell() {
        const double share = description_.burst_share;
        const double busy = static_cast<double>(description_.burst_length.count()) / kNanoseconds;
        return seconds(random_.exponential(is_busy_ ? busy : busy * (1 - share) / share));
    }

    const LoadDescription& description_;
    SimulationRandom& random_;
    double calm_, busy_;
    bool is_busy_ = false;
    Time change_{0};
};

void append_stream(const LoadDescription& description, int stream, std::vector<LoadFrame>& frames) {
    // Any odd multiplier keeps the streams' seeds apart; this one is the golden ratio's.
    SimulationRandom random(description.seed * 0x9E3779B97F4A7C15ULL +
                            static_cast<uint64_t>(stream));
    const bool crowded = stream == 0 && description.crowd > 0;
    FaceMean mean(description, crowded ? description.crowd : description.faces, random);
    const double interval = 1 / description.fps;
    double pace = interval * random.uniform();
    while (true) {
        double at = pace;
        if (description.arrival == Arrival::kPoisson)
            pace += random.exponential(interval);
        else {
            at += description.jitter * interval * (2 * random.uniform() - 1);
            pace += interval;
        }
        const Time time = std::max(Time{0}, seconds(at));
        if (time >= description.length) break;
        frames.push_back({time, stream, std::min(kMostFaces, random.poisson(mean.at(time)))});
    }
}

}  // namespace

uint64_t Load::crops() const {
    return std::accumulate(frames.begin(), frames.end(), uint64_t{0},
                           [](uint64_t sum, const LoadFrame& frame) {
                               return sum + static_cast<uint64_t>(frame.faces);
                           });
}

double Load::crops_per_second() const {
    return length.count() == 0
               ? 0
               : static_cast<double>(crops()) * kNanoseconds / static_cast<double>(length.count());
}

Load describe_load(const LoadDescription& description) {
    Load load{.streams = description.streams, .length = description.length, .frames = {}};
    for (int stream = 0; stream < description.streams; ++stream)
        append_stream(description, stream, load.frames);
    std::ranges::stable_sort(load.frames, {}, &LoadFrame::at);
    return load;
}

}  // namespace facet
