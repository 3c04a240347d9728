// SPDX-License-Identifier: MIT
// Weights in the order in which each kind of GEMM kernel reads them.
#include <array>

#include "engine/backends/gpu/gemm.h"

namespace facet::gpu {

namespace {

int64_t round_up(int64_t a, int64_t b) {
    return (a + b - 1) / b * b;
}

// [group][k][n].
std::vector<float> pack_plain(const GemmSize& size, const GemmFilter& filter) {
    std::vector<float> packed(size.groups * size.padded_k * size.padded_n, 0.0f);
    for (int64_t group = 0; group < size.groups; ++group)
        for (int64_t n = 0; n < size.n; ++n)
            for (int64_t k = 0; k < size.k; ++k)
                packed[(group * size.padded_k + k) * size.padded_n + n] =
                    filter.at(group * size.n + n, k);
    return packed;
}

// Where a warp's work items have the elements of a 16 x 16 block: PTX ISA, "Matrix Fragments for
// mma.m16n8k16", multiplicand A. Work item and the element's number in it give row and column.
struct Place {
    int64_t row, column;
};
Place place_of(int64_t lane, int64_t element) {
    return {lane / 4 + element / 2 % 2 * 8, lane % 4 * 2 + element % 2 + element / 4 * 8};
}

// [group][16 channels][16 products][lane][8].
std::vector<float> pack_fragments(const GemmSize& size, const GemmFilter& filter) {
    constexpr int64_t kLanes = 32;
    constexpr int64_t kElements = 8;
    const int64_t steps = round_up(size.k, kMatrixTileK) / 16;
    std::vector<float> packed;
    packed.reserve(size.groups * size.padded_n * steps * 16);
    for (int64_t block = 0; block < size.groups * size.padded_n / 16; ++block)
        for (int64_t step = 0; step < steps; ++step)
            for (int64_t lane = 0; lane < kLanes; ++lane)
                for (int64_t element = 0; element < kElements; ++element) {
                    const Place place = place_of(lane, element);
                    const int64_t group = block / (size.padded_n / 16);
                    const int64_t n = block % (size.padded_n / 16) * 16 + place.row;
                    const int64_t k = step * 16 + place.column;
                    const bool inside = n < size.n && k < size.k;
                    packed.push_back(inside ? filter.at(group * size.n + n, k) : 0.0f);
                }
    return packed;
}

using Filter3 = std::array<std::array<double, 3>, 3>;
using Filter4 = std::array<std::array<double, 4>, 4>;

// G g G^T of F(2x2, 3x3).
Filter4 transformed(const Filter3& g) {
    constexpr double kG[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    Filter4 result{};
    for (size_t row = 0; row < 4; ++row)
        for (size_t column = 0; column < 4; ++column)
            for (size_t i = 0; i < 3; ++i)
                for (size_t j = 0; j < 3; ++j)
                    result[row][column] += kG[row][i] * g[i][j] * kG[column][j];
    return result;
}

// [group][input channel][place][n].
std::vector<float> pack_winograd(const GemmSize& size, const GemmFilter& filter) {
    const int64_t channels = round_up(filter.in_channels, kWinogradChannels);
    std::vector<float> packed(size.groups * channels * 16 * size.padded_n, 0.0f);
    for (int64_t group = 0; group < size.groups; ++group)
        for (int64_t n = 0; n < size.n; ++n)
            for (int64_t channel = 0; channel < filter.in_channels; ++channel) {
                Filter3 taps;
                for (size_t tap = 0; tap < 9; ++tap)
                    taps[tap / 3][tap % 3] =
                        filter.at(group * size.n + n,
                                  static_cast<int64_t>(tap) * filter.in_channels + channel);
                const Filter4 places = transformed(taps);
                for (size_t place = 0; place < 16; ++place)
                    packed[((group * channels + channel) * 16 + static_cast<int64_t>(place)) *
                               size.padded_n +
                           n] = static_cast<float>(places[place / 4][place % 4]);
            }
    return packed;
}

}  // namespace

std::vector<float> pack_filter(GemmTile::Kind kind, const GemmSize& size,
                               const GemmFilter& filter) {
    switch (kind) {
        case GemmTile::Kind::kMatrix:
            return pack_fragments(size, filter);
        case GemmTile::Kind::kWinograd:
            return pack_winograd(size, filter);
        case GemmTile::Kind::kPlain:
            break;
    }
    return pack_plain(size, filter);
}

}  // namespace facet::gpu
