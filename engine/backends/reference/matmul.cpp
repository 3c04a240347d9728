// SPDX-License-Identifier: MIT
// Reference matrix product with broadcast leading axes.
#include <vector>

#include "engine/backends/reference/broadcast.h"
#include "engine/backends/reference/operands.h"

namespace facet::reference {

namespace {

// One operand as a stack of matrices; a vector is a matrix of one row (a) or one column (b).
struct Matrices {
    Shape stack;  // the leading axes
    int64_t rows = 1, columns = 1;
    int64_t row_stride = 0, column_stride = 0;
};

Matrices matrices_of(const Shape& shape, bool transpose, bool vector_is_row) {
    Matrices m;
    if (shape.rank() == 1) {
        (vector_is_row ? m.columns : m.rows) = shape[0];
        m.row_stride = m.column_stride = 1;
        return m;
    }
    const int rank = shape.rank();
    for (int axis = 0; axis < rank - 2; ++axis) m.stack.append(shape[axis]);
    m.rows = shape[transpose ? rank - 1 : rank - 2];
    m.columns = shape[transpose ? rank - 2 : rank - 1];
    m.row_stride = transpose ? 1 : shape[rank - 1];
    m.column_stride = transpose ? shape[rank - 1] : 1;
    return m;
}

// The output's leading axes; the output lacks the axis that a vector operand stood for.
Shape stack_of(const Shape& a, const Shape& b) {
    Shape stack;
    const int rank = std::max(a.rank(), b.rank());
    for (int axis = 0; axis < rank; ++axis) {
        const int in_a = axis - (rank - a.rank());
        const int in_b = axis - (rank - b.rank());
        const int64_t extent_a = in_a < 0 ? 1 : a[in_a];
        const int64_t extent_b = in_b < 0 ? 1 : b[in_b];
        stack.append(extent_a == 1 ? extent_b : extent_a);
    }
    return stack;
}

// Row by row of the result, so that b is read along its rows when it is not transposed.
void multiply(const float* a, const Matrices& ma, const float* b, const Matrices& mb,
              std::vector<double>& row, float* result) {
    for (int64_t i = 0; i < ma.rows; ++i) {
        std::ranges::fill(row, 0.0);
        for (int64_t k = 0; k < ma.columns; ++k) {
            const double factor = a[i * ma.row_stride + k * ma.column_stride];
            const float* source = b + k * mb.row_stride;
            for (int64_t j = 0; j < mb.columns; ++j)
                row[j] += factor * source[j * mb.column_stride];
        }
        for (double sum : row) *result++ = static_cast<float>(sum);
    }
}

}  // namespace

Result<void> run_op(const MatMulParams& params, Inputs inputs, Outputs outputs) {
    FACET_TRY(require_f32(inputs, outputs));
    const Matrices a = matrices_of(inputs[0].shape, params.transpose_a, true);
    const Matrices b = matrices_of(inputs[1].shape, params.transpose_b, false);
    const float* a_data = inputs[0].as<float>().data();
    const float* b_data = inputs[1].as<float>().data();
    float* result = outputs[0].as<float>().data();
    std::vector<double> row(b.columns);
    const std::array<Shape, 2> stacks{a.stack, b.stack};
    for_each_run(stack_of(a.stack, b.stack), stacks,
                 [&](int64_t, const std::array<RunOperand, 2>& operands, int64_t length) {
                     for (int64_t i = 0; i < length; ++i) {
                         const int64_t at_a = operands[0].offset + i * operands[0].step;
                         const int64_t at_b = operands[1].offset + i * operands[1].step;
                         multiply(a_data + at_a * a.rows * a.columns, a,
                                  b_data + at_b * b.rows * b.columns, b, row, result);
                         result += a.rows * b.columns;
                     }
                 });
    return {};
}

}  // namespace facet::reference
