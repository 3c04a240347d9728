// SPDX-License-Identifier: MIT
// The transforms of F(m x m, 3 x 3), computed by the compiler from their interpolation points.
#pragma once

#include <array>

namespace facet::cpu {

// y = A [(G g) * (B d)] for m outputs y of d with the filter g, in one dimension; Toom and Cook's
// construction on m + 1 points and infinity.
template <int m>
struct WinogradMatrices {
    static constexpr int kFilter = 3;
    static constexpr int kPoints = m + kFilter - 1;  // with infinity

    // The first m + 1 of these. Points with small ratios whose differences are powers of two, or
    // nearly, keep the rounding low (Barabasz and others, Error Analysis and Improving the Accuracy
    // of Winograd Convolution, 2020): half that of 0, 1, -1, 2, -2.
    static constexpr std::array<double, 5> kAt = {0, 1, -1, 0.5, -2};

    double source[kPoints][kPoints] = {};  // B
    double filter[kPoints][kFilter] = {};  // G
    double result[m][kPoints] = {};        // A

    constexpr WinogradMatrices() {
        constexpr int finite = kPoints - 1;
        for (int j = 0; j < finite; ++j) {
            double norm = 1;
            double coefficients[kPoints] = {1};  // of the product of (x - point), but for point j
            int degree = 0;
            for (int other = 0; other < finite; ++other) {
                if (other == j) continue;
                norm *= kAt[j] - kAt[other];
                multiply(coefficients, degree++, kAt[other]);
            }
            for (int k = 0; k < kPoints; ++k) source[j][k] = coefficients[k];
            double power = 1;
            for (int k = 0; k < kFilter || k < m; ++k, power *= kAt[j]) {
                if (k < kFilter) filter[j][k] = power / norm;
                if (k < m) result[k][j] = power;
            }
        }
        double whole[kPoints] = {1};
        for (int point = 0; point < finite; ++point) multiply(whole, point, kAt[point]);
        for (int k = 0; k < kPoints; ++k) source[finite][k] = whole[k];
        filter[finite][kFilter - 1] = 1;
        result[m - 1][finite] = 1;
    }

  private:
    // The polynomial of this degree times (x - root), lowest power first.
    static constexpr void multiply(double (&coefficients)[kPoints], int degree, double root) {
        for (int k = degree + 1; k >= 0; --k)
            coefficients[k] = (k > 0 ? coefficients[k - 1] : 0) - root * coefficients[k];
    }
};

}  // namespace facet::cpu
