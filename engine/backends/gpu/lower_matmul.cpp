// SPDX-License-Identifier: MIT
// Matrix products: as a GEMM where the second factor is constant, by a kernel of their own else.
#include "engine/backends/gpu/chain.h"
#include "engine/backends/gpu/gemm.h"
#include "engine/backends/gpu/lowerings.h"

namespace facet::gpu {

namespace {

// Up to this many rows a sum is shared by a work group, which reads weights along k.
constexpr int64_t kFewRows = 16;
constexpr int64_t kRowTile = 4;

std::vector<float> transposed(std::span<const float> from, int64_t rows, int64_t columns) {
    std::vector<float> result(from.size());
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c) result[c * rows + r] = from[r * columns + c];
    return result;
}

// A matrix is an image of one pixel per row, with k channels.
void define_as_image(KernelSpec& spec, const View& x, const View& y, const Product& product) {
    define_operand(spec, "X", x.storage);
    define_result(spec, y.storage);
    const std::pair<const char*, int64_t> numbers[] = {{"ITEM_PIXELS", product.rows},
                                                       {"X_OFFSET", 0},
                                                       {"X_ITEM", product.k},
                                                       {"X_CHANNEL", 1},
                                                       {"X_ROW", 0},
                                                       {"X_COLUMN", 0},
                                                       {"IN_H", 1},
                                                       {"IN_W", 1},
                                                       {"OUT_W", 1},
                                                       {"OUT_PIXELS", 1},
                                                       {"KERNEL_W", 1},
                                                       {"STRIDE_H", 1},
                                                       {"STRIDE_W", 1},
                                                       {"DILATION_H", 1},
                                                       {"DILATION_W", 1},
                                                       {"PAD_TOP", 0},
                                                       {"PAD_LEFT", 0},
                                                       {"Y_ITEM", product.columns}};
    for (const auto& [name, value] : numbers) spec.define(name, value);
    spec.define("IN_CHANNELS", product.k);
    spec.define("OUT_CHANNELS", product.columns);
}

Variant dense_variant(ProgramBuilder& builder, KernelSpec spec, const Product& product,
                      std::vector<BufferId> arguments) {
    spec.file = "dense";
    spec.define("LANES", kGroup);
    spec.define("ROW_TILE", kRowTile);
    spec.define("ITEM_ROWS", product.rows);
    spec.define("COLUMNS", product.columns);
    spec.define("K", product.k);
    const auto work = [product](int rows) {
        const auto columns = static_cast<size_t>(product.columns);
        const size_t tiles = (product.rows * rows + kRowTile - 1) / kRowTile;
        return opencl::WorkSize{{columns * kGroup, tiles, 1}, {kGroup, 1, 1}};
    };
    return {builder.kernel(spec), std::move(arguments), work};
}

// Any stack of any matrices.
void lower_general(ProgramBuilder& builder, const PlannedStep& step, int64_t k) {
    const Node& node = builder.node(step);
    const auto& params = std::get<MatMulParams>(node.params);
    const ValueId result = builder.result(step);
    const Shape& to = builder.item(result);
    const View y = builder.allocate(result);
    const Chain chain(builder, step);
    KernelSpec spec{"matmul", {}, {}};
    define_result(spec, y.storage);
    spec.define("K", k);
    spec.define("ITEM_ELEMENTS", to.elements());
    spec.define("CHANNEL(i)", channel_text(to, "i"));
    std::vector<BufferId> arguments{y.buffer};
    for (const size_t side : {0u, 1u}) {
        const std::string prefix = side == 0 ? "X" : "W";
        const Shape& item = builder.item(node.inputs[side]);
        const View own = builder.view(node.inputs[side]);
        const int rank = item.rank();
        const bool flipped = side == 0 ? params.transpose_a : params.transpose_b;
        // The matrix axes by meaning; the one that is summed over leaves the index.
        const int64_t row_stride = own.strides[flipped ? rank - 1 : rank - 2];
        const int64_t column_stride = own.strides[flipped ? rank - 2 : rank - 1];
        View seen = broadcast_view(own, item, to);
        seen.strides[to.rank() - 2] = side == 0 ? row_stride : 0;
        seen.strides[to.rank() - 1] = side == 0 ? 0 : column_stride;
        define_operand(spec, prefix, own.storage);
        spec.define(prefix + "_INDEX(i)", index_text(seen, to, "i"));
        spec.define(prefix + "_K", side == 0 ? column_stride : row_stride);
        arguments.push_back(own.buffer);
    }
    chain.define(spec);
    chain.append_arguments(arguments);
    builder.add(linear_step(builder.kernel(spec), std::move(arguments), to.elements(),
                            builder.batched(result)));
    builder.define(result, y);
}

}  // namespace

void lower_product(ProgramBuilder& builder, const PlannedStep& step, const Product& product) {
    const Node& node = builder.node(step);
    const ValueId result = builder.result(step);
    const View x = builder.dense(node.inputs[0]);
    const View y = builder.allocate(result);
    const Chain chain(builder, step);
    const Storage storage = builder.target().storage;
    GemmStep gemm{.size = gemm_size(product.rows, product.columns, product.k, 1),
                  .y = y.buffer,
                  .x = x.buffer};
    KernelSpec& spec = gemm.spec;
    define_as_image(spec, x, y, product);
    define_operand(spec, "W", storage);
    const std::string channel = channel_text(builder.item(result), "i");
    spec.define("CHANNEL(i, column)", channel);
    chain.define(spec);
    chain.append_arguments(gemm.chain);
    const auto given = builder.graph().constant_input(node, 1)->as<float>();
    const std::vector<float> weights = product.transposed
                                           ? std::vector<float>(given.begin(), given.end())
                                           : transposed(given, product.k, product.columns);
    gemm.filter = {weights, product.k, 1};
    KernelStep action{.batched = builder.batched(result)};
    const int64_t most = product.rows * (action.batched ? builder.target().max_batch : 1);
    if (most > kFewRows) {
        action.choice = add_gemm_variants(builder, gemm, action);
    }
    if (product.rows <= kFewRows) {
        std::vector<BufferId> arguments{y.buffer, x.buffer, builder.constant(weights, storage)};
        chain.append_arguments(arguments);
        action.choice.resize(builder.target().max_batch + 1, 0);
        for (int rows = 0; rows <= builder.target().max_batch; ++rows)
            if (product.rows * (action.batched ? rows : 1) <= kFewRows)
                action.choice[rows] = action.variants.size();
        action.variants.push_back(dense_variant(builder, spec, product, std::move(arguments)));
    }
    builder.add(std::move(action));
    builder.define(result, y);
}

Result<void> lower_matmul(ProgramBuilder& builder, const PlannedStep& step) {
    const Node& node = builder.node(step);
    const auto& params = std::get<MatMulParams>(node.params);
    const Shape& a = builder.item(node.inputs[0]);
    const Shape& b = builder.item(node.inputs[1]);
    const int64_t k = a[params.transpose_a ? a.rank() - 2 : a.rank() - 1];
    const bool constant = builder.graph().constant_input(node, 1) && b.rank() == 2;
    if (!constant || params.transpose_a) {
        lower_general(builder, step, k);
        return {};
    }
    lower_product(builder, step,
                  {a.elements() / k, b[params.transpose_b ? 0 : 1], k, params.transpose_b});
    return {};
}

}  // namespace facet::gpu
