// SPDX-License-Identifier: MIT
// Histogram: how often values of which magnitude came, in buckets narrow enough for percentiles.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace facet {

// Values below 32 have a bucket each; above, an octave has 16, so that percentile() is within 3.2 %
// of the value it stands for. Thread-compatible value type.
class Histogram {
  public:
    // Negative values count as 0.
    void add(int64_t value) {
        const uint64_t counted = static_cast<uint64_t>(std::max<int64_t>(value, 0));
        ++buckets_[bucket_of(counted)];
        ++count_;
        sum_ += static_cast<double>(counted);
        max_ = std::max(max_, static_cast<int64_t>(counted));
    }
    [[nodiscard]] uint64_t count() const { return count_; }
    [[nodiscard]] int64_t max() const { return max_; }
    [[nodiscard]] double sum() const { return sum_; }
    [[nodiscard]] double mean() const {
        return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
    }
    // The least value that at least this share (0..1) of the values does not exceed; 0 of none.
    [[nodiscard]] double percentile(double share) const {
        const double wanted = std::max(1.0, std::ceil(share * static_cast<double>(count_)));
        uint64_t seen = 0;
        for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
            seen += buckets_[bucket];
            if (static_cast<double>(seen) >= wanted)
                return std::min(middle_of(bucket), static_cast<double>(max_));
        }
        return 0;
    }

  private:
    static constexpr int kBits = 4;  // of a value below its highest one that choose its bucket
    static constexpr size_t kPerOctave = size_t{1} << kBits;
    static constexpr size_t kBuckets = kPerOctave * (64 - kBits);

    static size_t bucket_of(uint64_t value) {
        if (value < 2 * kPerOctave) return value;
        const int shift = std::bit_width(value) - kBits - 1;
        return shift * kPerOctave + (value >> shift);
    }
    static double middle_of(size_t bucket) {
        if (bucket < 2 * kPerOctave) return static_cast<double>(bucket);
        const size_t shift = bucket / kPerOctave - 1;
        const double low =
            std::ldexp(static_cast<double>(bucket - shift * kPerOctave), static_cast<int>(shift));
        return low + std::ldexp(0.5, static_cast<int>(shift));
    }

    std::array<uint64_t, kBuckets> buckets_{};
    uint64_t count_ = 0;
    int64_t max_ = 0;
    double sum_ = 0;
};

}  // namespace facet
