// SPDX-License-Identifier: MIT
// A histogram of magnitudes and two ways to cut its tail.
#include "engine/tools/activation_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace facet {

namespace {

constexpr size_t kBins = 2048;
constexpr double kSteps = 255;
constexpr size_t kLeastBins = 64;  // below, a bin is no finer than a step
constexpr size_t kCandidateStep = 16;

}  // namespace

void ActivationHistogram::widen(std::span<const float> samples) {
    for (const float sample : samples) {
        low_ = std::min(low_, sample);
        high_ = std::max(high_, sample);
    }
    most_ = std::max(high_, -low_);
}

void ActivationHistogram::add(std::span<const float> samples) {
    counts_.resize(kBins);
    if (most_ == 0) return;
    const float scale = static_cast<float>(kBins) / most_;
    for (const float sample : samples)
        ++counts_[std::min(static_cast<size_t>(std::abs(sample) * scale), kBins - 1)];
}

ActivationRange ActivationHistogram::range(RangeMethod method, double percent) const {
    if (most_ == 0 || counts_.empty()) return {0, 1};
    size_t bins = kBins;
    if (method == RangeMethod::kPercentile) {
        int64_t total = 0, below = 0;
        for (const int64_t count : counts_) total += count;
        const double wanted = static_cast<double>(total) * percent / 100;
        bins = 0;
        while (bins < kBins && static_cast<double>(below) < wanted) below += counts_[bins++];
    } else {
        double best = std::numeric_limits<double>::max();
        for (size_t candidate = kLeastBins; candidate <= kBins; candidate += kCandidateStep) {
            const double error = squared_error(candidate);
            if (error < best) bins = candidate;
            best = std::min(best, error);
        }
    }
    return cut(std::max<size_t>(bins, 1));
}

ActivationRange ActivationHistogram::cut(size_t bins) const {
    const float limit = most_ * static_cast<float>(bins) / static_cast<float>(kBins);
    return {std::max(low_, -limit), std::min(high_, limit)};
}

// In bins squared, summed over all samples.
double ActivationHistogram::squared_error(size_t bins) const {
    const ActivationRange range = cut(bins);
    const double step = double{range.high - range.low} / most_ * kBins / kSteps;
    double sum = 0;
    for (size_t bin = 0; bin < counts_.size(); ++bin) {
        const double beyond = static_cast<double>(bin) + 0.5 - static_cast<double>(bins);
        const double error = beyond > 0 ? beyond * beyond : step * step / 12;
        sum += error * static_cast<double>(counts_[bin]);
    }
    return sum;
}

}  // namespace facet
